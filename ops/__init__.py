"""The operator's commands; `ops --help` lists them. Nothing here declares a resource."""
