"""How a type says what a declaration may write: marks on annotations, and the sentence that an editor shows for a field."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Annotated, Any

Json = object
"""Marks a field that takes any JSON value as it is."""


@dataclass(frozen=True, slots=True)
class TextPattern:
    """The whole text must match `regex`; `what` completes the sentence "... must be <what>"."""

    regex: str
    what: str


@dataclass(frozen=True, slots=True)
class Range:
    """The number must lie between `low` and `high`, both included; `source` is where the limit comes from."""

    low: float
    high: float
    source: str = ""


@dataclass(frozen=True, slots=True)
class _DurationMark:
    """Marks a number of seconds that is written as a number and a unit."""


DURATION = _DurationMark()
Duration = Annotated[int, DURATION]
"""Seconds; written `30s`, `15m`, `2h` or `400d`."""


def declared(
    doc: str, *, default: Any = dataclasses.MISSING, factory: Any = dataclasses.MISSING, shared: bool = False
) -> Any:
    """Describe a field: `doc` is what editors show; with `default` or `factory` the field may be left out.

    A `shared` one may be left out where `defaults` give it.
    """
    metadata = {"doc": doc, "shared": shared}
    if factory is not dataclasses.MISSING:
        return dataclasses.field(default_factory=factory, metadata=metadata, kw_only=True)
    return dataclasses.field(default=default, metadata=metadata, kw_only=True)
