"""What came of a day, and how it differs from what must come of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from ops.local.boundaries import State, states
from ops.local.days import Day
from ops.local.replay import Played
from ops.local.signals import Observed
from ops.local.system import System
from ops.local.watching import Watched, minutes_after, watched

FORWARDED = "CloudPubSubDeadLetterSourceDeliveryCount"
"""An attribute that Pub/Sub puts on each message that it forwards to a dead letter."""


@dataclass(frozen=True)
class PublishedTrigger:
    """One publication of a trigger, of all its messages: what started it, and how often each message came."""

    boundary: str
    date: str
    attempt: int
    at: datetime
    reason: str
    messages: int
    repeated: int


@dataclass(frozen=True)
class Came:
    """Everything that came of a day; of alerts those that fired, and those that a run cannot judge."""

    triggers: tuple[PublishedTrigger, ...]
    states: tuple[State, ...]
    rows: Mapping[str, int]
    letters: Mapping[str, Mapping[str, int]]
    alerts: Watched


def came(system: System, day: Day, played: Played) -> Came:
    """Return what came of a day on the system that it was played on."""
    found = tuple(states(system, day.dates))
    return Came(
        triggers=tuple(_triggers(system, {(each.boundary, each.date): each for each in found})),
        states=found,
        rows={table: count for table in system.model.schemas.tables if (count := system.warehouse.count(table))},
        letters=_letters(system),
        alerts=watched(system.model.alerts, observed(system, day, played)),
    )


def observed(system: System, day: Day, played: Played) -> Observed:
    """Return what was seen of a day, for its alerts."""
    return Observed(
        start=day.start,
        end=day.end,
        subscriptions={each.name: each for each in system.declared.subscriptions},
        jobs={each.name: each for each in day.jobs(system.declared.jobs)},
        holds=system.declared.holds,
        published=[(each.at, each.topic) for each in system.published],
        deliveries=[*system.door.deliveries, *system.bridge.deliveries],
        letters=[(each.at, each.topic) for each in system.letters()],
        held=played.held,
        calls=[(at, job.name, status) for at, job, status in played.calls],
        lines=system.lines.found,
    )


def _triggers(system: System, found: Mapping[tuple[str, str], State]) -> Iterator[PublishedTrigger]:
    """Yield the publications of triggers, in order of their first message."""
    topics = {each.trigger.topic for each in system.model.manifest.boundaries.values()}
    groups: dict[tuple[str, str], list[Any]] = {}
    for each in system.published:
        if each.topic in topics and "trigger_id" in each.attributes:
            key = (each.attributes["trigger_id"], each.attributes.get("attempt", "1"))
            groups.setdefault(key, []).append(each)
    for (trigger, attempt), messages in groups.items():
        boundary, _, date = trigger.partition(":")
        state = found.get((boundary, date))
        distinct = Counter(tuple(sorted(each.attributes.items())) for each in messages)
        yield PublishedTrigger(
            boundary,
            date,
            int(attempt),
            messages[0].at,
            state.reason if state else "",
            len(distinct),
            len(messages) - len(distinct),
        )


def _letters(system: System) -> dict[str, dict[str, int]]:
    """Return why messages wait in dead letters; what a publisher did not say was forwarded by Pub/Sub."""
    found: dict[str, dict[str, int]] = {}
    forwarded = {each.dead_letter for each in system.declared.subscriptions if each.dead_letter}
    for hold in system.declared.subscriptions:
        if hold.topic in forwarded and not (hold.function or hold.address or hold.table):
            reasons = Counter(_why(each.attributes) for each in system.cloud.seen(hold.name))
            if reasons:
                found[hold.topic] = dict(reasons)
    return found


def _why(attributes: Mapping[str, str]) -> str:
    return "forwarded" if FORWARDED in attributes else attributes.get("reason", "unknown")


def differences(day: Day, found: Came, zone: ZoneInfo) -> list[str]:
    """Return a sentence for each thing that is not as the day says it must be."""
    expect = day.expect
    wanted = [tuple(str(each.get(key, "")) for key in ("boundary", "date", "reason")) for each in expect.triggers]
    open_reasons = {number for number, each in enumerate(expect.triggers) if "reason" not in each}
    got = [
        (each.boundary, each.date, "" if number in open_reasons else each.reason)
        for number, each in enumerate(found.triggers)
    ]
    sentences = []
    if wanted != got:
        sentences.append(f"Triggers must be {_listed(wanted)}, and were {_listed(got)}.")
    for each, trigger in zip(expect.triggers, found.triggers, strict=False):
        shown = f"{trigger.at.astimezone(zone):%H:%M}"
        if "at" in each and not str(each["at"]).endswith(shown):
            sentences.append(
                f"{trigger.boundary} {trigger.date} must be triggered at {each['at']}, and was at {shown}."
            )
        if "attempt" in each and each["attempt"] != trigger.attempt:
            sentences.append(f"{trigger.boundary} {trigger.date} was attempt {trigger.attempt}, not {each['attempt']}.")
    sentences += [
        f"{each.boundary} {each.date}: {each.repeated} of its messages were published twice."
        for number, each in enumerate(found.triggers)
        if each.repeated and not (number < len(expect.triggers) and expect.triggers[number].get("may_repeat"))
    ]
    sentences += _differing(
        "open dates",
        _open(day),
        {f"{each.boundary} {each.date}": each.why for each in found.states if not each.triggered},
    )
    sentences += _differing("rows", expect.rows, found.rows)
    sentences += _differing("dead letters", expect.letters, found.letters)
    sentences += _alerts(day, found.alerts, zone)
    return sentences


def _alerts(day: Day, found: Watched, zone: ZoneInfo) -> Iterator[str]:
    """Yield a sentence for each alert that is silent, late or false, and for a fault that nothing reports in time."""
    for name in sorted({*day.expect.alerts, *found.fired}):
        limit, at = day.expect.alerts.get(name), found.fired.get(name)
        shown = f"{at.astimezone(zone):%H:%M}" if at else ""
        if name in found.unjudged:
            yield f"The alert {name} cannot be judged in this day: {found.unjudged[name]}."
        elif at is None:
            yield f"The alert {name} must fire by {limit}, and is silent."
        elif limit is None:
            yield f"The alert {name} must be silent, and fires at {shown}."
        elif at > day.at(limit):
            yield f"The alert {name} must fire by {limit}, and fires at {shown}."
    if day.fault is not None and day.expect.reported is not None:
        after = reported_after(day.fault, found)
        if after is None or after > day.expect.reported:
            told = "by nothing" if after is None else f"after {after}"
            yield f"The fault must be reported within {day.expect.reported} minutes, and is {told}."


def reported_after(fault: datetime, found: Watched) -> int | None:
    """Return how many minutes after a fault the first alert fires; None where none does."""
    return min((minutes_after(fault, at) for at in found.fired.values() if at >= fault), default=None)


def _open(day: Day) -> dict[str, str]:
    return {
        f"{each['boundary']} {each['date']}": "blocked by " + ", ".join(each["blocked"])
        if each.get("blocked")
        else "missing " + ", ".join(each.get("missing", ()))
        for each in day.expect.open
    }


def _differing(what: str, wanted: Mapping[str, Any], got: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted({*wanted, *got}):
        must, found = wanted.get(name), got.get(name)
        if found != must and not (isinstance(must, list) and (found or 0) in must):
            told = " or ".join(map(str, must)) if isinstance(must, list) else must or "none"
            yield f"Of {what}, {name} must be {told}, and is {found or 'none'}."


def _listed(triples: list[Any]) -> str:
    return "; ".join(" ".join(each) for each in triples) or "none"
