"""The operator's commands; `ops --help` lists them. Nothing here declares a resource."""

import sys
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036  # whoever types `python3 -m ops` may have any
    sys.exit(
        f"Python 3.11 or newer is needed; use the project's: {Path(__file__).resolve().parents[1]}/.venv/bin/python"
    )
