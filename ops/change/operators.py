"""What a change means for what operators run and ask: it is in no archive and in no resource."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from analysis.files import Unreadable, read_bytes, read_input
from analysis.sql.text import words
from blueprint.manifest import Manifest
from blueprint.operations import FOLDER
from blueprint.sources import OPERATORS_ENGINE, library_folder
from ops.change.model import Meaning


def operators_engine(root: Path, manifest: Manifest) -> bytes | None:
    """Return the module that `ops repair` runs, or None where it cannot be read."""
    try:
        return read_bytes(library_folder(root, manifest) / OPERATORS_ENGINE)
    except Unreadable:
        return None


def questions(root: Path) -> Mapping[str, tuple[object, ...]]:
    """Return question → the words of the SQL that answers it, without comments, layout and the case of keywords."""
    found: dict[str, tuple[object, ...]] = {}
    for path in sorted((root / FOLDER).glob("*.sql")):
        try:
            text = read_input(path, within=root)
        except Unreadable:
            continue
        found[path.stem] = tuple(words(text))
    return found


def of_questions(before: Mapping[str, object], after: Mapping[str, object]) -> Iterator[Meaning]:
    """Yield the questions that are asked otherwise."""
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            yield Meaning("rest", f"`ops validate` and `ops repair` ask for '{name}' otherwise.")


def of_operators(before: bytes | None, after: bytes | None) -> Iterator[Meaning]:
    """Yield what becomes of it."""
    if before != after:
        yield Meaning("start", f"`ops repair` runs another {OPERATORS_ENGINE} of the functions' library.")
