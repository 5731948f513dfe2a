"""A lease is short, so that a kill costs little, and is renewed while its holder works, as long as its calls may take."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from shared.decisions import document as doc
from shared.decisions.effects import Snapshot, Unavailable
from shared.decisions.transition import renewed
from shared.google import bigquery
from shared.google.firestore import READ_SECONDS, WRITE_SECONDS
from shared.google.pubsub import PUBLISH_SECONDS
from shared.orchestration import lease

from tests.functions.model import START, Model, completion
from tests.functions.views import ORCHESTRATORS, boundary

P2 = boundary("phase2_to_phase3").modes[0].expected


@pytest.mark.parametrize("name", ORCHESTRATORS)
def test_it_may_be_renewed_as_long_as_its_calls_take_and_not_much_longer(name: str) -> None:
    declared = boundary(name)
    gates = len(declared.gates or ())
    calls = 2 * PUBLISH_SECONDS + READ_SECONDS + WRITE_SECONDS + 2 * bigquery.QUERY_SECONDS * gates
    assert calls < lease.work_seconds(declared) <= calls + 20 + 5 * gates < 300


def test_it_is_short_and_never_longer_than_declared() -> None:
    assert lease.seconds(600) == lease.SECONDS <= 20
    assert lease.seconds(3) == 3


def holding() -> tuple[Model, Any]:
    """Return a date whose lease a delivery holds, which stands before its publication, and its context."""
    model = Model(boundary("phase2_to_phase3"))
    for name in P2[:-1]:
        model.handle(completion(name))
    delivery = model.deliver("last", completion(P2[-1]))
    while not (model.document or {}).get(doc.PENDING):
        model.step(delivery)
    return model, delivery.context


def test_only_the_holder_renews() -> None:
    model, context = holding()
    later = START + timedelta(seconds=7)
    assert renewed(context, model.document, later) == {(doc.PENDING, "until"): later + timedelta(seconds=context.lease)}
    assert renewed(replace(context, owner="another"), model.document, later) == {}
    assert renewed(context, {**(model.document or {}), doc.PENDING: None}, later) == {}
    assert renewed(context, None, later) == {}


class Shelf:
    """A document that writes change, as the store sees it; `fails` makes calls fail."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document, self.writes, self.fails = document, 0, 0

    def read(self, collection: str, key: str) -> Snapshot:
        if self.fails:
            self.fails -= 1
            raise Unavailable("firestore", "read: down")
        return Snapshot(collection, key, self.document, self.writes, START)

    def write(self, snapshot: Snapshot, changes: doc.Changes) -> bool:
        self.writes += 1
        self.document = doc.applied(self.document, changes)
        return True


def until(true: Callable[[], bool]) -> bool:
    end = time.monotonic() + 5
    while not true() and time.monotonic() < end:
        time.sleep(0.005)
    return true()


def threads() -> int:
    return sum(thread.name == "lease" for thread in threading.enumerate())


def test_it_is_renewed_while_the_work_goes_on_and_not_after(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "RENEWALS", 20_000)
    model, context = holding()
    shelf = Shelf(dict(model.document or {}))
    shelf.fails = 2
    with lease.renewed(shelf, context, time.monotonic() + 60):  # type: ignore[arg-type]
        assert until(lambda: shelf.writes > 3), "two failed calls end no renewal"
    assert until(lambda: threads() == 0)


def test_a_lease_that_was_taken_over_is_not_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "RENEWALS", 20_000)
    model, context = holding()
    shelf = Shelf({**(model.document or {}), doc.PENDING: {"owner": "another", "until": START}})
    with lease.renewed(shelf, context, time.monotonic() + 60):  # type: ignore[arg-type]
        assert until(lambda: threads() == 0)
    assert shelf.writes == 0


def test_an_attempt_that_hangs_loses_its_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "RENEWALS", 20_000)
    model, context = holding()
    shelf = Shelf(dict(model.document or {}))
    with lease.renewed(shelf, context, time.monotonic()):  # type: ignore[arg-type]
        assert until(lambda: threads() == 0)
    assert shelf.writes == 0
