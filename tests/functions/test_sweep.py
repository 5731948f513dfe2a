"""The timer among many open dates: live ones first, the newest first, and what waits for nothing is met once."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from shared.decisions import document as doc
from shared.decisions.effects import Snapshot
from shared.decisions.transition import closable
from shared.orchestration import lease, sweep
from shared.orchestration.dependencies import Dependencies
from shared.orchestration.sweep import Budget, Sweep

from tests.functions.model import Model, completion
from tests.functions.test_endpoint import BESIDE_EMULATORS, Memory
from tests.functions.views import boundary, view_of

VIEW = view_of("self-heal-predictions")
BOUNDARY = VIEW.boundaries["phase2_to_phase3"]
P2 = BOUNDARY.modes[0].expected
AMPLE = Budget(time.monotonic() + 86_400)
CRITICAL = BOUNDARY.modes[0].critical


class Dates(Memory):
    """A collection that is asked as Firestore is: what has no time first, then by time and by name."""

    def __init__(self) -> None:
        super().__init__()
        self.largest_page = self.pages = self.whole = 0
        self.done: list[str] = []

    def write(self, snapshot: Snapshot, changes: doc.Changes) -> bool:
        self.done.append(snapshot.key)
        current = self.read(snapshot.collection, snapshot.key)
        self.documents[snapshot.key] = doc.applied(current.document, changes)
        return True

    def find(
        self, collection: str, conditions: Any, order: Any, *, limit: int = 0, after: Any = None, only: Any = ()
    ) -> Iterator[Snapshot]:
        dated = len(conditions) > 1
        found = [
            (first.timestamp() if first else 0.0, key)
            for key, document in self.documents.items()
            if document.get("_triggered") is False and ((first := document.get("_first_completion_at")) or not dated)
        ]
        if after is not None:
            first = (after.document or {}).get("_first_completion_at")
            found = [each for each in found if each > (first.timestamp() if first else 0.0, after.key)]
        page = sorted(found)[: limit or None]
        self.largest_page = max(self.largest_page, len(page))
        self.pages += 1
        for _, key in page:
            found_one = self.read(collection, key)
            self.whole += not only
            document = found_one.document or {}
            yield replace(found_one, document={name: document.get(name) for name in only} if only else document)


def dependencies_of(memory: Dates) -> Dependencies:
    dependencies = Dependencies(BESIDE_EMULATORS, VIEW, lambda *_: [])
    dependencies.store = dependencies.publisher = memory  # type: ignore[assignment]
    dependencies.events.report = lambda *_: None  # type: ignore[method-assign]
    return dependencies


def day(number: int) -> str:
    return (date(1970, 1, 1) + timedelta(days=number)).isoformat()


def opened(names: tuple[str, ...], minutes: float, **values: Any) -> dict[str, Any]:
    first = datetime.now(UTC) - timedelta(minutes=minutes)
    record = {"status": "success", "completed_at": first}
    return dict.fromkeys(names, record) | {"_triggered": False, "_first_completion_at": first} | values


def backfilled() -> dict[str, Any]:
    record = {"status": "success", "skip_downstream": True}
    return dict.fromkeys(P2, record) | {"_triggered": False, "_first_completion_at": None}


def swept(memory: Dates, budget: Budget = AMPLE) -> tuple[list[str], list[str], list[str]]:
    """Return the dates that one run looks at: the newest, the older ones, and those on which nothing counts."""
    one = Sweep(dependencies_of(memory), BOUNDARY)
    newest, older, idle = ([each.date for each in work(budget)] for work in (one.newest, one.older, one.idle))
    return newest, older, idle


def test_twenty_thousand_open_backfilled_dates_delay_no_deadline() -> None:
    """Half of them count nothing; the others were backfilled so that they count, after the live dates began."""
    memory = Dates()
    memory.documents = {day(number): backfilled() for number in range(10_000)}
    memory.documents |= {day(number): opened(P2[:1], minutes=5) for number in range(10_000, 20_000)}
    live = {day(20_000 + number): opened(CRITICAL, minutes=40 - number) for number in range(5)}
    memory.documents |= live
    one = Sweep(dependencies_of(memory), BOUNDARY)
    started = time.monotonic()
    found = list(itertools.islice(one.newest(AMPLE), len(live)))
    elapsed = time.monotonic() - started
    assert [each.date for each in found] == sorted(live, reverse=True), "the newest dates first, and nothing before"
    assert all(memory.documents[key]["_triggered"] is True for key in live)
    assert elapsed < 10
    assert memory.pages <= 2 + 20_000 // sweep.PAGE_OF_DATES
    assert memory.whole == 0, "no document is read whole to find them"


def test_what_counts_for_nothing_is_met_once() -> None:
    memory = Dates()
    memory.documents = {day(number): backfilled() for number in range(2_000)}
    assert swept(memory) == ([], [], [])
    assert memory.largest_page <= sweep.PAGE_OF_DATES
    assert all(document["_closed_as"] == "backfill" for document in memory.documents.values())
    assert not any(document.get("_triggered", False) for document in memory.documents.values())
    memory.done.clear()
    assert swept(memory) == ([], [], [])
    assert memory.done == [], "the next tick meets none of them"


def test_a_run_that_has_no_time_looks_at_the_newest_few_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    memory = Dates()
    memory.documents = {day(number): backfilled() for number in range(10)}
    memory.documents |= {day(number): opened(CRITICAL, minutes=40) for number in range(10, 20)}
    assert swept(memory, Budget(time.monotonic())) == ([day(19), day(18), day(17)], [], [])
    told = [json.loads(line)["event"] for line in capsys.readouterr().out.splitlines()]
    assert told.count("sweep_goes_on") == 1
    assert len(swept(memory)[0]) == 7


@pytest.mark.parametrize("at_once", [7, 100])
def test_old_dates_take_turns_where_the_time_is_short(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    memory = Dates()
    memory.documents = {day(number): opened(P2[:1], minutes=5_000 - number) for number in range(450)}
    seen, now, ticks = set[str](), time.time(), 0
    while len(seen) < 350:
        monkeypatch.setattr(time, "time", lambda ticks=ticks: now + ticks * sweep.TICK)
        one = Sweep(dependencies_of(memory), BOUNDARY)
        assert [each.date for each in one.newest(AMPLE)] == sorted(memory.documents, reverse=True)[: sweep.NEWEST]
        seen |= {each.date for each in itertools.islice(one.older(AMPLE), at_once)}
        ticks += 1
        assert ticks <= 3 * 350 / at_once + 1, "each of them is reached in about three rounds"


def test_a_tick_begins_a_golden_turn_after_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Dates()
    memory.documents = {day(number): opened(P2[:1], minutes=5_000 - number) for number in range(200)}
    for tick, first in ((1, 61), (2, 23), (5, 9)):
        monkeypatch.setattr(time, "time", lambda tick=tick: tick * 900 + 450)
        one = Sweep(dependencies_of(memory), BOUNDARY)
        assert len(list(one.newest(AMPLE))) == 100
        older = [each.date for each in one.older(AMPLE)]
        assert older[0] == day(99 - first)
        assert sorted(older) == [day(number) for number in range(100)]


def test_pages_follow_each_other_and_none_is_read_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "PAGE_OF_DATES", 5)
    monkeypatch.setattr(sweep, "PAGE", 5)
    memory = Dates()
    memory.documents = {day(number): opened(P2[:1], minutes=50 - number) for number in range(12)}
    reported = {"_failed": {P2[0]: {"status": "failed"}}, "_overdue_reported_at": datetime.now(UTC)}
    memory.documents |= {
        day(number): {**reported, "_triggered": False, "_first_completion_at": None} for number in range(20, 33)
    }
    newest, older, idle = swept(memory)
    assert (len(newest), older, idle) == (12, [], [])
    assert memory.pages == 3 + 3
    assert memory.whole == 13 + 2, "of the page that ends with dates that count, the rest is not read again"


def test_a_date_that_is_done_is_not_logged_and_one_that_is_triggered_is(capsys: pytest.CaptureFixture[str]) -> None:
    memory = Dates()
    memory.documents = {day(1): opened(P2[:1], minutes=5), day(2): opened(CRITICAL, minutes=40)}
    assert len(swept(memory)[0]) == 2
    told = [json.loads(line)["event"] for line in capsys.readouterr().out.splitlines()]
    assert [each for each in told if each in ("trigger_published", "completion_handled")] == ["trigger_published"]


def test_a_run_ends_within_the_timeout_of_its_function() -> None:
    budget = Budget.of(VIEW)
    left = budget.until - time.monotonic()
    longest = max(map(lease.work_seconds, VIEW.boundaries.values()))
    assert left == pytest.approx(VIEW.timeout - longest - 30, abs=0.5)


def test_every_boundary_has_its_part_of_the_time() -> None:
    budget = Budget(time.monotonic() + 100)
    parts = [budget.part(of).until - time.monotonic() for of in (4, 3, 2, 1)]
    assert parts == pytest.approx([25, 33.3, 50, 100], abs=0.5)
    assert not budget.part(4).over
    assert Budget(time.monotonic()).part(4).over


def test_failures_are_looked_at_and_not_closed() -> None:
    memory = Dates()
    ended = {"completed_at": datetime.now(UTC) - timedelta(hours=2), "status": "failed"}
    memory.documents = {
        day(1): backfilled(),
        day(2): {"_failed": {P2[0]: ended}, "_triggered": False, "_first_completion_at": None},
        day(3): {"_unknown": {"x": ended}, "_triggered": False, "_first_completion_at": None},
    }
    found = list(Sweep(dependencies_of(memory), BOUNDARY).idle(AMPLE))
    assert [(one.date, one.overdue) for one in found] == [(day(2), True)]
    assert {key: document.get("_closed_as") for key, document in memory.documents.items()} == {
        day(1): "backfill",
        day(2): None,
        day(3): "unknown",
    }
    memory.done.clear()
    assert swept(memory) == ([], [], []), "reported once, nothing that time could change is left"
    assert memory.done == []


@pytest.mark.parametrize("status", ["success", "failed"])
def test_a_closed_date_opens_again_with_the_first_message_that_counts(status: str) -> None:
    model = Model(boundary("phase2_to_phase3"))
    model.handle(completion(P2[0], skip_downstream=True))
    assert model.document is not None
    assert closable(model.document) == "backfill"
    model.document |= {"_triggered": None, "_closed_as": "backfill"}
    model.handle(completion(P2[1], status=status))
    assert (model.document["_triggered"], model.document["_closed_as"]) == (False, None)
    for name in P2:
        model.handle(completion(name, execution_id="later"))
    assert model.document["_triggered"] is True
    assert len(model.published) == 1
