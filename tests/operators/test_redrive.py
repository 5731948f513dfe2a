"""A dead letter that holds an outage is published again; poison stays; nothing is removed before it is stored anew."""

from __future__ import annotations

from typing import Any

import pytest

from ops import redrive
from ops.operate.cloud import DataPlane, DataPlaneError
from tests.operators.conftest import Run, System

FUNCTION = "phase2-to-phase3-orchestrator"
HOLD = f"{FUNCTION}--nba-phase2-raw-complete--dead-letter"
PLATFORM = {"CloudPubSubDeadLetterSourceDeliveryCount": "20", "origin": "test"}


def group(printed: Any, reason: str) -> Any:
    return next(each for each in printed["groups"] if each["reason"] == reason)


@pytest.fixture(autouse=True)
def empty(system: System) -> None:
    system.pull(f"{HOLD}-hold")
    system.pull("see-nba-phase2-raw-complete")


def test_what_was_undelivered_goes_back_and_poison_stays(system: System, ops: Run) -> None:
    for number in range(5):
        system.publish(HOLD, {"n": number}, **PLATFORM)
    system.publish(HOLD, b"\xff not json", reason="not_json", function=FUNCTION)
    code, printed = ops("redrive", FUNCTION, "--json")
    assert code == 3
    assert group(printed, "undelivered")["count"] == 5
    assert group(printed, "not_json")["moves"] is False
    assert system.pull("see-nba-phase2-raw-complete") == [], "looking publishes nothing"

    code, printed = ops("redrive", FUNCTION, "--yes", "--json")
    moved = system.pull("see-nba-phase2-raw-complete")
    assert code == 3
    assert group(printed, "undelivered")["redriven"] == 5
    assert sorted(dict(each.attributes)["redrive_count"] for each in moved) == ["1"] * 5
    assert {key for each in moved for key in each.attributes} == {"origin", "redrive_count"}
    assert len(system.pull(f"{HOLD}-hold")) == 1, "poison stays"


def test_named_poison_goes_back_without_what_the_function_added(system: System, ops: Run) -> None:
    system.publish(HOLD, {"n": 1}, reason="unknown_processor", function=FUNCTION, detail="x", origin="test")
    code, _ = ops("redrive", f"{HOLD}-hold", "--yes", "--reason", "unknown_processor", "--json")
    (moved,) = system.pull("see-nba-phase2-raw-complete")
    assert code == 0
    assert dict(moved.attributes) == {"origin": "test", "redrive_count": "1"}


def test_a_publisher_cannot_pose_as_poison(system: System, ops: Run) -> None:
    system.publish(HOLD, {"n": 1}, reason="not_json")
    assert ops("redrive", FUNCTION, "--yes", "--json")[0] == 0
    assert len(system.pull("see-nba-phase2-raw-complete")) == 1


def test_what_was_redriven_three_times_needs_a_person(system: System, ops: Run) -> None:
    system.publish(HOLD, {"n": 1}, redrive_count="3")
    code, printed = ops("redrive", FUNCTION, "--yes", "--json")
    assert (code, printed["groups"][0]["redriven"]) == (3, 0)
    assert ops("redrive", FUNCTION, "--yes", "--force", "--json")[0] == 0


def test_an_interruption_loses_nothing(system: System, ops: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        system.publish(HOLD, {"n": number})
    calls: list[str] = []
    publish = DataPlane.publish

    def failing(self: DataPlane, topic: str, data: bytes, attributes: dict[str, str]) -> str:
        calls.append(topic)
        if len(calls) == 3:
            raise DataPlaneError("Pub/Sub does not answer: seeded.")
        return publish(self, topic, data, attributes)

    monkeypatch.setattr(DataPlane, "publish", failing)
    code, printed = ops("redrive", FUNCTION, "--yes", "--json")
    assert code == 1
    assert "seeded" in printed["failure"]
    monkeypatch.undo()
    moved = [each.data for each in system.pull("see-nba-phase2-raw-complete")]
    waiting = [each.data for each in system.pull(f"{HOLD}-hold")]
    assert len(moved) == 2
    assert sorted([*moved, *waiting]) == [b'{"n": 0}', b'{"n": 1}', b'{"n": 2}', b'{"n": 3}']


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b'{"token": "abc123"}', "{[masked]}"),
        (b"https://hooks.slack.com/services/T/B/x rest", "[masked] rest"),
        (b"Bearer abc.def-ghi", "[masked]"),
        (b"\x1b[31mred\n\xff", "·[31mred·\\xff"),
    ],
)
def test_samples_show_no_secret_and_no_control_character(data: bytes, shown: str) -> None:
    assert redrive.masked(data) == shown
