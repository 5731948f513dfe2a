"""The grammar of declarations: dataclasses whose annotations say what a value may be.

Understood annotations: str, int, float, bool, `Literal`, `tuple[T, ...]`, `Mapping[str, T]`, `T | None`, dataclasses,
`Json` (anything), and `Annotated[...]` with `TextPattern`, `Range`, `Word` or `DURATION`. `declared(...)` carries the
sentence that an editor shows. `decode` reads values by it, `json_schema` describes it to editors.
"""

from __future__ import annotations

import dataclasses
import functools
import re
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from blueprint.findings import Location

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
DURATION_TEXT = re.compile(r"(\d{1,9})([smhd])")


def parse_duration(text: str) -> int | None:
    """Return the seconds of `30s`, `15m`, `2h` or `400d`, or None where the text is not one of these."""
    match = DURATION_TEXT.fullmatch(text)
    return int(match[1]) * _UNITS[match[2]] if match else None


def duration_text(seconds: float) -> str:
    """Return seconds as a declaration writes them, in the largest unit that fits."""
    unit = next(unit for unit, size in sorted(_UNITS.items(), key=lambda each: -each[1]) if seconds % size == 0)
    return f"{seconds / _UNITS[unit]:g}{unit}"


@dataclass(frozen=True, kw_only=True)
class Placed:
    """Something of a declaration that can tell where each of its keys has its value from; decoding fills both."""

    at: Location
    places: Mapping[str, Location] = dataclasses.field(default_factory=dict, compare=False, repr=False)

    def where(self, key: str) -> Location:
        """Return where the value of `key` is written, wherever it is inherited from; where it is left out, the thing's place."""
        return self.places.get(key, self.at)


@dataclass(frozen=True, slots=True)
class Word:
    """Marks a list that may be written as one word instead; `derived` puts the list in its place."""

    word: str


@functools.cache
def hints_of(cls: Any) -> dict[str, Any]:
    """Return the annotations of a dataclass, marks included."""
    return typing.get_type_hints(cls, include_extras=True)


@functools.cache
def fields_of(cls: Any) -> dict[str, dataclasses.Field[Any]]:
    """Return what a declaration may say of `cls`: key → field."""
    return {f.name.rstrip("_"): f for f in dataclasses.fields(cls) if f.name not in ("name", "at", "places")}
