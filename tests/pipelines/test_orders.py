"""Two phases into one: what two boundaries publish are completions of the phase that waits for both. Batches have ids."""

from __future__ import annotations

import json
from collections import defaultdict
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from shared.decisions import document as doc
from shared.decisions.effects import Snapshot

from blueprint.loader import load_manifest
from ops.operate.due import due_at
from ops.report.gather import gather
from tests.functions.test_endpoint import Memory, pushed, served
from tests.functions.views import view_of

ORDERS = Path(__file__).resolve().parent / "orders"
PUSHED_TO = {"orders-stocked": "note-stock", "orders-paid": "note-payment", "orders-ready": "start-shipping"}
DONE = (("orders-stocked", "stocked", "shelves"), ("orders-stocked", "stocked", "suppliers"), ("orders-paid", "paid", "cards"))  # fmt: skip


class Store(Memory):
    """Documents of several collections; what is published waits to be pushed."""

    def __init__(self) -> None:
        super().__init__()
        self.collections: dict[str, Memory] = defaultdict(Memory)

    def read(self, collection: str, key: str) -> Snapshot:
        return self.collections[collection].read(collection, key)

    def write(self, snapshot: Snapshot, changes: doc.Changes) -> bool:
        return self.collections[snapshot.collection].write(snapshot, changes)


def push(store: Store, topic: str, data: bytes) -> None:
    client = served(store, view=view_of(PUSHED_TO[topic], ORDERS))
    assert client.post("/", data=pushed(data), content_type="application/json").status_code == 200


def done(phase: str, name: str, batch: str) -> bytes:
    message: dict[str, Any] = {"processor_name": name, "phase": phase, "order_batch": batch, "execution_id": f"e-{name}", "correlation_id": f"c-{batch}", "status": "success", "timestamp": "2026-01-30T09:00:00Z"}  # fmt: skip
    return json.dumps(message).encode()


def test_it_is_sound_as_it_lies() -> None:
    plan = gather(ORDERS, "sul")
    assert [str(finding) for finding in plan.violations] == []
    assert {each.inputs.get("location") for each in plan.resources} <= {
        None,
        "southamerica-east1",
        "SOUTHAMERICA-EAST1",
    }


@pytest.mark.parametrize("order", permutations(range(3)))
def test_a_batch_is_shipped_once_both_are_done_in_whatever_order(order: tuple[int, ...]) -> None:
    store = Store()
    for index, place in enumerate(order):
        topic, phase, name = DONE[place]
        push(store, topic, done(phase, name, "b-7"))
        for message in store.topics.pop("orders-ready", []):
            push(store, "orders-ready", message.data)
        shipped = store.topics.get("orders-ship", [])
        assert len(shipped) == (index == 2)
    (trigger,) = store.topics["orders-ship"]
    assert json.loads(trigger.data) == {"order_batch": "b-7", "correlation_id": "c-b-7"}
    assert trigger.attributes["trigger_id"] == "ready_to_shipping:b-7"


def test_one_of_two_batches_does_not_ship_the_other() -> None:
    store = Store()
    push(store, *(lambda each: (each[0], done(each[1], each[2], "b-1")))(DONE[2]))
    for topic, phase, name in DONE[:2]:
        push(store, topic, done(phase, name, "b-2"))
    for message in store.topics.pop("orders-ready", []):
        push(store, "orders-ready", message.data)
    assert "orders-ship" not in store.topics
    assert {key: each["_triggered"] for key, each in store.collections["ready_batches"].documents.items()} == {"b-1": False, "b-2": False}  # fmt: skip


def test_nobody_can_know_when_a_batch_is_late_that_was_never_heard_of() -> None:
    manifest = load_manifest(ORDERS)
    assert due_at(manifest, manifest.boundaries["stock_to_ready"], "b-9").year == 9999
