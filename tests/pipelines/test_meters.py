"""A pipeline of hours, in a zone of half an hour and without gates: planned and decided by the same code."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from shared.decisions.rules import judge, mode_of
from shared.orchestration import sweep
from shared.orchestration.dependencies import Dependencies
from shared.reports.events import EventPublisher

from blueprint.loader import load_manifest, read_manifest
from ops.__main__ import main
from ops.operate.due import due_at
from ops.report.gather import Plan, gather
from tests.functions.test_endpoint import BESIDE_EMULATORS, Memory, pushed, served
from tests.functions.test_sweep import Dates
from tests.functions.views import view_of

METERS = Path(__file__).resolve().parent / "meters"
VIEW = view_of("start-billing", METERS)
BOUNDARY = VIEW.boundary()
ZONE = ZoneInfo("Asia/Kolkata")
DISTRICTS = ("district_a", "district_b", "district_c")


@pytest.fixture(scope="module")
def meters() -> Plan:
    return gather(METERS, "pune")


def test_it_is_sound_as_it_lies(meters: Plan) -> None:
    assert [str(finding) for finding in meters.violations] == []
    assert {each.inputs.get("location") for each in meters.resources} <= {None, "asia-south1", "ASIA-SOUTH1"}


def done(name: str, hour: str, **values: Any) -> bytes:
    message = {"processor_name": name, "phase": "read", "hour": hour, "execution_id": f"e-{name}", "correlation_id": "c", "status": "success", "timestamp": "2026-01-30T09:00:00Z"}  # fmt: skip
    return pushed(json.dumps(message | values).encode())


def test_an_hour_is_started_when_its_readings_are_in_and_only_that_hour() -> None:
    memory = Memory()
    client = served(memory, view=VIEW)
    for name in DISTRICTS:
        assert client.post("/", data=done(name, "2026-01-30T09Z"), content_type="application/json").status_code == 200
    client.post("/", data=done("district_a", "2026-01-30T10Z"), content_type="application/json")
    (trigger,) = memory.topics["meters-bill"]
    assert json.loads(trigger.data) == {"hour": "2026-01-30T09Z", "correlation_id": "c"}
    assert trigger.attributes["trigger_id"] == "reading_to_billing:2026-01-30T09Z"
    assert {key: each["_triggered"] for key, each in memory.documents.items()} == {
        "2026-01-30T09Z": True,
        "2026-01-30T10Z": False,
    }
    (row,) = [json.loads(each.data) for each in memory.topics["meters-decisions"]]
    assert row["hour"] == "2026-01-30T09Z"


@pytest.mark.parametrize("hour", ["2026-01-30", "2026-01-30T25Z", "2026-01-30T09", "2026-01-30T09:00:00Z", ""])
def test_what_is_no_hour_is_kept_as_a_bad_message(hour: str) -> None:
    memory = Memory()
    assert served(memory, view=VIEW).post("/", data=done("district_a", hour), content_type="application/json").status_code == 200  # fmt: skip
    assert memory.documents == {}
    assert len(memory.topics[str(VIEW.dead_letter_topic)]) == 1


@pytest.mark.parametrize(
    ("hour", "mode"),
    [
        ("2026-01-29T18Z", "past"),  # 23:30 of the 29th there
        ("2026-01-29T19Z", "live"),  # 00:30 of the 30th
        ("2026-01-30T17Z", "live"),
        ("2026-01-30T19Z", "ahead"),
    ],
)
def test_the_mode_of_an_hour_is_that_of_its_day_in_the_pipelines_zone(hour: str, mode: str) -> None:
    assert mode_of(BOUNDARY, hour, datetime(2026, 1, 30, 12, 0, tzinfo=ZONE), ZONE).name == mode


def test_rules_of_an_hour_run_from_its_first_completion() -> None:
    now = datetime(2026, 1, 30, 12, 0, tzinfo=ZONE)
    record = {"status": "success", "completed_at": now}
    document = {"_first_completion_at": now, "district_a": record, "district_b": record}
    assert judge(BOUNDARY, document, "2026-01-30T05Z", now + timedelta(minutes=9), ZONE).reason is None
    assert judge(BOUNDARY, document, "2026-01-30T05Z", now + timedelta(minutes=10), ZONE).reason == "most_read"
    assert judge(BOUNDARY, document, "2026-01-29T05Z", now + timedelta(minutes=10), ZONE).reason is None


def test_the_timer_meets_hours_and_nothing_else() -> None:
    view = view_of("watch-meters", METERS)
    memory = Dates()
    open_ = {
        "_triggered": False,
        "_first_completion_at": datetime.now(ZONE) - timedelta(hours=1),
        "_missing_processors": [],
    }
    memory.documents = {key: dict(open_) for key in ("2026-01-30T09Z", "2026-01-30T10Z", "2026-01-30", "notes")}
    dependencies = Dependencies(BESIDE_EMULATORS, view)
    dependencies.store = dependencies.publisher = memory  # type: ignore[assignment]
    dependencies.events = EventPublisher(view, memory)  # type: ignore[arg-type]
    met = [each.date for boundary in view.boundaries.values() for each in sweep.tick(dependencies, boundary)]
    assert met == ["2026-01-30T10Z", "2026-01-30T09Z"]


def test_an_hour_is_late_after_its_own_end() -> None:
    manifest = load_manifest(METERS)
    late = due_at(manifest, manifest.boundaries["reading_to_billing"], "2026-01-30T09Z")
    assert late.isoformat() == "2026-01-30T10:30:00+00:00"


def test_commands_take_hours_and_say_so(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["validate", "2026-01-30T09Z..soon", "--root", str(METERS), "--stack", "pune"])
    assert left.value.code == 2
    from ops.__main__ import guarded

    assert guarded(["validate", "2026-01-30", "--root", str(METERS), "--stack", "pune"]) == 1
    assert "'2026-01-30' is no hour, and completions of this pipeline are for one; write it as 2026-01-29T17Z." in capsys.readouterr().err  # fmt: skip


def test_a_batch_has_modes_of_no_day(tmp_path: Path) -> None:
    (tmp_path / "pipeline.yaml").write_text((METERS / "pipeline.yaml").read_text().replace("key: hour", "key: batch"))
    _, problems = read_manifest(tmp_path)
    assert [each.message for each in problems] == [
        f"Mode '{name}' asks for a day, and a batch belongs to none; use `when: always`."
        for name in ("past", "live", "ahead")
    ]
