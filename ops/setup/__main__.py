"""`python3 -m ops.setup program|tools`: build or repair `.venv`. Every Python 3 can read this, to be refused."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def refusal(version: "tuple[int, int]", pyproject: str) -> "str | None":
    """Return why a Python of this version cannot be used, or nothing."""
    bounds = re.search(r'^requires-python = ">=3\.(\d+),<3\.(\d+)"$', pyproject, re.MULTILINE)
    if bounds is None:
        return "pyproject.toml: requires-python names no bounds; write it as >=3.LOWEST,<3.ABOVE."
    lowest, highest = int(bounds.group(1)), int(bounds.group(2)) - 1
    if version[0] == 3 and lowest <= version[1] <= highest:
        return None
    return f"This is Python {version[0]}.{version[1]}, and the lock is for 3.{lowest} to 3.{highest}. Say which one to use, such as PYTHON=python3.{highest - 1}, behind the same `make` command."


if __name__ == "__main__":
    refused = refusal(sys.version_info[:2], (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    if refused:
        sys.exit(refused)
    from ops.setup.build import main

    main(ROOT, sys.argv[1:])
