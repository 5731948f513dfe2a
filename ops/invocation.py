"""How commands are called from where the user stands, so that what is printed as a remedy can be pasted there.

Texts of the project name commands in backticks, as they are typed in the project's folder: `make …`, `ops …` or
`.venv/bin/python -m ops …`, `git …`, `pulumi …`. Everything that is printed for people passes through `pasteable`, which turns
them into what works in the folder of this process, for the project that the command was about.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Final

CODE: Final = Path(__file__).resolve().parents[1]
"""The folder of the project whose commands these are: its Makefile and its environment are there."""
MARKS: Final = ("pipeline.yaml", "Pulumi.yaml")
"""The nearest folder that holds the first is meant, so that `bootstrap/` is part of its pipeline; else the second."""
ROOTLESS: Final = frozenset({"audit", "completion", "doctor", "new", "provider-types"})
"""Commands that are about no project in particular."""
_COMMAND: Final = re.compile(r"`(?P<tool>make|git|pulumi|(?:\S*python3? -m )?ops)(?P<rest>(?: [^`]*)?)`")
_PLACED: Final = {"git": (" -C", ("checkout",)), "pulumi": (" --cwd", ("up", "preview", "refresh", "import", "stack"))}
"""Tool → how it is told its folder, and the commands that work in one."""
_TARGETS: Final = {"preview": "plan", "plan": "plan"} | {
    each: each for each in ("docs", "golden", "lock", "policy", "release-schema", "schema", "verify", "drift")
}
"""Targets of make that are a command's name for the project itself; about another one the command is called."""
_ABOUT: dict[str, Path | None] = {}


def about(root: Path | None) -> None:
    """Remember which project a command is about, if any; what it prints afterwards is about no other."""
    _ABOUT["root"] = root.resolve() if root else None


def nearest() -> Path | None:
    """Return the folder of the project that is meant in this folder, or nothing."""
    here = Path.cwd()
    folders = (folder for mark in MARKS for folder in (here, *here.parents) if (folder / mark).is_file())
    return next(folders, None)


def program() -> str:
    """Return how `ops` is called from this folder: by its name where that finds it, else through the environment."""
    found = shutil.which("ops")
    here = Path(sys.prefix) / "bin" / "ops"
    if _ours(here) and found is not None and Path(found).samefile(here):
        return "ops"
    if _ours(here):
        return relative(here)
    call = ".venv/bin/python -m ops"  # not installed, so it is found from the project's folder only
    return call if Path.cwd() == CODE else f"cd {relative(CODE)} && {call}"


def _ours(program: Path) -> bool:
    """Return whether a program of an environment runs this code, and not that of another checkout which shares it."""
    try:
        built = json.loads((program.parents[1] / "built.json").read_text(encoding="utf-8"))
        return program.exists() and Path(built["root"]).resolve() == CODE
    except (OSError, ValueError, KeyError, TypeError):
        return False


def make() -> str:
    """Return how the project's `make` is called from this folder."""
    return "make" if Path.cwd() == CODE else f"make -C {relative(CODE)}"


def relative(path: Path) -> str:
    """Return the shorter way to write a path from this folder."""
    return min(str(path), os.path.relpath(path), key=len)


def pasteable(text: str) -> str:
    """Return `text` with each command in backticks as it is called from this folder; twice is as good as once."""
    return _COMMAND.sub(lambda match: f"`{_called(match['tool'], match['rest'])}`", text)


def called(command: str) -> str:
    """Return one command as it is called from this folder."""
    return pasteable(f"`{command}`").strip("`")


def _called(tool: str, rest: str) -> str:
    root = _ABOUT.get("root") or nearest() or CODE
    word = next((each for each in rest.split() if not each.startswith("-")), "")
    if tool in _PLACED:
        option, words = _PLACED[tool]
        given = word in words and option not in rest and Path.cwd() != root
        return f"{tool}{option} {relative(root)}{rest}" if given else f"{tool}{rest}"
    if tool == "make" and " -C" in rest:
        return f"make{rest}"
    if tool == "make" and (root == CODE or word not in _TARGETS):
        return f"{make()}{rest}"
    if tool == "make":
        rest, word = f" {_TARGETS[word]}{rest.removeprefix(f' {word}')}", _TARGETS[word]
    meant = CODE if program().startswith("cd ") else nearest()
    needed = word and word not in ROOTLESS and root != meant and "--root" not in rest
    return f"{program()}{rest}" + (f" --root {_folder(root)}" if needed else "")


def _folder(root: Path) -> str:
    """Return how a project is written behind `--root`; a command that changes to our folder first is told the whole path."""
    return str(root) if program().startswith("cd ") else relative(root)
