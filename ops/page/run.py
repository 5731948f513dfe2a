"""A run as values: what happened in a day at the boundaries, in the order of time, and the JSON form of it.

A replay on this machine writes it; the page shows it. It may come from elsewhere, so `from_json` takes nothing but bounded
texts and whole numbers in the places where they belong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any, Final, Literal, cast, get_args

EventKind = Literal[
    "completion", "duplicate", "late", "blocked", "triggered", "row", "dead-letter", "alert", "drill", "note"
]
KINDS: Final = get_args(EventKind)
MAX_EVENTS: Final = 20_000
MAX_COUNTS: Final = 20
MAX_TEXT: Final = 2_000


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


class NotARun(ValueError):
    """JSON that is not a run."""


def from_json(document: object) -> Run:
    """Return the run that `document` holds; raises `NotARun` for anything that `as_json` does not write."""
    top = _mapping(document, Run)
    events = top["events"]
    if not isinstance(events, list) or len(events) > MAX_EVENTS:
        raise NotARun(f"`events` is a list of at most {MAX_EVENTS:,} events")
    texts = {name: _text(top[name], name) for name in ("title", "day", "verdict")}
    return Run(**texts, events=tuple(_event(each) for each in events))


def _event(value: object) -> RunEvent:
    given = _mapping(value, RunEvent)
    at, what, counts = _text(given["at"], "at"), given["what"], given["counts"]
    try:
        known = datetime.fromisoformat(at).tzinfo is not None
    except ValueError:
        known = False
    if not known:
        raise NotARun("`at` is a time as ISO 8601 with an offset, such as 2026-01-29T03:12:00-05:00")
    if what not in KINDS:
        raise NotARun(f"`what` is one of {', '.join(KINDS)}")
    if not isinstance(counts, Mapping) or len(counts) > MAX_COUNTS:
        raise NotARun(f"`counts` is an object of at most {MAX_COUNTS} numbers")
    if any(isinstance(number, bool) or not isinstance(number, int) for number in counts.values()):
        raise NotARun("`counts` holds whole numbers")
    texts = {name: _text(given[name], name) for name in ("boundary", "subject", "reason")}
    return RunEvent(
        at=at, what=cast(EventKind, what), counts={_text(k, "counts"): v for k, v in counts.items()}, **texts
    )


def _mapping(value: object, of: type[Run] | type[RunEvent]) -> Mapping[str, Any]:
    names = [each.name for each in fields(of)]
    if not isinstance(value, Mapping) or sorted(value) != sorted(names):
        raise NotARun(f"expected an object with {', '.join(names)} and nothing else")
    return value


def _text(value: object, name: str) -> str:
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise NotARun(f"`{name}` is a text of at most {MAX_TEXT:,} characters")
    return value
