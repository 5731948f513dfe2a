"""A dead letter that holds an outage is published again; poison stays; nothing is removed before it is stored anew."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from ops import redrive
from ops.operate.cloud import DataPlane, DataPlaneError
from tests.operators.conftest import PROJECT, ROOT, Run, System

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
    """What Pub/Sub forwards carries its mark, whatever else its publisher wrote on it."""
    system.publish(HOLD, {"n": 1}, reason="not_json", function=FUNCTION, **PLATFORM)
    code, printed = ops("redrive", FUNCTION, "--yes", "--json")
    assert (code, group(printed, "undelivered")["redriven"]) == (0, 1)
    (moved,) = system.pull("see-nba-phase2-raw-complete")
    assert dict(moved.attributes) == {
        "reason": "not_json",
        "function": FUNCTION,
        "origin": "test",
        "redrive_count": "1",
    }, "what its publisher wrote stays"


def test_what_neither_pubsub_nor_a_function_put_there_stays_until_it_is_named(system: System, ops: Run) -> None:
    system.publish(HOLD, {"n": 1}, reason="undelivered")
    code, printed = ops("redrive", FUNCTION, "--json")
    assert (code, group(printed, "unknown_origin")["moves"]) == (3, False)
    assert ops("redrive", FUNCTION, "--yes", "--reason", "unknown_origin", "--json")[0] == 0


def test_what_an_interrupted_redrive_holds_is_counted_and_waited_for(system: System, ops: Run) -> None:
    for number in range(7):
        system.publish(HOLD, {"n": number}, **PLATFORM)
    script = "import os, sys\nfrom ops import redrive\nredrive._grouped = lambda *_: os.kill(os.getpid(), 9)\nfrom ops.__main__ import guarded\nguarded(sys.argv[1:])"
    given = ["redrive", FUNCTION, "--root", str(system.root), "--stack", "test"]
    assert subprocess.run([sys.executable, "-c", script, *given], cwd=ROOT, check=False).returncode == -9

    code, printed = ops("redrive", FUNCTION, "--no-wait", "--json")
    assert (code, printed["answer"], printed["leased"]) == (4, "NOT KNOWN", 7)
    code, printed = ops("redrive", FUNCTION, "--no-wait")
    assert "7 messages more were pulled by a redrive that was interrupted; they come back by" in printed
    assert "Nothing waits" not in printed

    code, printed = ops("redrive", FUNCTION, "--yes", "--json")
    assert (code, group(printed, "undelivered")["redriven"]) == (0, 7)


def test_what_another_machine_holds_is_not_known_at_once_and_had_after_a_wait(system: System, ops: Run) -> None:
    system.publish(HOLD, {"n": 1}, **PLATFORM)
    path = f"projects/{PROJECT}/subscriptions/{HOLD}-hold"
    assert system.subscriber.pull(request={"subscription": path, "max_messages": 10}).received_messages
    code, printed = ops("redrive", FUNCTION, "--no-wait")
    assert code == 4
    assert "NOT KNOWN  Nothing can be had now, and another may hold messages until" in printed
    code, printed = ops("redrive", FUNCTION, "--json")
    assert (code, group(printed, "undelivered")["count"]) == (3, 1)


def test_that_nothing_waits_is_said_after_the_longest_lease(system: System, ops: Run) -> None:
    code, printed = ops("redrive", FUNCTION)
    assert code == 0
    assert "Nothing waits: nothing came for as long as anybody can hold a message." in printed


def test_what_was_redriven_three_times_needs_a_person(system: System, ops: Run) -> None:
    system.publish(HOLD, {"n": 1}, redrive_count="3", **PLATFORM)
    code, printed = ops("redrive", FUNCTION, "--yes", "--json")
    assert (code, printed["groups"][0]["redriven"]) == (3, 0)
    assert ops("redrive", FUNCTION, "--yes", "--force", "--json")[0] == 0


def test_an_interruption_loses_nothing(system: System, ops: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        system.publish(HOLD, {"n": number}, **PLATFORM)
    calls: list[str] = []
    publish = DataPlane.publish

    def failing(self: DataPlane, topic: str, data: bytes, attributes: dict[str, str]) -> str:
        calls.append(topic)
        if len(calls) == 3:
            raise DataPlaneError("Pub/Sub does not answer: seeded.")
        return publish(self, topic, data, attributes)

    monkeypatch.setattr(DataPlane, "publish", failing)
    code, printed = ops("redrive", FUNCTION, "--yes", "--json")
    assert code == 4
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
