"""A played day as the page shows it: completions that were published, what they led to, and how everything stood at the end."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from blueprint.boundaries import Boundary
from blueprint.manifest import Manifest
from ops.local.days import Day
from ops.local.judgement import Came
from ops.local.system import Published
from ops.page.run import EventKind, Run, RunEvent

Timed = tuple[datetime, RunEvent]


def recorded(manifest: Manifest, day: Day, published: Sequence[Published], found: Came, verdict: str) -> Run:
    """Return the run of a day, its events in the order of time by the pipeline's clock."""
    zone = ZoneInfo(manifest.time_zone)
    timed = [*_completions(manifest, published, found, zone), *_triggers(found, zone)]
    happened = [event for _, event in sorted(timed, key=lambda each: each[0])]
    return Run(day.title, ", ".join(day.dates), verdict, (*happened, *_end(found, _told(day.end, zone))))


def _completions(manifest: Manifest, published: Sequence[Published], found: Came, zone: ZoneInfo) -> Iterator[Timed]:
    """Yield what services said, and how far the date was then: of those that count in the end, how many had come."""
    by_topic = {manifest.phases[each.upstream].completion_topic: each for each in manifest.boundaries.values()}
    final = {(each.boundary, each.date): each for each in found.states}
    seen: set[tuple[str, str]] = set()
    came: dict[tuple[str, str], set[str]] = {}
    for message in published:
        boundary = by_topic.get(message.topic)
        said = _said(message.data)
        if boundary is None or said is None:
            continue
        sender, date = said.get("processor_name", ""), said.get(manifest.date_field, "")
        key, identity = (boundary.name, date), (message.topic, str(sorted(said.items())))
        state = final.get(key)
        name = _canonical(manifest, boundary, sender)
        if state is not None and name in state.completed and said.get("status") != "failed":
            came.setdefault(key, set()).add(name)
        expected = len({*state.completed, *state.missing}) if state else 0
        counts = {"complete": len(came.get(key, ())), "expected": expected} if expected else {}
        what: EventKind = "duplicate" if identity in seen else "completion"
        seen.add(identity)
        yield (
            message.at,
            RunEvent(
                _told(message.at, zone), boundary.name, what, f"{sender} {date}".strip(), said.get("status", ""), counts
            ),
        )


def _triggers(found: Came, zone: ZoneInfo) -> Iterator[Timed]:
    for each in found.triggers:
        again = f", attempt {each.attempt}" if each.attempt > 1 else ""
        counts = {"messages": each.messages} | ({"repeated": each.repeated} if each.repeated else {})
        told = RunEvent(_told(each.at, zone), each.boundary, "triggered", each.date, f"{each.reason}{again}", counts)
        yield each.at, told


def _end(found: Came, at: str) -> Iterator[RunEvent]:
    """Yield how everything stood at the end: dates that stay open, dead letters, rows."""
    for state in found.states:
        if not state.triggered:
            counts = {"complete": len(state.completed), "expected": len({*state.completed, *state.missing})}
            yield RunEvent(at, state.boundary, "blocked" if state.blocked else "late", state.date, state.why, counts)
    for letter, reasons in found.letters.items():
        for reason, number in reasons.items():
            yield RunEvent(at, "", "dead-letter", letter, reason, {"messages": number})
    for table, number in found.rows.items():
        yield RunEvent(at, "", "row", table, "", {"rows": number})


def _said(data: bytes) -> dict[str, str] | None:
    """Return the texts of a message; None where it is none."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return {str(key): str(value) for key, value in document.items()} if isinstance(document, dict) else None


def _canonical(manifest: Manifest, boundary: Boundary, sender: str) -> str:
    processors = manifest.phases[boundary.upstream].processors
    return next((name for name, each in processors.items() if sender in (name, *each.aliases)), sender)


def _told(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat(timespec="seconds")
