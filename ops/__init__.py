"""The operator's commands; `python -m ops --help` lists them. Nothing here declares a resource."""
