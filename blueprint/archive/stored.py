"""Archives as JSON, for the cache."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_type_hints

from analysis.python.typed_json import reader_of
from blueprint.archive.model import Archive, Distribution

DERIVED = ("packed", "distributions", "requirements")
"""Fields of an archive that its record leaves out: they follow from the lock, which is part of the record's key."""


def to_json(archive: Archive) -> dict[str, Any]:
    """Return an archive as JSON has it, without what follows from the lock."""
    return {name: value for name, value in vars(archive).items() if name not in DERIVED}


def from_json(raw: dict[str, Any], packed: Path, distributions: tuple[Distribution, ...], requirements: str) -> Archive:
    """Return the archive that `to_json` was given."""
    kinds = get_type_hints(Archive)
    told = {name: reader_of(kinds[name])(value) for name, value in raw.items()}
    return Archive(**told, packed=packed, distributions=distributions, requirements=requirements)
