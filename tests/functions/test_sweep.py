"""The timer among many open dates: live ones first, the newest first, and what waits for nothing is met once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from shared.decisions import document as doc
from shared.decisions.effects import Snapshot
from shared.decisions.transition import closable
from shared.orchestration import sweep
from shared.orchestration.dependencies import Dependencies

from tests.functions.model import Model, completion
from tests.functions.test_endpoint import BESIDE_EMULATORS, Memory
from tests.functions.views import boundary, view_of

VIEW = view_of("self-heal-predictions")
BOUNDARY = VIEW.boundaries["phase2_to_phase3"]
P2 = BOUNDARY.modes[0].expected
CRITICAL = BOUNDARY.modes[0].critical


class Dates(Memory):
    """A collection that is asked as Firestore is: what has no time first, then by time and by name."""

    def __init__(self) -> None:
        super().__init__()
        self.largest_page = 0
        self.done: list[str] = []

    def write(self, snapshot: Snapshot, changes: doc.Changes) -> bool:
        self.done.append(snapshot.key)
        current = self.read(snapshot.collection, snapshot.key)
        self.documents[snapshot.key] = doc.applied(current.document, changes)
        return True

    def find(
        self, collection: str, conditions: Any, order: Any, *, limit: int = 0, after: Snapshot | None = None
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
        for _, key in page:
            yield self.read(collection, key)


def world_of(memory: Dates) -> Dependencies:
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


def test_twenty_thousand_backfilled_dates_delay_no_deadline() -> None:
    memory = Dates()
    memory.documents = {day(number): backfilled() for number in range(20_000)}
    live = {day(30_000 + number): opened(CRITICAL, minutes=40 - number) for number in range(5)}
    memory.documents |= live
    dependencies = world_of(memory)
    started = time.monotonic()
    (*_,) = sweep.live(dependencies, BOUNDARY)
    elapsed = time.monotonic() - started
    assert list(dict.fromkeys(memory.done)) == sorted(live, reverse=True), "the newest first, and nothing else"
    assert all(memory.documents[key]["_triggered"] is True for key in live)
    assert elapsed < 10
    assert list(sweep.idle(dependencies, BOUNDARY)) == []
    assert memory.largest_page <= sweep.PAGE
    closed = [document for document in memory.documents.values() if document.get("_closed_as") == "backfill"]
    assert len(closed) == 20_000
    assert not any(document.get("_triggered", False) for document in closed)
    memory.done.clear()
    assert list(sweep.tick(dependencies, BOUNDARY)) == []
    assert memory.done == [], "the next tick meets none of them"


def test_a_tick_that_runs_out_of_time_leaves_the_rest_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "IDLE_SECONDS", -1.0)
    memory = Dates()
    memory.documents = {day(number): backfilled() for number in range(1_000)}
    assert list(sweep.idle(world_of(memory), BOUNDARY)) == []
    assert memory.done == []
    monkeypatch.setattr(sweep, "IDLE_SECONDS", 30.0)
    assert list(sweep.idle(world_of(memory), BOUNDARY)) == []
    assert len(memory.done) == 1_000


def test_old_dates_take_turns_where_the_time_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "LIVE_SECONDS", -1.0)
    memory = Dates()
    memory.documents = {day(number): opened(P2[:1], minutes=5_000 - number) for number in range(450)}
    dependencies, seen, now = world_of(memory), set[str](), time.time()
    for tick in range(5):
        monkeypatch.setattr(time, "time", lambda tick=tick: now + tick * sweep.TICK)
        swept = [one.date for one in sweep.live(dependencies, BOUNDARY)]
        assert swept[: sweep.NEWEST] == sorted(memory.documents, reverse=True)[: sweep.NEWEST]
        seen |= set(swept)
    assert seen == set(memory.documents)


def test_failures_are_looked_at_and_not_closed() -> None:
    memory = Dates()
    ended = {"completed_at": datetime.now(UTC) - timedelta(hours=2), "status": "failed"}
    memory.documents = {
        day(1): backfilled(),
        day(2): {"_failed": {P2[0]: ended}, "_triggered": False, "_first_completion_at": None},
        day(3): {"_unknown": {"x": ended}, "_triggered": False, "_first_completion_at": None},
    }
    assert [(one.date, one.overdue) for one in sweep.idle(world_of(memory), BOUNDARY)] == [(day(2), True)]
    assert {key: document.get("_closed_as") for key, document in memory.documents.items()} == {
        day(1): "backfill",
        day(2): None,
        day(3): "unknown",
    }


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
