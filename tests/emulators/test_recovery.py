"""A process is killed at each step of an attempt, with the leases of production: how long until its date is triggered?

The archive is changed in one place: before the effect whose number a file names, the process kills itself, once.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from ops.local.cloud import Cloud
from ops.local.processes import FunctionProcess
from tests.emulators.conftest import Serve
from tests.emulators.fake_warehouse import FakeWarehouse
from tests.emulators.front import Front
from tests.emulators.messages import completion, envelope, eventually, post
from tests.emulators.test_delivery import GOOD, P3
from tests.functions import conftest  # noqa: F401 - puts functions/ on the path

from shared.orchestration import lease  # isort: skip

TOPIC = "nba-phase3-analytics-complete"
LAST = "upcoming_player_game_context"
"""Without it no rule holds."""
STEPS = ("Read", "Write", "CheckGates", "Publish", "Read", "Write", "Report")
"""What the attempt that publishes does, in this order; the kill comes before it, or after the last one."""
STARTS = 10
"""Seconds in which this machine starts a worker and delivers a message again."""
HOOK = """
    from pathlib import Path as _Path
    made = _Path(__file__).with_name("steps")
    kill = _Path(__file__).with_name("kill")
    if kill.exists():
        steps = made.read_text().split() if made.exists() else []
        steps = [] if type(effect).__name__ == "Read" and steps[-1:] != ["Publish"] else steps
        made.write_text(" ".join([*steps, type(effect).__name__]))
        if made.read_text() == kill.read_text():
            kill.unlink()
            _Path(__file__).with_name("killed").write_text(str(time.time()))
            import os, signal
            os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def killed(serve: Serve) -> FunctionProcess:
    """The orchestrator of production's lease, which kills itself where it is told to."""
    function = serve("phase3-to-phase4-orchestrator", lease=None)
    runner = hooked(function)
    text = runner.read_text()
    runner.write_text(text.replace("    match effect:\n", f"{HOOK}    match effect:\n", 1))
    function.kill()
    return function.start()


def hooked(function: FunctionProcess) -> Path:
    return function.folder / "shared" / "orchestration" / "runner.py"


@pytest.fixture(scope="module")
def delivered(killed: FunctionProcess, cloud: Cloud) -> Iterator[None]:
    with Front(killed) as front:
        cloud.push(TOPIC, front.url, "recovery")
        yield
        cloud.delete_subscription("recovery")


@pytest.mark.slow
@pytest.mark.usefixtures("delivered")
@pytest.mark.parametrize("step", range(len(STEPS)))
def test_a_date_is_triggered_soon_after_a_kill(
    step: int,
    killed: FunctionProcess,
    cloud: Cloud,
    warehouse: FakeWarehouse,
    record_property: Callable[[str, object], None],
) -> None:
    warehouse.answers, warehouse.delay = GOOD, 0.0
    day = (date(2024, 5, 1) + timedelta(days=step)).isoformat()
    cloud.publish(TOPIC, *(completion(name, day, "phase_3_analytics") for name in P3 if name != LAST))
    eventually(lambda: cloud.document("phase3_completion", day).get("_completed_count") == len(P3) - 1)
    folder = hooked(killed).parent
    (folder / "steps").unlink(missing_ok=True)
    (folder / "kill").write_text(" ".join(STEPS[: step + 1]))
    cloud.publish(TOPIC, completion(LAST, day, "phase_3_analytics"))
    eventually(lambda: not (folder / "kill").exists())
    eventually(lambda: cloud.document("phase3_completion", day).get("_triggered") is True, seconds=120)
    at = datetime.fromtimestamp(float((folder / "killed").read_text()), UTC)
    took = (cloud.document("phase3_completion", day)["_triggered_at"] - at).total_seconds()
    record_property("seconds", took)
    print(f"killed before {STEPS[step]} ({step}): triggered after {took:.1f} s")  # noqa: T201 - the figure
    assert took <= lease.SECONDS + STARTS
    triggers = [one for one in cloud.pull("nba-phase4-trigger") if json.loads(one.data)["game_date"] == day]
    assert {one.attributes["trigger_id"] for one in triggers} == {f"phase3_to_phase4:{day}"}
    assert {one.attributes["source_table"] for one in triggers} == set(P3)


@pytest.mark.slow
def test_a_slow_attempt_keeps_its_lease(killed: FunctionProcess, cloud: Cloud, warehouse: FakeWarehouse) -> None:
    """Its gates take longer than a lease lasts; it is renewed, so that no other delivery publishes meanwhile."""
    day = "2024-06-01"
    cloud.pull("nba-phase4-trigger")
    warehouse.answers, warehouse.delay = GOOD, 0.0
    first, *others = [envelope_of(name, day) for name in P3 if name != LAST]
    for body in (first, *others):
        assert post(killed.url, body)[0] == 200
    warehouse.delay = (lease.SECONDS + 7) / 3
    answers: list[int] = []
    slow = threading.Thread(target=lambda: answers.append(post(killed.url, envelope_of(LAST, day), seconds=90)[0]))
    slow.start()
    try:
        time.sleep(lease.SECONDS + 3)
        assert post(killed.url, first)[0] == 503
        slow.join(60)
    finally:
        warehouse.delay = 0.0
    assert answers == [200]
    assert post(killed.url, first)[0] == 200
    assert len(cloud.pull("nba-phase4-trigger")) == len(P3), "published once"


def envelope_of(name: str, day: str) -> bytes:
    return envelope(json.dumps(completion(name, day, "phase_3_analytics")).encode())
