"""A project to begin with: two phases, a boundary between them, a timer, tables, an alert channel, a stack, a workflow."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from ops.invocation import CODE
from ops.scaffolding.change import PartRefused, ProjectChange

TEMPLATE: Final = Path(__file__).with_name("pipeline")
NAME: Final = re.compile(r"[a-z][a-z0-9]{1,11}")
LOCKS: Final = (CODE / "requirements.txt", CODE / "ops" / "requirements.txt")
"""What the tool needs, exactly and by hash: in its checkout, and in its wheel."""


def new_pipeline(name: str, folder: Path) -> ProjectChange:
    """Return the files of a new project in `folder`; raises `PartRefused` where the name or the folder does not do."""
    if not NAME.fullmatch(name):
        raise PartRefused(f"'{name}' is no name for a pipeline: 2 to 12 lower-case letters and digits, a letter first.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise PartRefused(f"{folder} is there already and not empty; choose another folder with `--into`.")
    files = {}
    for path in sorted(TEMPLATE.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            files[_named(path.relative_to(TEMPLATE).as_posix(), name)] = _named(path.read_text(encoding="utf-8"), name)
    files["requirements.txt"] = next(lock for lock in LOCKS if lock.is_file()).read_text(encoding="utf-8")
    return ProjectChange(folder, files)


def _named(text: str, name: str) -> str:
    return re.sub("pipeline[-_]name", name, text).replace("Pipeline_name", name.capitalize())
