"""The timer: every open date is looked at again, because silence must not mean never.

What a message would have done for a date, a tick does: evaluate the rule with its deadlines, take over an expired
lease, publish, mark. A date open longer than its boundary's deadline is reported once.

Dates on which something counts come first, the newest first (`live`). Dates without a completion that counts come
last (`idle`): failures are looked at, and what only backfills or strangers wrote is closed, so that it is met once.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from shared.decisions import document as doc
from shared.decisions import protocol
from shared.decisions.effects import Snapshot, Unavailable
from shared.decisions.transition import closable, overdue
from shared.declaration.view import Boundary
from shared.orchestration import runner
from shared.orchestration.dependencies import Dependencies
from shared.reports import logs

DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
PAGE = 300
"""Documents per query."""
NEWEST = 100
"""Dates of a boundary that every tick looks at first; older ones take turns where the time is not enough for all."""
LIVE_SECONDS, IDLE_SECONDS = 90.0, 30.0
"""Time for the live and for the idle dates of one boundary; the next tick goes on with what is left."""
TICK = 900
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Swept:
    """What a tick did for a date: the outcome, or why there is none, and whether it is newly overdue."""

    boundary: Boundary
    date: str
    outcome: protocol.Outcome | None
    failure: str | None
    overdue: bool
    missing: tuple[str, ...]


def tick(dependencies: Dependencies, boundary: Boundary) -> Iterator[Swept]:
    """Yield what was done for each open date; one date's failure does not keep the others waiting."""
    yield from live(dependencies, boundary)
    yield from idle(dependencies, boundary)


def live(dependencies: Dependencies, boundary: Boundary) -> Iterator[Swept]:
    """Yield what was done for the open dates on which something counts; raises `Unavailable`."""
    found = _pages(dependencies, boundary, dated=True)
    dates = [(snapshot.key, _missing(snapshot)) for snapshot in found][::-1]
    newest, older = dates[:NEWEST], dates[NEWEST:]
    turn = int(time.time()) // TICK * NEWEST % max(1, len(older))
    until = time.monotonic() + LIVE_SECONDS
    for number, (date, missing) in enumerate([*newest, *older[turn:], *older[:turn]]):
        if number >= 2 * NEWEST and time.monotonic() > until:
            logs.log("WARNING", "sweep_goes_on", f"{len(dates) - number} older open dates wait for the next tick.")
            return
        yield _swept(dependencies, boundary, date, missing)


def idle(dependencies: Dependencies, boundary: Boundary) -> Iterator[Swept]:
    """Yield what was done for the open dates on which nothing counts, and close those that wait for nothing."""
    closing: list[tuple[Snapshot, str]] = []
    for snapshot in _pages(dependencies, boundary, dated=False):
        closed_as = closable(snapshot.document or {})
        if closed_as:
            closing.append((replace(snapshot, document=None), closed_as))
        else:
            yield _swept(dependencies, boundary, snapshot.key, _missing(snapshot))
    until = time.monotonic() + IDLE_SECONDS
    for snapshot, closed_as in closing:
        if time.monotonic() > until:
            return
        try:
            dependencies.store.write(snapshot, {(doc.TRIGGERED,): None, (doc.CLOSED_AS,): closed_as})
        except Unavailable as failure:
            yield Swept(boundary, snapshot.key, None, str(failure), overdue=False, missing=())
            if not failure.permanent:
                return


def _pages(dependencies: Dependencies, boundary: Boundary, *, dated: bool) -> Iterator[Snapshot]:
    """Yield the open dates by the time of their first completion, a page at a time; or those that have no such time.

    A query orders what has no time before everything else, and one that compares with a time leaves it out.
    """
    last: Snapshot | None = None
    while True:  # a page is read whole: what is done for its dates may take longer than a query may last
        page = (_dated if dated else _undated_first)(dependencies, boundary.upstream.collection, last)
        for snapshot in page:
            if not dated and (snapshot.document or {}).get(doc.FIRST_COMPLETION_AT) is not None:
                return
            last = snapshot
            if DATE.fullmatch(snapshot.key):
                yield snapshot
        if len(page) < PAGE:
            return


def _dated(dependencies: Dependencies, collection: str, last: Snapshot | None) -> list[Snapshot]:
    found = dependencies.store.find(
        collection,
        ((doc.TRIGGERED, "==", False), (doc.FIRST_COMPLETION_AT, ">=", _EPOCH)),
        order=(doc.FIRST_COMPLETION_AT, "ASCENDING"),
        limit=PAGE,
        after=last,
    )
    return list(found)


def _undated_first(dependencies: Dependencies, collection: str, last: Snapshot | None) -> list[Snapshot]:
    found = dependencies.store.find(
        collection,
        ((doc.TRIGGERED, "==", False),),
        order=(doc.FIRST_COMPLETION_AT, "ASCENDING"),
        limit=PAGE,
        after=last,
    )
    return list(found)


def _missing(snapshot: Snapshot) -> tuple[str, ...]:
    present = (snapshot.document or {}).get(doc.MISSING)
    return tuple(map(str, present)) if isinstance(present, list) else ()


def _swept(dependencies: Dependencies, boundary: Boundary, date: str, missing: tuple[str, ...]) -> Swept:
    outcome, failure, late = None, None, False
    with logs.bound(**dependencies.view.named({"boundary": boundary.name, "date": date})):
        try:
            outcome = runner.run(dependencies, boundary, date)
            if outcome.status != "done":
                runner.note(outcome)
            if outcome.status in ("done", "blocked"):
                late = _report_overdue(dependencies, boundary, date, missing)
        except Unavailable as unavailable:
            failure = str(unavailable)
        except (
            LookupError,
            TypeError,
            ValueError,
            AttributeError,
        ) as error:  # what a stranger wrote into this document
            logs.failure("defect", f"{boundary.name} of {date} cannot be evaluated.")
            failure = f"its document cannot be evaluated: {error!r}"
    return Swept(boundary, date, outcome, failure, late, missing)


def _report_overdue(dependencies: Dependencies, boundary: Boundary, date: str, missing: tuple[str, ...]) -> bool:
    current = dependencies.store.read(boundary.upstream.collection, date)
    document = current.document or {}
    if document.get(doc.OVERDUE_AT) or not overdue(boundary, document, current.time):
        return False
    names = ", ".join(missing) or "none"
    dependencies.events.error(
        "deadline_passed",
        f"{boundary.name} of {date} is open after its deadline of {boundary.deadline} s; missing: {names}.",
        category="timeout",
        identity=boundary.trigger_id(date),
        date=date,
        phase=boundary.upstream.name,
        correlation_id=document.get(doc.CORRELATION_ID),
    )
    return dependencies.store.write(current, {(doc.OVERDUE_AT,): current.time})
