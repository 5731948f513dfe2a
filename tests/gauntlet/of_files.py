"""Mistakes with whole files: each is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.gauntlet.mutation import Mutation


def of_files(root: Path) -> Iterator[Mutation]:
    """Yield the loss of each file of a project."""
    for path in sorted(root.rglob("*")):
        file = path.relative_to(root).as_posix()
        if path.is_file() and not file.startswith(".cache"):
            yield Mutation("file deleted", file, "", None)
