"""A second pipeline runs on the same engine: other phases, other names, and another word for the date."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ops.local.cloud import Cloud
from tests.emulators.conftest import Serve
from tests.emulators.messages import envelope, post
from tests.pipelines.test_parcels import copy_parcels

DAY = "2024-05-06"


@pytest.fixture(scope="module")
def parcels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_parcels(tmp_path_factory.mktemp("parcels") / "project")


def done(sender: str, day: str) -> bytes:
    message = {"processor_name": sender, "phase": "taken_in", "day": day, "execution_id": f"run-{sender}"}
    return envelope(json.dumps(message | {"status": "success", "timestamp": f"{day}T18:00:00Z"}).encode())


def test_its_orchestrator_triggers(serve: Serve, cloud: Cloud, parcels: Path) -> None:
    starter = serve("start-sorting", root=parcels)
    assert [post(starter.url, done(sender, DAY))[0] for sender in ("NorthCounter", "SouthCounter")] == [200, 200]
    (trigger,) = cloud.pull("parcels-sort")
    assert json.loads(trigger.data) == {"day": DAY, "correlation_id": "run-SouthCounter"}
    assert cloud.document("intake_days", DAY)["_triggered"] is True
    (decision,) = [json.loads(event.data) for event in cloud.pull("parcels-decisions")]
    assert (decision["day"], decision["phase_name"], decision["status"]) == (DAY, "intake_to_sorting", "complete")
    assert '"day": "2024-05-06"' in starter.log.read_text()


def test_its_timer_evaluates_deadlines(serve: Serve, cloud: Cloud, parcels: Path) -> None:
    day, first = "2024-05-07", datetime.now(UTC) - timedelta(minutes=40)
    document = {"counter_north": {"status": "success", "completed_at": first}, "_triggered": False}
    cloud.firestore.collection("intake_days").document(day).set(document | {"_first_completion_at": first})
    watch = serve("watch-parcels", root=parcels)
    cloud.pull("parcels-sort")
    status, answer = post(watch.url, b'{"schedule": "quarter_hourly"}')
    assert (status, json.loads(answer)) == (200, {"evaluated": 1})
    assert [json.loads(trigger.data)["day"] for trigger in cloud.pull("parcels-sort")] == [day]
    assert cloud.document("intake_days", day)["_trigger_reason"] == "main_counter_in"
