"""A decision is recorded with what it rests on, and read from there whatever happens meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from shared.decisions import document as doc
from shared.decisions import rules
from shared.decisions.effects import CheckGates, Publish
from shared.declaration.types import Mode, Processor

from tests.functions.model import DATE, LEASE, START, ZONE, Model, completion, payloads
from tests.functions.test_interleavings import stricter
from tests.functions.test_transition import until
from tests.functions.views import boundary

EVENING = datetime(2026, 1, 29, 23, 59, tzinfo=ZONE).astimezone(UTC)
TODAY = boundary("phase3_to_phase4").modes[1].expected


def interrupted(model: Model, last: str) -> None:
    """Handle the deciding completion as far as its publication, and stop there for ever."""
    until(model, model.deliver("stopped", completion(last)), Publish)
    assert model.published == []


def evening() -> Model:
    model = Model(boundary("phase3_to_phase4"), now=EVENING)
    model.handle(completion(TODAY[1]))
    interrupted(model, TODAY[0])
    return model


def test_the_decision_says_what_it_rests_on() -> None:
    model = evening()
    assert model.document is not None
    assert model.document[doc.DECISION] == {
        "at": EVENING,
        "mode": "same_day",
        "reason": "all_complete",
        "partial": False,
        "status": "complete",
        "expected": list(TODAY),
        "completed": list(TODAY),
        "missing": [],
    }


@pytest.mark.parametrize(("declared", "asked"), [("same_day", "same_day"), ("evening", "overnight")])
def test_a_decision_whose_mode_a_release_took_away_meets_the_gates_of_the_mode_that_the_date_has_now(
    declared: str, asked: str
) -> None:
    model = evening()
    model.pass_time(seconds=LEASE)
    modes = [replace(mode, name=declared) if mode.name == "same_day" else mode for mode in model.boundary.modes]
    model.boundary = replace(model.boundary, modes=tuple(modes))
    tick = until(model, model.deliver("tick", None), CheckGates)
    assert tick.effect.mode == asked
    assert model.finish(tick).acknowledged
    assert {each["mode"] for each in payloads(model)} == {"same_day"}, "it is carried out as decided"


@pytest.mark.parametrize("redelivered", [None, TODAY[0], TODAY[1]])
def test_what_was_due_at_midnight_is_published_after_it(redelivered: str | None) -> None:
    model = evening()
    model.pass_time(seconds=LEASE)
    assert model.handle(completion(redelivered) if redelivered else None).status == "triggered"
    assert {(each["mode"], each["trigger_reason"]) for each in payloads(model)} == {("same_day", "all_complete")}
    assert model.document is not None
    assert (model.document[doc.MODE], model.document[doc.MISSING]) == ("same_day", [])


def test_a_date_that_was_not_decided_is_judged_by_the_day_on_which_it_is_looked_at() -> None:
    model = Model(boundary("phase3_to_phase4"), now=EVENING)
    model.handle(completion(TODAY[1]))
    model.pass_time(minutes=2)
    assert model.handle(completion(TODAY[0])).note == "open"
    assert model.document is not None
    assert (model.document[doc.MODE], doc.DECISION in model.document) == ("overnight", False)


def test_another_release_of_the_rules_does_not_take_a_decision_back() -> None:
    model = evening()
    model.boundary = stricter(model.boundary)
    model.pass_time(seconds=LEASE)
    assert model.handle(None).status == "triggered"


def test_changes_that_came_after_the_decision_are_published_with_it() -> None:
    model = evening()
    late = completion("player_game_summary", is_incremental=True, entities_changed=("late",))
    assert model.handle(late).status == "busy"
    model.pass_time(seconds=LEASE)
    model.handle(None)
    assert "late" in payloads(model)[0]["entities_changed"]["players"]


def test_a_lease_of_an_engine_that_recorded_no_decision_is_carried_out_as_it_was_taken() -> None:
    model = evening()
    assert model.document is not None
    del model.document[doc.DECISION]
    model.pass_time(seconds=LEASE)
    assert model.handle(None).status == "triggered"
    assert payloads(model)[0]["mode"] == "same_day"


@pytest.mark.parametrize("stored", ["text", {}, {"reason": 1, "mode": "same_day"}, {"reason": "x", "mode": None}])
def test_what_is_no_decision_is_none(stored: Any) -> None:
    model = Model(boundary("phase3_to_phase4"))
    model.handle(completion(TODAY[0]))
    model.document = {**(model.document or {}), doc.DECISION: stored}
    assert model.handle(None).note == "open"


def test_a_processor_that_was_renamed_between_deliveries_counts_once_under_its_new_name() -> None:
    declared = boundary("phase2_to_phase3")
    names = declared.modes[0].expected
    old = replace(declared, upstream=_with(declared.upstream, names[0], "old_name", ()))
    old = replace(old, modes=tuple(replace(each, expected=("old_name", *each.expected[1:])) for each in old.modes))
    model = Model(old)
    model.handle(completion("old_name"))
    model.boundary = replace(declared, upstream=_with(declared.upstream, names[0], names[0], ("old_name",)))
    for name in (names[0], *names[1:]):
        outcome = model.handle(completion(name, completed_at=START + timedelta(minutes=1)))
    assert outcome.status == "triggered"
    assert payloads(model)[0]["completed_processors"] == list(names)


def test_what_was_recorded_under_an_old_name_is_enough() -> None:
    declared = boundary("phase2_to_phase3")
    names = declared.modes[0].expected
    model = Model(replace(declared, upstream=_with(declared.upstream, names[0], names[0], ("old_name",))))
    model.handle(completion(names[1]))
    model.document = {**(model.document or {}), "old_name": {"completed_at": START, "status": "success"}}
    model.document[doc.COMPLETED_COUNT] = 2
    for name in names[2:]:
        outcome = model.handle(completion(name))
    assert outcome.status == "triggered"
    assert model.date == DATE


def _with(phase: Any, replaced: str, name: str, aliases: tuple[str, ...]) -> Any:
    processors = {key: each for key, each in phase.processors.items() if key != replaced}
    return replace(phase, processors={name: Processor(name, aliases=aliases), **processors})


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_whose_correlation_id_a_date_carries_does_not_depend_on_the_order(order: tuple[int, ...]) -> None:
    names = boundary("phase2_to_phase3").modes[0].expected
    ended = [
        completion(names[0], correlation_id="first", completed_at=START),
        completion(names[1], correlation_id="latest", completed_at=START + timedelta(minutes=2)),
        completion(names[2], correlation_id="failed", status="failed", completed_at=START + timedelta(minutes=3)),
        completion(None, correlation_id="stranger", completed_at=START + timedelta(minutes=4)),
    ]
    model = Model(boundary("phase2_to_phase3"))
    for number in order:
        model.handle(ended[number])
    assert model.document is not None
    assert model.document[doc.CORRELATION_ID] == "latest"


def test_a_stranger_lends_no_correlation_id() -> None:
    model = Model(boundary("phase2_to_phase3"))
    model.handle(completion(None, correlation_id="stranger"))
    assert model.document is not None
    assert doc.CORRELATION_ID not in model.document


def test_a_batch_carries_the_correlation_id_of_the_run_that_is_enough() -> None:
    enough = {"completion_pct": 100, "completed_predictions": 50}
    model = Model(boundary("phase5_to_phase6"))
    coordinator = completion("prediction_coordinator", correlation_id="enough", metadata=enough)
    later = START + timedelta(hours=1)
    model.handle(replace(coordinator, correlation_id="small", execution_id="late", metadata={}, completed_at=later))
    assert model.handle(coordinator).status == "triggered"
    assert payloads(model)[0]["correlation_id"] == "enough"


@pytest.mark.parametrize("mode", boundary("phase3_to_phase4").modes, ids=lambda mode: mode.name)
def test_a_lease_without_a_decision_expects_what_its_mode_does(mode: Mode) -> None:
    taken = rules.decided(boundary("phase3_to_phase4"), {doc.PENDING: {"reason": "all_complete", "mode": mode.name}})
    assert taken is not None
    assert (taken.mode.name, taken.mode.expected) == (mode.name, mode.expected)


def test_a_lease_of_a_mode_that_is_no_more_expects_nothing() -> None:
    taken = rules.decided(boundary("phase3_to_phase4"), {doc.PENDING: {"reason": "all_complete", "mode": "weekly"}})
    assert taken is not None
    assert taken.mode.expected == ()
