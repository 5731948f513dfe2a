"""An attempt for real: what each effect becomes, what is logged of its outcome, and when its lease is renewed."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from shared.decisions.effects import GateResult, Pause
from shared.decisions.protocol import Outcome
from shared.orchestration import lease, repeat, runner
from shared.orchestration.dependencies import CheckGatesWith, Dependencies

from tests.functions.model import DATE, gate_result
from tests.functions.test_endpoint import BESIDE_EMULATORS, Memory
from tests.functions.views import ORCHESTRATORS, view_of

VIEW = view_of(ORCHESTRATORS["phase3_to_phase4"])
BOUNDARY = VIEW.boundary()
EXPECTED = BOUNDARY.modes[0].expected


def dependencies_of(memory: Memory, check_gates: CheckGatesWith | None = None) -> Dependencies:
    made = Dependencies(BESIDE_EMULATORS, VIEW, check_gates)
    made.store = made.publisher = memory  # type: ignore[assignment]
    made.events.report = lambda *_: None  # type: ignore[method-assign]
    return made


def complete() -> Memory:
    memory = Memory()
    record = {"status": "success", "completed_at": datetime(2026, 1, 30, tzinfo=UTC)}
    memory.documents[DATE] = dict.fromkeys(EXPECTED, record) | {"_triggered": False}
    return memory


@pytest.mark.parametrize(("blocks", "status"), [(True, "blocked"), (False, "triggered")])
def test_what_the_gates_say_is_what_happens(blocks: bool, status: str, capsys: pytest.CaptureFixture[str]) -> None:
    memory, asked = complete(), []

    def check(*given: Any) -> list[GateResult]:
        asked.append(given[1:])
        return gate_result(blocks=blocks)

    assert runner.run(dependencies_of(memory, check), BOUNDARY, DATE).status == status
    assert asked == [(BOUNDARY, "overnight", DATE)]
    assert bool(memory.topics.get(BOUNDARY.trigger.topic)) is not blocks


def test_gates_that_nobody_can_look_at_are_no_pass() -> None:
    with pytest.raises(RuntimeError, match="gives no way to look at data"):
        runner.run(dependencies_of(complete()), BOUNDARY, DATE)


def events(capsys: pytest.CaptureFixture[str]) -> list[tuple[str, str]]:
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [(each["severity"], each["event"]) for each in told]


def gate(*, blocks: bool, alerts: bool) -> GateResult:
    return GateResult("gate", "Gate", 50.0, blocks, alerts, "Gate: 50, at least 80 wanted")


@pytest.mark.parametrize(
    ("outcome", "logged"),
    [
        (Outcome("triggered", "all_complete"), [("NOTICE", "trigger_published")]),
        (Outcome("busy", "another attempt is publishing"), [("WARNING", "lease_held")]),
        (Outcome("done", "open"), [("INFO", "completion_handled")]),
        (Outcome("blocked", "no", None, (gate(blocks=True, alerts=True),)), [("ERROR", "gate_blocked")]),
        (
            Outcome("triggered", "yes", None, (gate(blocks=False, alerts=True), gate(blocks=False, alerts=False))),
            [("NOTICE", "trigger_published"), ("WARNING", "gate_warning")],
        ),
    ],
)
def test_an_outcome_is_logged_under_the_name_that_alerts_look_for(
    outcome: Outcome, logged: list[tuple[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    runner.note(outcome)
    assert events(capsys) == logged


def test_pauses_double_up_to_three_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    between: list[tuple[float, float]] = []
    monkeypatch.setattr(random, "uniform", lambda low, high: between.append((low, high)))
    for attempt in range(8):
        runner._perform(dependencies_of(Memory()), Pause(attempt))
    longest = [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.0, 3.0]
    assert between == [(each / 2, each) for each in longest]


@pytest.mark.parametrize("renews", [True, False])
def test_the_lease_is_renewed_while_gates_are_asked_and_while_it_is_published(
    renews: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory, during = complete(), []

    @contextmanager
    def renewed(*_: Any) -> Iterator[None]:
        before = len(memory.topics)
        yield
        during.append(len(memory.topics) - before)

    monkeypatch.setattr(lease, "renewed", renewed)
    made = dependencies_of(memory, lambda *_: gate_result(blocks=False))
    made.renews_leases = renews
    assert runner.run(made, BOUNDARY, DATE).status == "triggered"
    assert during == ([0, 1] if renews else [])


def test_a_trigger_is_repeated_under_its_id_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = complete()
    made = dependencies_of(memory, lambda *_: gate_result(blocks=False))
    assert repeat.publish_again(made, BOUNDARY, memory.read("c", DATE)) is None, "it was never triggered"
    runner.run(made, BOUNDARY, DATE)
    first = len(memory.topics[BOUNDARY.trigger.topic])
    for number in (1, 2):
        assert repeat.publish_again(made, BOUNDARY, memory.read("c", DATE)) == number
        assert repeat.attempts(memory.documents[DATE]) == number
    sent = [each.attributes["attempt"] for each in memory.topics[BOUNDARY.trigger.topic]]
    assert sent == ["1"] * first + ["2"] * first + ["3"] * first
    assert len({each.attributes["trigger_id"] for each in memory.topics[BOUNDARY.trigger.topic]}) == 1


@pytest.mark.parametrize(
    ("stored", "count"), [({}, 0), ({"_republished": {"count": 2}}, 2), ({"_republished": "x"}, 0)]
)
def test_what_was_never_repeated_was_repeated_no_times(stored: dict[str, Any], count: int) -> None:
    assert repeat.attempts(stored) == count
