"""The timer: every open date is looked at again, because silence must not mean never.

What a message would have done for a date, a tick does: evaluate the rule with its deadlines, take over an expired
lease, publish, mark. A date open longer than its boundary's deadline is reported once.

A run begins nothing more once its time is over (`Budget`), so that it ends within its function's timeout whatever is
open; the next tick goes on. In this order: of each boundary the newest dates on which something counts (`newest`), then
its older ones, in turns (`older`), then dates on which nothing counts (`idle`): failures are looked at until they are
reported, and what only backfills or strangers wrote is closed, so that it is met once.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from shared.decisions import document as doc
from shared.decisions import protocol
from shared.decisions.effects import Snapshot, Unavailable
from shared.decisions.transition import closable, overdue
from shared.declaration.view import Boundary, View
from shared.orchestration import lease, runner
from shared.orchestration.dependencies import Dependencies
from shared.reports import logs

PAGE, PAGE_OF_DATES = 300, 1_000
"""Documents per query, of whole ones and of those of which little is read."""
NEWEST, SURE = 100, 3
"""Dates of a boundary that every tick looks at first; and those of them that it looks at even where its time is over."""
RESERVE = 30
"""Seconds of a run that are left for what follows the sweep: heartbeats, the message to Slack, the answer."""
TICK = 900
TURN = 0.618_033_988_75
"""The golden ratio: a tick begins with the older dates that far behind the last one's beginning, which leaves none out."""
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


@dataclass(frozen=True, slots=True)
class Budget:
    """Until when, on the monotonic clock, a run begins new work."""

    until: float

    @classmethod
    def of(cls, view: View) -> Budget:
        """Return the budget of a run that begins now: what begins at its last moment still ends within the timeout."""
        longest = max(map(lease.work_seconds, view.boundaries.values()), default=0)
        return cls(time.monotonic() + max(view.timeout - longest - RESERVE, view.timeout / 3))

    def part(self, of: int) -> Budget:
        """Return one part of the time that is left, of so many equal ones."""
        now = time.monotonic()
        return Budget(now + (self.until - now) / of)

    @property
    def over(self) -> bool:
        """Return whether nothing more may begin."""
        return time.monotonic() >= self.until


class Sweep:
    """The open dates of one boundary, as one run meets them; raises `Unavailable` where they cannot be read."""

    def __init__(self, dependencies: Dependencies, boundary: Boundary) -> None:
        self._dependencies = dependencies
        self.boundary = boundary
        self._older: list[tuple[str, tuple[str, ...]]] = []

    def newest(self, budget: Budget, of: int = 1) -> Iterator[Swept]:
        """Yield what was done for the newest open dates on which something counts, in one of so many parts of the time."""
        found = [(one.key, _missing(one)) for one in self._dated()]
        found.sort(reverse=True)
        newest, self._older = found[:NEWEST], found[NEWEST:]
        yield from self._each(newest, budget.part(of), sure=SURE)  # the time that is left once they are found

    def older(self, budget: Budget) -> Iterator[Swept]:
        """Yield what was done for the others; where the time is not enough for all, each tick begins elsewhere."""
        start = int(len(self._older) * (int(time.time()) // TICK * TURN % 1))
        yield from self._each([*self._older[start:], *self._older[:start]], budget)

    def idle(self, budget: Budget) -> Iterator[Swept]:
        """Yield what was done for the open dates on which nothing counts, and close those that wait for nothing."""
        for snapshot in self._undated() if not budget.over else ():
            if budget.over:
                return
            document = snapshot.document or {}
            closed_as = closable(document)
            if closed_as:
                yield from self._close(snapshot, closed_as)
            elif not document.get(doc.OVERDUE_AT):
                yield self._swept(snapshot.key, _missing(snapshot))

    def _each(self, dates: list[tuple[str, tuple[str, ...]]], budget: Budget, sure: int = 0) -> Iterator[Swept]:
        for number, (date, missing) in enumerate(dates):
            if number >= sure and budget.over:
                text = f"{len(dates) - number} open dates of {self.boundary.name} wait for the next tick."
                logs.log("WARNING", "sweep_goes_on", text, boundary=self.boundary.name)
                return
            yield self._swept(date, missing)

    def _close(self, snapshot: Snapshot, closed_as: str) -> Iterator[Swept]:
        try:
            self._dependencies.store.write(snapshot, {(doc.TRIGGERED,): None, (doc.CLOSED_AS,): closed_as})
        except Unavailable as failure:
            if not failure.permanent:
                raise
            text = f"{self.boundary.name} {snapshot.key}: {failure}"
            yield Swept(self.boundary, snapshot.key, None, text, overdue=False, missing=())

    def _dated(self) -> Iterator[Snapshot]:
        """Yield the open dates that have the time of a first completion; of their documents little is read."""
        last: Snapshot | None = None
        while True:  # a page is read whole: what is done for its dates may take longer than a query may last
            page = list(
                self._dependencies.store.find(
                    self.boundary.upstream.collection,
                    ((doc.TRIGGERED, "==", False), (doc.FIRST_COMPLETION_AT, ">=", _EPOCH)),
                    order=(doc.FIRST_COMPLETION_AT, "ASCENDING"),
                    limit=PAGE_OF_DATES,
                    after=last,
                    only=(doc.FIRST_COMPLETION_AT, doc.MISSING),
                )
            )
            yield from (snapshot for snapshot in page if self.boundary.keys.fits(snapshot.key))
            if len(page) < PAGE_OF_DATES:
                return
            last = page[-1]

    def _undated(self) -> Iterator[Snapshot]:
        """Yield the open dates that have no such time; a query orders them before everything else."""
        last: Snapshot | None = None
        while True:
            page = list(
                self._dependencies.store.find(
                    self.boundary.upstream.collection,
                    ((doc.TRIGGERED, "==", False),),
                    order=(doc.FIRST_COMPLETION_AT, "ASCENDING"),
                    limit=PAGE,
                    after=last,
                )
            )
            for snapshot in page:
                if (snapshot.document or {}).get(doc.FIRST_COMPLETION_AT) is not None:
                    return
                if self.boundary.keys.fits(snapshot.key):
                    yield snapshot
            if len(page) < PAGE:
                return
            last = page[-1]

    def _swept(self, date: str, missing: tuple[str, ...]) -> Swept:
        dependencies, boundary = self._dependencies, self.boundary
        outcome, late, failures = None, False, list[str]()
        bound = logs.bound(**dependencies.view.named({"boundary": boundary.name, "date": date}))
        with bound, runner.apart(dependencies, boundary, date, failures):
            outcome = runner.run(dependencies, boundary, date)
            if outcome.status != "done":
                runner.note(outcome)
            if outcome.status != "triggered":
                late = _report_overdue(dependencies, boundary, date, missing)
        return Swept(boundary, date, outcome, "; ".join(failures) or None, late, missing)


def tick(dependencies: Dependencies, boundary: Boundary) -> Iterator[Swept]:
    """Yield what was done for each open date of one boundary; one date's failure does not keep the others waiting."""
    sweep, budget = Sweep(dependencies, boundary), Budget.of(dependencies.view)
    yield from sweep.newest(budget)
    yield from sweep.older(budget)
    yield from sweep.idle(budget)


def _missing(snapshot: Snapshot) -> tuple[str, ...]:
    present = (snapshot.document or {}).get(doc.MISSING)
    return tuple(map(str, present)) if isinstance(present, list) else ()


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
