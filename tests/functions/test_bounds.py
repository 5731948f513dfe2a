"""A date's document has room for everybody, whoever sends what: sizes are worked out here again, as Firestore documents them."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from shared.decisions import bounds, message
from shared.decisions import document as doc
from shared.decisions.message import Bad, Envelope
from shared.declaration.fields import is_number
from shared.declaration.types import Mode, Processor
from shared.declaration.view import Boundary

from tests.functions.model import DATE, Model, completion
from tests.functions.views import ORCHESTRATORS, boundary, view_of

MIB, INDEX_ENTRIES, KEY = 1 << 20, 40_000, 1_500
ID = "i" * bounds.MAX_ID


def size(value: Any) -> int:
    """Return the bytes that a value takes in a document."""
    match value:
        case None | bool():
            return 1
        case int() | float() | datetime():
            return 8
        case str():
            return len(value.encode()) + 1
        case Mapping():
            return sum(size(name) + size(item) for name, item in value.items())
        case list() | tuple():
            return sum(map(size, value))
    raise AssertionError(type(value))


def entries(value: Any) -> int:
    """Return the index entries of a field without exemptions: two of a scalar, one of each element of a list."""
    match value:
        case Mapping():
            return sum(map(entries, value.values()))
        case list() | tuple():
            return len(value)
    return 2


def keys(value: Any) -> list[str]:
    return [key for name, item in value.items() for key in (name, *keys(item))] if isinstance(value, Mapping) else []


def many(number: int) -> Boundary:
    """Return a boundary with so many processors, none of which is enough."""
    base = boundary("phase3_to_phase4")
    names = [f"processor_{each:03}_{'x' * 60}" for each in range(number)]
    mode = Mode("any", when="always", expected=(*names, "never"), rules=base.modes[0].rules[:1])
    return replace(
        base,
        upstream=replace(base.upstream, processors={name: Processor(name) for name in names}),
        modes=(mode,),
        entities={"all": tuple(names)},
        gates=(),
    )


def largest(model: Model, name: str | None, sender: str) -> None:
    """Handle the largest completion, failure and empty result of one sender."""
    entities = tuple(f"{sender[-20:]}-{number:08}-{'e' * 16}" for number in range(5_000))
    for status in ("success", "failed", "no_data"):
        one = completion(
            name,
            sender=sender,
            status=status,
            execution_id=ID,
            correlation_id=ID,
            error_message="é" * 9_000,
            is_incremental=True,
            entities_changed=entities,
            metadata=bounds.metadata({f"number_{each}": ID[:490] for each in range(99)}, ()),
            record_count=2**62,
        )
        model.handle(one)


@pytest.mark.parametrize(
    "declared",
    [boundary("phase3_to_phase4"), boundary("phase5_to_phase6"), many(30), many(100)],
    ids=["five processors", "the batches of one sender", "thirty processors", "a hundred processors"],
)
def test_with_everybody_at_the_largest_there_is_room_to_spare(declared: Boundary) -> None:
    model = Model(declared)
    for name in declared.upstream.processors:
        largest(model, name, name)
    for number in range(60):
        largest(model, None, f"{number}" + "ü" * 249)
    assert model.document is not None
    assert size(model.document) < 0.9 * MIB
    assert entries(model.document) < 0.65 * INDEX_ENTRIES
    assert max(len(key.encode()) for key in keys(model.document)) <= 100 < KEY
    assert set(doc.completed(model.document)) == set(declared.upstream.processors)


def test_a_list_that_is_cut_belongs_to_a_full_run() -> None:
    model = Model(boundary("phase3_to_phase4"))
    first, *_ = model.boundary.upstream.processors
    small = completion(first, is_incremental=True, entities_changed=("a", "b"))
    model.handle(small)
    assert (model.document or {})[first]["is_incremental"] is True
    model.handle(replace(small, execution_id="later", entities_changed=tuple(f"{n:045}" for n in range(5_000))))
    stored = (model.document or {})[first]
    assert stored["is_incremental"] is False
    assert 1_000 < len(stored["entities_changed"]) < 5_000


def test_what_is_cut_does_not_depend_on_the_order_or_the_portions() -> None:
    found = [f"{random.Random(number).random()}" * 3 for number in range(9_000)]
    portions = [found[start::3] for start in range(3)]
    results = []
    for order in itertools.permutations(portions):
        kept: list[str] = []
        for portion in order:
            kept, _ = bounds.entities([*kept, *portion], 5)
        results.append(kept)
    assert all(kept == bounds.entities(found, 5)[0] for kept in results)


def test_a_batch_counts_only_from_a_declared_sender() -> None:
    model = Model(boundary("phase5_to_phase6"))
    done = {"completion_pct": 100, "completed_predictions": 50, "batch_id": "b"}
    for number in range(40):
        model.handle(completion(None, sender=f"Stranger{number}", metadata=done))
    assert doc.completed(model.document or {}) == {}
    assert model.published == []
    model.document = {
        **(model.document or {}),
        "stranger": {"status": "success", "metadata": done},
    }  # of an older engine
    assert model.handle(None).status == "done"
    assert model.handle(completion("prediction_coordinator", metadata=done)).status == "triggered"


GOOD = {
    "processor_name": "PlayerGameSummaryProcessor",
    "phase": "phase_3_analytics",
    "game_date": DATE,
    "execution_id": "e",
    "status": "success",
    "timestamp": "2026-01-30T09:00:00Z",
}


def read(**values: Any) -> tuple[Any, list[str]]:
    view = view_of(ORCHESTRATORS["phase3_to_phase4"])
    return message.completion(Envelope(json.dumps(GOOD | values).encode()), view, view.boundary().upstream)


@pytest.mark.parametrize("field", ["execution_id", "processor_name"])
@pytest.mark.parametrize(
    ("text", "fits"), [("x" * 500, True), ("x" * 501, False), ("é" * 250, True), ("é" * 251, False)]
)
def test_a_name_or_id_is_bounded_in_bytes(field: str, text: str, fits: bool) -> None:
    if fits:
        assert read(**{field: text})[1] == []
        return
    with pytest.raises(Bad, match="500 bytes") as raised:
        read(**{field: text})
    assert raised.value.reason == "wrong_type"


def test_a_correlation_id_out_of_bounds_is_dropped_and_the_completion_counts() -> None:
    found, warnings = read(correlation_id="x" * 2_000)
    assert (found.correlation_id, found.counts) == ("e", True)
    assert "correlation_id" in warnings[0]
    assert read(correlation_id="c0ffee00")[0].correlation_id == "c0ffee00"


def test_a_changed_id_out_of_bounds_makes_a_full_run() -> None:
    found, warnings = read(metadata={"is_incremental": True, "entities_changed": ["x" * 10_000] * 100})
    assert (found.is_incremental, found.entities_changed, found.counts) == (False, (), True)
    assert len(warnings) == 1
    found, warnings = read(metadata={"is_incremental": True, "entities_changed": ["x" * 200]})
    assert (found.is_incremental, warnings) == (True, [])


@pytest.mark.parametrize(("text", "bytes_"), [("", 1), ("a", 2), ("é", 3), ("a" * 499, 500)])
def test_text_takes_its_bytes_and_one(text: str, bytes_: int) -> None:
    assert bounds.size(text) == bytes_ == size(text)


def test_ids_are_kept_as_long_as_they_fit_and_no_longer() -> None:
    each = 320 * 1024 // 4
    whole = [letter * (each - 1) for letter in "abcd"]
    assert bounds.entities(whole, 1) == (whole, True)
    assert bounds.entities([*whole[:3], "d" * each], 1) == (whole[:3], False)
    assert bounds.entities(["a", "b" * 400_000, "c"], 1) == (["a"], False)
    many = [f"{number:05}" for number in range(15_001)]
    assert bounds.entities(many[:-1], 1) == (many[:-1], True)
    assert bounds.entities(many, 1) == (many[:-1], False)
    assert bounds.entities(many, 3) == (many[:5_000], False)
    assert bounds.cut("é" * 10, 19) == "é" * 9


def test_numbers_of_a_batch_are_kept_as_long_as_they_fit() -> None:
    found = {f"n{number:03}": number for number in range(400)}
    kept = bounds.metadata(found, ())
    assert kept == dict(itertools.islice(found.items(), 4_000 // (5 + 8)))
    assert [*bounds.metadata(found, ["n399"])][:2] == ["n399", "n000"]
    assert bounds.metadata({"a": "x" * 499, "b": "x" * 500, "C": 1, "d": None, "e": True}, ()) == {
        "a": "x" * 499,
        "e": True,
    }


def test_what_is_kept_of_an_unknown_name_is_bounded() -> None:
    model = Model(boundary("phase2_to_phase3"))
    model.handle(completion(None, sender="x" * 300, correlation_id="y" * 200))
    [stored] = (model.document or {})[doc.UNKNOWN].values()
    assert (stored["name"], stored["correlation_id"]) == ("x" * 200, "y" * 200)


def test_what_a_message_says_is_taken_as_it_says_it() -> None:
    assert read(metadata={"skip_downstream": True})[0].skip_downstream is True
    assert read(skip_downstream=True)[0].skip_downstream is True
    assert read(metadata={"rows": 5})[0].skip_downstream is False
    assert read(metadata={"rows": 5})[0].metadata == {}
    assert (read()[0].counts, read(status="failed")[0].counts) == (True, False)
    found, warnings = read(metadata={"is_incremental": True, "entities_changed": "abc"})
    assert (found.entities_changed, found.is_incremental, len(warnings)) == ((), False, 1)
    with pytest.raises(Bad, match=f"'{'x' * 100}' is not known"):
        read(schema_version="x" * 200)
    with pytest.raises(Bad, match="timestamp"):
        read(timestamp="0001-01-01T00:00:00+23:59")


def test_a_batch_brings_its_numbers() -> None:
    view = view_of(ORCHESTRATORS["phase5_to_phase6"])
    said = GOOD | {
        "processor_name": "PredictionCoordinator",
        "phase": view.boundary().upstream.label,
        "metadata": {"completion_pct": 90, "completed_predictions": 100},
    }
    found, _ = message.completion(Envelope(json.dumps(said).encode()), view, view.boundary().upstream)
    assert (found.metadata["completion_pct"], found.metadata["completed_predictions"]) == (90, 100)


@pytest.mark.parametrize(("number", "fits"), [(2**63 - 1, True), (-(2**63) + 1, True), (2**63, False), (True, False)])
def test_a_number_has_64_bits(number: object, fits: bool) -> None:
    assert is_number(number) is fits
