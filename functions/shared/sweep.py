"""The timer: every open date is looked at again, because silence must not mean never.

What a message would have done for a date, a tick does: evaluate the rule with its deadlines, take over an expired
lease, publish, mark. A date open longer than its boundary's deadline is reported once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from shared import attempt, logs, protocol
from shared import document as doc
from shared.effects import Snapshot, Unavailable
from shared.transition import overdue
from shared.view import Boundary
from shared.world import World

DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Swept:
    """What a tick did for a date: the outcome, or why there is none, and whether it is newly overdue."""

    boundary: Boundary
    date: str
    outcome: protocol.Outcome | None
    failure: str | None
    overdue: bool
    missing: tuple[str, ...]


def open_dates(world: World, boundary: Boundary) -> Iterator[Snapshot]:
    """Yield the documents of dates that are not triggered, oldest first; raises `Unavailable`."""
    found = world.store.find(
        boundary.upstream.collection,
        ((doc.TRIGGERED, "==", False),),
        order=(doc.FIRST_COMPLETION_AT, "ASCENDING"),
    )
    return (snapshot for snapshot in found if DATE.fullmatch(snapshot.key))


def tick(world: World, boundary: Boundary) -> Iterator[Swept]:
    """Yield what was done for each open date; one date's failure does not keep the others waiting."""
    for snapshot in list(open_dates(world, boundary)):
        with logs.bound(**world.view.named({"boundary": boundary.name, "date": snapshot.key})):
            yield _swept(world, boundary, snapshot)


def _swept(world: World, boundary: Boundary, snapshot: Snapshot) -> Swept:
    present = (snapshot.document or {}).get(doc.MISSING)
    missing = tuple(map(str, present)) if isinstance(present, list) else ()
    outcome, failure, late = None, None, False
    try:
        outcome = attempt.make(world, boundary, snapshot.key)
        if outcome.status != "done":
            attempt.note(outcome)
        if outcome.status in ("done", "blocked"):
            late = _report_overdue(world, boundary, snapshot.key, missing)
    except Unavailable as unavailable:
        failure = str(unavailable)
    except (LookupError, TypeError, ValueError, AttributeError) as error:  # what a stranger wrote into this document
        logs.failure("defect", f"{boundary.name} of {snapshot.key} cannot be evaluated.")
        failure = f"its document cannot be evaluated: {error!r}"
    return Swept(boundary, snapshot.key, outcome, failure, late, missing)


def _report_overdue(world: World, boundary: Boundary, date: str, missing: tuple[str, ...]) -> bool:
    current = world.store.read(boundary.upstream.collection, date)
    document = current.document or {}
    if document.get(doc.OVERDUE_AT) or not overdue(boundary, document, current.time):
        return False
    names = ", ".join(missing) or "none"
    world.events.error(
        "deadline_passed",
        f"{boundary.name} of {date} is open after its deadline of {boundary.deadline} s; missing: {names}.",
        category="timeout",
        identity=boundary.trigger_id(date),
        date=date,
        phase=boundary.upstream.name,
        correlation_id=document.get(doc.CORRELATION_ID),
    )
    return world.store.write(current, {(doc.OVERDUE_AT,): current.time})
