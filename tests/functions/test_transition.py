"""One date from its first completion to its trigger, and each way in which an earlier version went wrong
(incidents 33, 44, 46, 47)."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import pytest
from shared.decisions import document as doc
from shared.decisions.effects import CheckGates, Publish, Write
from shared.decisions.transition import overdue

from tests.functions.model import DATE, LEASE, START, Delivery, Model, completion, gate_result, payloads
from tests.functions.views import boundary

P2 = boundary("phase2_to_phase3").modes[0].expected
P3 = boundary("phase3_to_phase4").modes[0].expected


def complete(model: Model, names: tuple[str, ...], **values: Any) -> str:
    return [model.handle(completion(name, **values)) for name in names][-1].status


def until(model: Model, delivery: Delivery, effect: type) -> Delivery:
    while not isinstance(delivery.effect, effect):
        model.step(delivery)
    return delivery


def test_first_completion_opens_the_date() -> None:
    model = Model(boundary("phase2_to_phase3"))
    assert model.handle(completion(P2[0], record_count=5)).status == "done"
    assert model.document == {
        P2[0]: {
            "completed_at": START,
            "status": "success",
            "record_count": 5,
            "correlation_id": "c0ffee00",
            "execution_id": f"execution-{P2[0]}",
            "is_incremental": False,
            "entities_changed": [],
        },
        "_completed_count": 1,
        "_correlation_id": "c0ffee00",
        "_expires_at": START + timedelta(days=400),
        "_first_completion_at": START,
        "_last_update": START,
        "_missing_processors": [name for name in P2 if name != P2[0]],
        "_mode": "any",
        "_triggered": False,
    }


def test_last_completion_triggers_once_and_marks_after() -> None:
    model = Model(boundary("phase2_to_phase3"))
    assert complete(model, P2) == "triggered"
    assert complete(model, P2) == "done"
    assert model.document is not None
    assert {name: model.document[name] for name in ("_triggered", "_trigger_reason", "_trigger_id")} == {
        "_triggered": True,
        "_trigger_reason": "all_complete",
        "_trigger_id": f"phase2_to_phase3:{DATE}",
    }
    assert payloads(model) == [
        {
            "game_date": DATE,
            "trigger_source": "orchestrator",
            "correlation_id": "c0ffee00",
            "completed_processors": list(P2),
        }
    ]
    assert [report.facts["status"] for report in model.reports] == ["complete"]


def test_a_duplicate_writes_nothing() -> None:
    model = Model(boundary("phase2_to_phase3"))
    model.handle(completion(P2[0]))
    version = model.version
    model.handle(completion(P2[0]))
    assert model.version == version


def test_a_redelivery_after_a_failed_publication_triggers() -> None:
    """The duplicate branch once acknowledged it, and the date was never triggered."""
    model = Model(boundary("phase2_to_phase3"))
    complete(model, P2[:-1])
    last = until(model, model.deliver("last", completion(P2[-1])), Publish)
    model.step(last, fault="before")
    model.finish(last)
    assert last.failed
    assert model.document is not None
    assert model.document[doc.TRIGGERED] is False
    assert model.document[doc.PENDING] is None, "a lease given back lets the next delivery work at once"
    assert model.handle(completion(P2[-1])).status == "triggered"
    assert [report.facts["status"] for report in model.reports] == ["failed", "complete"]


def test_a_crash_after_the_publication_is_published_again_under_the_same_id() -> None:
    model = Model(boundary("phase2_to_phase3"))
    complete(model, P2[:-1])
    crashed = until(model, model.deliver("crashed", completion(P2[-1])), Publish)
    model.step(crashed)
    assert model.handle(completion(P2[-1])).status == "busy", "not acknowledged while another may still publish"
    assert model.handle(None).status == "busy"
    model.pass_time(seconds=LEASE)
    assert model.handle(None).status == "triggered", "the timer repairs what no redelivery does"
    assert len(model.published) == 2
    assert len({message.attributes["trigger_id"] for messages in model.published for message in messages}) == 1


def test_a_lease_written_by_a_call_that_seemed_to_fail_is_recognised() -> None:
    model = Model(boundary("phase2_to_phase3"))
    complete(model, P2[:-1])
    last = until(model, model.deliver("last", completion(P2[-1])), Write)
    model.step(last, fault="after")
    model.finish(last)
    assert last.outcome is not None
    assert last.outcome.status == "triggered"
    assert len(model.published) == 1


def test_a_blocked_gate_is_recorded_released_and_retried() -> None:
    answers = [gate_result(blocks=True), gate_result(blocks=True), gate_result(blocks=False)]
    model = Model(boundary("phase3_to_phase4"), gates=lambda: answers.pop(0))
    assert complete(model, P3[:4]) == "blocked"
    assert model.document is not None
    assert (model.document[doc.TRIGGERED], model.document[doc.PENDING]) == (False, None)
    assert model.document[doc.BLOCKED]["gates"][0]["detail"] == "Gate: 50, at least 80 wanted"
    model.pass_time(minutes=15)
    assert model.handle(None).status == "blocked"
    assert model.document[doc.BLOCKED]["count"] == 2
    assert model.document[doc.BLOCKED]["since"] == START
    assert model.published == []
    model.pass_time(minutes=15)
    assert model.handle(None).status == "triggered"
    assert model.document[doc.BLOCKED]["passed_at"] == model.now
    assert [report.facts["status"] for report in model.reports] == ["blocked", "blocked", "complete"]


def test_a_gate_that_cannot_look_is_no_pass_and_no_block() -> None:
    model = Model(boundary("phase3_to_phase4"))
    model.handle(completion(P3[0]))
    model.handle(completion(P3[2]))
    delivery = until(model, model.deliver("critical", completion("upcoming_player_game_context")), CheckGates)
    model.step(delivery, fault="before")
    model.finish(delivery)
    assert delivery.failed
    assert model.document is not None
    assert doc.BLOCKED not in model.document
    assert model.handle(completion("upcoming_player_game_context")).status == "triggered"


def test_silence_ends_by_the_timer() -> None:
    model = Model(boundary("phase2_to_phase3"))
    critical = boundary("phase2_to_phase3").modes[0].critical
    complete(model, critical)
    model.pass_time(minutes=29, seconds=59)
    assert model.handle(None).status == "done"
    model.pass_time(seconds=1)
    assert model.handle(None).note == "deadline_exceeded"
    assert [report.facts["status"] for report in model.reports] == ["deadline_exceeded"]
    assert model.document is not None
    assert model.document["_trigger_partial"] is True


def test_a_tick_writes_what_the_clock_changed_and_nothing_else() -> None:
    model = Model(boundary("phase3_to_phase4"))
    model.handle(completion(P3[0]))
    version = model.version
    assert (model.handle(None).note, model.version) == ("open", version)
    assert model.document is not None
    del model.document["_missing_processors"]
    model.handle(None)
    assert model.document["_missing_processors"] == [name for name in P3 if name != P3[0]]


@pytest.mark.parametrize(("status", "field"), [("failed", "_failed"), ("no_data", "_no_data")])
def test_a_terminal_failure_is_recorded_beside_the_completed(status: str, field: str) -> None:
    model = Model(boundary("phase2_to_phase3"))
    complete(model, P2[:-1])
    assert model.handle(completion(P2[-1], status=status, error_message="boom")).status == "done"
    assert model.document is not None
    assert list(model.document[field]) == [P2[-1]]
    assert P2[-1] not in model.document
    assert model.document["_completed_count"] == 4
    assert model.handle(completion(P2[-1])).status == "triggered"
    assert list(model.document[field]) == [P2[-1]], "what happened stays on record"


def test_an_unknown_name_is_recorded_and_never_counted() -> None:
    model = Model(boundary("phase2_to_phase3"))
    for number in range(60):
        model.handle(completion(None, sender=f"Strange`r{number}__"))
    assert model.document is not None
    assert doc.completed(model.document) == {}
    assert len(model.document["_unknown"]) == 50
    assert model.document["_first_completion_at"] is None
    model.pass_time(days=1)
    assert model.handle(None).status == "done"


def test_backfills_never_trigger_but_show_as_completed() -> None:
    model = Model(boundary("phase2_to_phase3"))
    complete(model, P2, skip_downstream=True)
    model.pass_time(days=2)
    assert model.handle(None).status == "done"
    assert model.document is not None
    assert model.document["_completed_count"] == 5
    assert model.document["_missing_processors"] == []
    complete(model, P2[:-1])
    assert model.published == []
    assert complete(model, P2[-1:]) == "triggered"


def test_changed_entities_are_united_over_completions_and_processors() -> None:
    model = Model(boundary("phase3_to_phase4"))
    later = START + timedelta(hours=1)
    model.handle(completion("player_game_summary", is_incremental=True, entities_changed=("b", "a")))
    model.handle(completion("player_game_summary", is_incremental=True, entities_changed=("c",), completed_at=later))
    model.handle(completion("team_offense_game_summary", is_incremental=True, entities_changed=("LAL",)))
    model.handle(completion("upcoming_player_game_context", is_incremental=True, entities_changed=("d", "a")))
    sent = payloads(model)
    assert [message["source_table"] for message in sent] == list(P3)
    assert all(message["entities_changed"] == {"players": ["a", "b", "c", "d"], "teams": ["LAL"]} for message in sent)
    done = {"player_game_summary", "team_offense_game_summary", "upcoming_player_game_context"}
    assert {message["source_table"] for message in sent if message["success"]} == done, "who never ran did not succeed"
    assert all(message["is_incremental"] is True for message in sent)
    assert all(message["analysis_date"] == message["game_date"] == DATE for message in sent)
    assert all(message["mode"] == "overnight" for message in sent)
    assert {message.attributes["source_table"] for message in model.published[0]} == set(P3)


def test_one_full_run_makes_the_whole_full() -> None:
    model = Model(boundary("phase3_to_phase4"))
    for name in P3:
        model.handle(completion(name, is_incremental=name != P3[0], entities_changed=(name,)))
    assert {message["is_incremental"] for message in payloads(model)} == {False}


def test_each_table_says_whether_its_own_processor_succeeded() -> None:
    """Phase 4 was told that tables succeeded whose processor had failed or had never run."""
    declared = boundary("phase3_to_phase4")
    model = Model(declared)
    model.handle(completion("team_offense_game_summary", status="failed"))
    model.handle(completion("team_defense_game_summary", skip_downstream=True))
    for name in ("upcoming_player_game_context", "upcoming_team_game_context", "player_game_summary"):
        model.handle(completion(name))
    told = {message["source_table"]: message["success"] for message in payloads(model)}
    assert told == {name: name != "team_offense_game_summary" for name in declared.modes[0].expected}


@pytest.mark.parametrize(("minutes", "succeeded"), [(1, False), (-1, True)])
def test_a_failure_after_a_success_counts_and_one_before_it_does_not(minutes: int, succeeded: bool) -> None:
    model = Model(boundary("phase3_to_phase4"), gates=lambda: gate_result(blocks=not model.published and waiting))
    waiting = True
    for name in model.boundary.modes[0].expected:
        model.handle(completion(name))
    model.handle(completion(P3[0], status="failed", completed_at=START + timedelta(minutes=minutes)))
    waiting = False
    model.handle(None)
    told = {message["source_table"]: message["success"] for message in payloads(model)}
    assert told == dict.fromkeys(model.boundary.modes[0].expected, True) | {P3[0]: succeeded}


def test_the_batch_that_satisfies_stays_whatever_follows() -> None:
    model = Model(boundary("phase5_to_phase6"))
    good = {"batch_id": "b1", "completion_pct": 90, "completed_predictions": 100}
    poor = {"batch_id": "b2", "completion_pct": 10, "completed_predictions": 100}
    coordinator = completion("prediction_coordinator", status="partial")
    model.handle(dataclasses.replace(coordinator, metadata=poor, execution_id="2"))
    assert model.published == []
    model.handle(dataclasses.replace(coordinator, metadata=good, execution_id="1"))
    model.handle(
        dataclasses.replace(coordinator, metadata=poor, execution_id="3", completed_at=START + timedelta(hours=1))
    )
    (sent,) = payloads(model)
    assert sent["upstream_batch_id"] == "b1"
    assert sent["target_date"] == DATE
    assert "game_date" not in sent
    assert model.document is not None
    assert model.document["prediction_coordinator"]["metadata"]["batch_id"] == "b1"


@pytest.mark.parametrize(
    ("values", "late"),
    [({}, True), ({"status": "failed"}, True), ({"status": "no_data"}, True), ({"skip_downstream": True}, False)],
)
def test_a_date_is_overdue_whatever_ended_first_but_a_backfill(values: dict[str, Any], late: bool) -> None:
    model = Model(boundary("phase2_to_phase3"))
    model.handle(completion(P2[0], **values))
    assert model.document is not None
    deadline = timedelta(seconds=model.boundary.deadline)
    assert overdue(model.boundary, model.document, START + deadline) is late
    assert overdue(model.boundary, model.document, START + deadline - timedelta(seconds=1)) is False
