"""A run as values: what happened in a day at the boundaries, in the order of time, and the JSON form of it.

A replay on this machine writes it; the page shows it. It may come from elsewhere, so `from_json` takes nothing but bounded
texts and whole numbers in the places where they belong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from ops.untrusted import Malformed, read

EventKind = Literal[
    "completion", "duplicate", "late", "blocked", "triggered", "row", "dead-letter", "alert", "drill", "note"
]
MAX_EVENTS: Final = 20_000


@dataclass(frozen=True)
class RunEvent:
    """One thing that happened.

    Attributes:
        at: when, as ISO 8601 with an offset.
        boundary: the boundary by its name in the declaration; empty where it belongs to none.
        what: the kind of event.
        subject: who or what: a processor, topic, table, alert.
        reason: why, in a word or a sentence.
        counts: what was counted then, such as `complete` and `expected`.
    """

    at: str
    boundary: str
    what: EventKind
    subject: str = ""
    reason: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """A day that was played: what it is called, its date, how it ended in one sentence, and what happened."""

    title: str
    day: str
    verdict: str
    events: tuple[RunEvent, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the run in plain JSON values; `from_json` reads it."""
        return asdict(self)


def from_json(document: object) -> Run:
    """Return the run that `document` holds; raises `Malformed` for anything that `as_json` does not write."""
    run = read(Run, document, MAX_EVENTS)
    if not all(_has_offset(each.at) for each in run.events):
        raise Malformed("`at` is a time as ISO 8601 with an offset, such as 2026-01-29T03:12:00-05:00")
    return run


def _has_offset(at: str) -> bool:
    try:
        return datetime.fromisoformat(at).tzinfo is not None
    except ValueError:
        return False
