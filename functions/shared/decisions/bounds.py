"""How large may be what comes from outside, so that a date's document has room for everybody, whoever sends what.

A document of Firestore holds 1 MiB, with 40,000 index entries, and a key or an indexed value 1,500 bytes. With a hundred
processors, each at its largest, a document stays below 900 KiB and 25,000 index entries. What does not fit is cut so that
the result is right and slower: a list of changed ids that was cut belongs to a full run.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from shared.declaration.fields import is_number, is_text

MAX_ID = 500
"""Bytes of a name or id; longer ones are an accident."""
MAX_ERROR = 500
"""Bytes of an error's text that are stored; the whole of it is in the row of the completion."""
MAX_ENTITY = 200
"""Bytes of the id of a changed entity."""
ENTITY_BYTES, ENTITIES = 320 * 1024, 15_000
"""Bytes and number of changed ids in a document; each processor has an equal share of its own."""
MAX_METADATA = 4_000
"""Bytes of a batch message's numbers."""
MAX_UNKNOWN = 50
"""Unknown names kept per document; further ones are in the dead letter and the error events only."""
MAX_UNKNOWN_TEXT = 200
"""Bytes of each text that is kept of an unknown name."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")


def cut(text: str, limit: int) -> str:
    """Return the beginning of text that has at most `limit` bytes."""
    return text if len(text) * 4 <= limit else text.encode("utf-8", "replace")[:limit].decode("utf-8", "ignore")


def size(text: str) -> int:
    """Return the bytes that Firestore counts for text."""
    return len(text.encode("utf-8", "replace")) + 1


def entities(found: Iterable[str], processors: int) -> tuple[list[str], bool]:
    """Return the ids, sorted, as far as one of so many processors may keep them, and whether these are all.

    A beginning of the sorted ids is kept: so the result is the same in whatever order and portions they arrive.
    """
    wanted = sorted(set(found))
    room, number = ENTITY_BYTES // max(1, processors), ENTITIES // max(1, processors)
    kept: list[str] = []
    for entity in wanted[:number]:
        room -= size(entity)
        if room < 0:
            break
        kept.append(entity)
    return kept, len(kept) == len(wanted)


def metadata(found: Mapping[str, Any], first: Iterable[str]) -> dict[str, Any]:
    """Return the scalar values of a batch message as far as they have room; those named in `first` come first."""
    known = list(first)
    kept: dict[str, Any] = {}
    room = MAX_METADATA
    for name in sorted(found, key=lambda name: (name not in known, name)):
        value = found[name]
        if not _NAME.fullmatch(name) or not _scalar(value):
            continue
        room -= size(name) + (size(value) if isinstance(value, str) else 8)
        if room < 0:
            break
        kept[name] = value
    return kept


def _scalar(value: Any) -> bool:
    return isinstance(value, bool) or is_number(value) or (is_text(value) and size(value) <= MAX_ID)
