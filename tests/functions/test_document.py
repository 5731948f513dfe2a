"""Changes of a document: what differs is kept, field by field, and nothing else is touched."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from shared.decisions import document as doc

from tests.functions.model import START, Model, completion, payloads
from tests.functions.views import boundary


def test_only_what_differs_is_a_change() -> None:
    document = {"a": 1, "b": {"c": 2, "kept": 3}}
    same: doc.Changes = {("a",): 1, ("b", "c"): 2}
    other: doc.Changes = {("b", "c"): 4, ("a", "below"): 1, ("new",): None}
    assert doc.changed(document, same) == {}
    assert doc.changed(document, same | other) == other
    assert doc.changed(None, same) == same


def test_changes_apply_field_by_field() -> None:
    document = {"a": 1, "b": {"c": 2, "kept": 3}}
    assert doc.applied(document, {("b", "c"): 4, ("a", "below"): 5}) == {"a": {"below": 5}, "b": {"c": 4, "kept": 3}}
    assert document == {"a": 1, "b": {"c": 2, "kept": 3}}


OLD = "2026-01-30T08:20:00+00:00"
"""Forty minutes before the model's clock, as an engine wrote it that kept times as text."""


@pytest.mark.parametrize(
    ("stored", "kept", "status"),
    [
        (OLD, datetime(2026, 1, 30, 8, 20, tzinfo=UTC), "triggered"),
        ("2026-01-30T08:20:00", datetime(2026, 1, 30, 8, 20, tzinfo=UTC), "triggered"),
        (datetime(2026, 1, 30, 8, 20, tzinfo=UTC), datetime(2026, 1, 30, 8, 20, tzinfo=UTC), "triggered"),
        (datetime(2026, 1, 30, 8, 40, tzinfo=UTC), datetime(2026, 1, 30, 8, 40, tzinfo=UTC), "done"),
        ("yesterday", START, "done"),
        ("0001-01-01T00:00:00+14:00", START, "done"),
        (5, START, "done"),
        (None, START, "done"),
    ],
    ids=str,
)
def test_a_first_completion_that_was_stored_as_text_has_its_deadline(stored: Any, kept: datetime, status: str) -> None:
    model = Model(boundary("phase2_to_phase3"))
    mode = model.boundary.modes[0]
    record = {"status": "success", "completed_at": OLD, "execution_id": "old"}
    model.document = dict.fromkeys(mode.critical[1:], record)
    model.document |= {"_triggered": False, "_first_completion_at": stored, "_completed_count": len(mode.critical) - 1}
    assert model.handle(completion(mode.critical[0])).status == status
    assert model.document["_first_completion_at"] == kept


STRANGE: list[Any] = [5, 1.5, True, "ab", {"players": ["a"]}, [{}], ["a", 5], START]
SPOILT: list[tuple[Any, list[str], bool]] = [
    (["b", "a"], ["a", "b", "c"], True),
    (None, ["c"], True),
    *((each, ["c"], False) for each in STRANGE),
]


@pytest.mark.parametrize(
    ("stored", "entities", "incremental"),
    SPOILT,
    ids=str,
)
def test_changes_that_a_stranger_spoilt_are_not_known_and_the_run_is_full(
    stored: Any, entities: list[str], incremental: bool
) -> None:
    model = Model(boundary("phase3_to_phase4"))
    names = model.boundary.modes[0].expected
    record = {"status": "success", "completed_at": START, "is_incremental": True, "entities_changed": stored}
    model.document = {"_triggered": False, "_first_completion_at": START, names[0]: record}
    for name in names:
        model.handle(completion(name, is_incremental=True, entities_changed=("c",), execution_id="later"))
    assert model.document["_triggered"] is True
    assert model.document[names[0]]["entities_changed"] == entities
    published = payloads(model)[0]
    assert (published["is_incremental"], published["entities_changed"]["players"]) == (incremental, entities)
