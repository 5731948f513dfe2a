"""What a change means for what operators run of the functions' library, which no archive and no resource holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from analysis.files import Unreadable, read_bytes
from blueprint.manifest import Manifest
from blueprint.sources import OPERATORS_ENGINE, library_folder
from ops.change.model import Meaning


def operators_engine(root: Path, manifest: Manifest) -> bytes | None:
    """Return the module that `ops repair` runs, or None where it cannot be read."""
    try:
        return read_bytes(library_folder(root, manifest) / OPERATORS_ENGINE)
    except Unreadable:
        return None


def of_operators(before: bytes | None, after: bytes | None) -> Iterator[Meaning]:
    """Yield what becomes of it."""
    if before != after:
        yield Meaning("start", f"`ops repair` runs another {OPERATORS_ENGINE} of the functions' library.")
