"""How commands are called from where the user stands, so that what is printed as a remedy can be pasted there.

Texts of the project name commands as they are typed in the project's folder: `make …`, `ops …` or
`.venv/bin/python -m ops …`. `pasteable` turns them into what works in the folder of this process.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from typing import Final

CODE: Final = Path(__file__).resolve().parents[1]
"""The folder of the project whose commands these are: its Makefile and its environment are there."""
_COMMAND: Final = re.compile(r"`(?:(?P<make>make)|(?:\S*python3? -m )?ops)(?P<rest>(?: [^`]*)?)`")


def program() -> str:
    """Return how `ops` is called from this folder: by its name where that finds it, else through the environment."""
    found = shutil.which("ops")
    here = Path(sys.prefix) / "bin" / "ops"
    if found is not None and here.exists() and Path(found).samefile(here):
        return "ops"
    if here.exists():
        return relative(here)
    call = ".venv/bin/python -m ops"  # not installed, so it is found from the project's folder only
    return call if Path.cwd() == CODE else f"cd {relative(CODE)} && {call}"


def make() -> str:
    """Return how the project's `make` is called from this folder."""
    return "make" if Path.cwd() == CODE else f"make -C {relative(CODE)}"


def relative(path: Path) -> str:
    """Return the shorter way to write a path from this folder."""
    return min(str(path), os.path.relpath(path), key=len)


def pasteable(text: str) -> str:
    """Return `text` with each command in backticks as it is called from this folder."""

    def called(match: re.Match[str]) -> str:
        return f"`{make() if match['make'] else program()}{match['rest']}`"

    return _COMMAND.sub(called, text)
