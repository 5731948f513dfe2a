"""What the functions really publish: triggers fit their consumers' schema, events become rows of their tables.

Incident 41: publisher and consumer each had a list of fields of their own, and every trigger was answered 400.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from blueprint.contracts.messages import TOLD
from tests.blueprint.schemas.test_streams import ENGINES, MESSAGES, SCHEMAS, STREAMS
from tests.functions.conftest import ROOT as FUNCTIONS_ROOT  # noqa: F401 - puts the functions' library on the path

from shared.decisions.effects import Message  # isort: skip
from shared.reports.events import EventPublisher  # isort: skip
from tests.functions.model import START, Model, completion, gate_result, payloads  # isort: skip
from tests.functions.views import ORCHESTRATORS, boundary, manifest, view_of  # isort: skip

BOUNDARIES = sorted(ORCHESTRATORS)


class Kept:
    """A publisher that keeps what it is given."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, Message]] = []

    def publish(self, topic: str, messages: tuple[Message, ...]) -> None:
        self.messages.extend((topic, message) for message in messages)


def completed(name: str, *, blocks: bool = False) -> Model:
    declared = boundary(name)
    model = Model(declared, (lambda: gate_result(blocks=True)) if blocks else list)
    if not declared.upstream.batch:
        for each in declared.modes[0].expected:
            model.handle(completion(each))
        return model
    batch = {"batch_id": "b1", "completion_pct": 98.0, "completed_predictions": 441, "expected_predictions": 450}
    model.handle(completion("prediction_coordinator", metadata=batch))
    return model


def row_of(stream: str, message: Message) -> dict[str, Any]:
    from blueprint.schemas.rows import check_row

    data = json.loads(message.data)
    assert MESSAGES[STREAMS[stream].message].validate(data) == ()
    row = ENGINES[stream](message.data.decode())
    assert check_row(SCHEMAS.tables[STREAMS[stream].table].columns, row) == ()
    return row


@pytest.mark.parametrize("name", BOUNDARIES)
def test_triggers_fit_the_schema_of_their_consumer(name: str) -> None:
    model = completed(name)
    topic = manifest().topics[boundary(name).trigger.topic]
    assert payloads(model)
    for messages in model.published:
        for message in messages:
            assert MESSAGES[topic.message].validate(json.loads(message.data), message.attributes) == ()


@pytest.mark.parametrize("blocks", [False, True])
@pytest.mark.parametrize("name", BOUNDARIES)
def test_executions_become_rows(name: str, blocks: bool) -> None:
    model = completed(name, blocks=blocks)
    kept = Kept()
    for report in model.reports:
        assert {*report.facts} >= {*TOLD["executions"]}
        EventPublisher(view_of(ORCHESTRATORS[name]), kept).report(report.part, report.facts)  # type: ignore[arg-type]
    assert kept.messages
    for topic, message in kept.messages:
        assert topic == manifest().events.executions
        row = row_of("executions", message)
        assert row["phase_name"] == name
        assert isinstance(json.loads(row["metadata"]), dict)


def test_errors_become_rows() -> None:
    kept = Kept()
    events = EventPublisher(view_of(ORCHESTRATORS["phase3_to_phase4"]), kept)  # type: ignore[arg-type]
    events.error("bad_message", "No game_date.\x00 \ud7ff 'quoted' 🏀", category="processing_error", identity="1")
    events.error(
        "trigger_without_effect",
        "Nothing started.",
        category="upstream_failure",
        severity="warning",
        date=START.date().isoformat(),
        phase="phase3",
        processor_name="x",
        correlation_id="c0ffee00",
        recovery_attempted=True,
        recovery_successful=None,
    )
    assert [topic for topic, _ in kept.messages] == [manifest().events.errors] * 2
    rows = [row_of("errors", message) for _, message in kept.messages]
    assert rows[0]["created_at"]
    assert all(json.loads(message.data).keys() >= {*TOLD["errors"]} for _, message in kept.messages)
    assert rows[1][manifest().date_field] == START.date().isoformat()
    assert "recovery_successful" not in rows[1]


@pytest.mark.parametrize(
    "facts",
    [
        {"status": "complete"},
        {"duration_seconds": "2.5"},
        {"status": "done"},
        {"duration_seconds": -1.0},
        {"date": "2026-02-30"},
        {"metadata": ["a list"]},
    ],
)
def test_an_event_that_is_no_row_is_refused_in_the_process(
    facts: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """Incident 67: rows of the wrong types were refused by the table, unseen; now they are one line of the log,
    whole.
    """
    whole = completed("phase3_to_phase4").reports[-1].facts
    changed = {**whole, **facts} if facts != {"status": "complete"} else facts
    kept = Kept()
    EventPublisher(view_of(ORCHESTRATORS["phase3_to_phase4"]), kept).report("executions", changed)  # type: ignore[arg-type]
    assert kept.messages == []
    assert "event_not_published" in capsys.readouterr().out
