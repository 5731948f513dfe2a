"""What the views say of days that are healthy, late, partial, silent and duplicated, on a BigQuery
emulator.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from blueprint.loader import load_manifest
from blueprint.schemas.loader import load_schemas
from blueprint.schemas.placeholders import view_values
from ops.local.warehouse import EmulatedWarehouse, warehouse

ROOT = Path(__file__).resolve().parents[3]
MANIFEST = load_manifest(ROOT)
DATASET = "nba_orchestration"
PHASE3 = MANIFEST.boundaries["phase3_to_phase4"].modes["overnight"].expected

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedWarehouse]:
    schemas, findings = load_schemas(ROOT, values=view_values(MANIFEST))
    assert [str(finding) for finding in findings] == []
    with warehouse(schemas, tmp_path_factory.mktemp("warehouse"), "test-project") as started:
        yield started


@pytest.fixture
def db(emulator: EmulatedWarehouse) -> Iterator[EmulatedWarehouse]:
    yield emulator
    emulator.clear()


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@dataclass
class Day:
    """The rows that one game date leaves behind; `ago` is in minutes before now."""

    game_date: date
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    completions: list[dict[str, Any]] = field(default_factory=list)
    decisions: list[dict[str, Any]] = field(default_factory=list)

    def complete(
        self, phase: str, *names: str, ago: float, status: str = "success", run: str = "1", copies: int = 1
    ) -> Day:
        for name in names:
            row = {
                "phase": phase,
                "game_date": self.game_date.isoformat(),
                "processor_name": name,
                "status": status,
                "record_count": 10,
                "execution_id": f"{name}-{run}",
                "completed_at": stamp(self.now - timedelta(minutes=ago)),
                "inserted_at": stamp(self.now - timedelta(minutes=ago)),
            }
            self.completions.extend(dict(row) for _ in range(copies))
        return self

    def decide(self, boundary: str, *, ago: float, status: str = "complete", copies: int = 1) -> Day:
        at = self.now - timedelta(minutes=ago)
        row = {
            "execution_timestamp": stamp(at),
            "phase_name": boundary,
            "game_date": self.game_date.isoformat(),
            "start_time": stamp(at - timedelta(seconds=2)),
            "duration_seconds": 2.0,
            "status": status,
        }
        self.decisions.extend(dict(row) for _ in range(copies))
        return self

    def store(self, db: EmulatedWarehouse) -> None:
        db.insert(f"{DATASET}.phase_completions", self.completions)
        db.insert(f"{DATASET}.phase_execution_log", self.decisions)


def today() -> date:
    return datetime.now(ZoneInfo(MANIFEST.time_zone)).date()


def yesterday() -> Day:
    return Day(today() - timedelta(days=1))


def healthy(ago: float = 300, copies: int = 1) -> Day:
    """Every phase completes and every boundary triggers, ten minutes apart."""
    day = yesterday()
    for boundary in MANIFEST.boundaries.values():
        names = tuple(MANIFEST.phases[boundary.upstream].processors) or ("PredictionCoordinator",)
        day.complete(boundary.upstream, *names, ago=ago, copies=copies)
        day.decide(boundary.name, ago=ago - 5, copies=copies)
        ago -= 10
    return day


def view(db: EmulatedWarehouse, name: str, where: str = "TRUE") -> list[dict[str, Any]]:
    return db.query(f"SELECT * FROM `{DATASET}.{name}` WHERE {where}")


class TestHealthyDay:
    def test_nothing_is_reported(self, db: EmulatedWarehouse) -> None:
        healthy().store(db)
        for name in ("missing_phase_executions", "stalled_phases", "triggers_without_effect"):
            assert view(db, name) == [], name
        assert {row["severity"] for row in view(db, "execution_gaps")} == {"OK"}
        assert {row["state"] for row in view(db, "pipeline_health")} == {"HEALTHY"}

    def test_every_expected_processor_is_in_the_health_view(self, db: EmulatedWarehouse) -> None:
        rows = view(db, "pipeline_health")
        expected = {(phase.name, name) for phase in MANIFEST.phases.values() for name in phase.processors}
        assert {(row["phase"], row["processor_name"]) for row in rows} == expected
        assert {row["state"] for row in rows} == {"NEVER_RAN"}


class TestDuplicatedDay:
    """Pitfall 98: a BigQuery subscription delivers at least once."""

    def test_views_say_the_same_as_without_duplicates(self, db: EmulatedWarehouse) -> None:
        healthy(copies=3).store(db)
        rows = view(db, "processor_completions")
        assert {(row["executions"], row["complete_executions"], row["redelivered_rows"]) for row in rows} == {(1, 1, 2)}
        assert len(view(db, "execution_gaps")) == len(MANIFEST.boundaries) - 1
        assert view(db, "missing_phase_executions") == []

    def test_a_repeated_failure_is_one_failure(self, db: EmulatedWarehouse) -> None:
        day = yesterday().complete("phase3", PHASE3[0], ago=60, status="failed", copies=4)
        day.complete("phase3", PHASE3[0], ago=30, run="2", copies=2).store(db)
        row = view(db, "pipeline_health", f"processor_name = '{PHASE3[0]}'")[0]
        assert (row["failures_24h"], row["state"]) == (1, "DEGRADED")

    def test_executions_are_distinct_runs(self, db: EmulatedWarehouse) -> None:
        day = yesterday()
        for run in range(5):
            day.complete("phase3", PHASE3[0], ago=100 - run, run=str(run), copies=run + 1)
        day.complete("phase3", PHASE3[0], ago=10, run="empty", status="no_data").store(db)
        row = view(db, "processor_completions")[0]
        assert (row["executions"], row["complete_executions"], row["no_data_executions"]) == (6, 5, 1)
        assert (row["redelivered_rows"], row["last_status"], row["records"]) == (10, "no_data", 10)
        assert row["is_expected"] is True


class TestPartialDay:
    def test_the_missing_processors_are_named(self, db: EmulatedWarehouse) -> None:
        day = (
            yesterday().complete("phase3", *PHASE3[:3], ago=200).complete("phase3", PHASE3[3], ago=190, status="failed")
        )
        day.decide("phase3_to_phase4", ago=180, status="blocked").store(db)
        rows = {row["boundary"]: row for row in view(db, "missing_phase_executions")}
        row = rows["phase3_to_phase4"]
        assert (row["completed_count"], row["expected_count"]) == (3, 5)
        assert row["missing_processors"] == sorted(PHASE3[3:])
        assert row["last_status"] == "blocked"
        assert set(rows) == set(MANIFEST.boundaries)

    def test_a_phase_that_waits_too_long_is_stalled(self, db: EmulatedWarehouse) -> None:
        yesterday().complete("phase3", *PHASE3[:3], ago=200).store(db)
        row = view(db, "stalled_phases")[0]
        assert (row["phase"], row["boundary"], row["completed_processors"]) == ("phase3", "phase3_to_phase4", 3)
        assert 199 <= row["idle_minutes"] <= 201

    def test_a_phase_at_work_is_not_stalled(self, db: EmulatedWarehouse) -> None:
        yesterday().complete("phase3", *PHASE3[:3], ago=200).complete("phase3", PHASE3[3], ago=10).store(db)
        assert view(db, "stalled_phases") == []

    def test_a_trigger_counts_with_any_triggering_status(self, db: EmulatedWarehouse) -> None:
        day = yesterday().complete("phase3", *PHASE3, ago=100)
        day.decide("phase2_to_phase3", ago=110, status="deadline_exceeded").decide(
            "phase3_to_phase4", ago=90, status="partial"
        )
        day.store(db)
        missing = {row["boundary"] for row in view(db, "missing_phase_executions")}
        assert missing == {"phase4_to_phase5", "phase5_to_phase6"}


class TestLateDay:
    @pytest.mark.parametrize(("minutes", "severity"), [(15, "OK"), (16, "WARNING"), (30, "WARNING"), (31, "CRITICAL")])
    def test_gaps_are_graded(self, db: EmulatedWarehouse, minutes: int, severity: str) -> None:
        day = yesterday().decide("phase2_to_phase3", ago=200).decide("phase3_to_phase4", ago=200 - minutes)
        day.store(db)
        row = view(db, "execution_gaps")[0]
        assert (row["gap_minutes"], row["severity"]) == (minutes, severity)
        assert (row["previous_phase_name"], row["phase_name"]) == ("phase2_to_phase3", "phase3_to_phase4")

    def test_a_stale_processor(self, db: EmulatedWarehouse) -> None:
        yesterday().complete("phase3", PHASE3[0], ago=40 * 60).store(db)
        assert view(db, "pipeline_health", f"processor_name = '{PHASE3[0]}'")[0]["state"] == "STALE"

    def test_a_failure_last_is_unhealthy(self, db: EmulatedWarehouse) -> None:
        day = yesterday().complete("phase3", PHASE3[0], ago=90)
        day.complete("phase3", PHASE3[0], ago=30, run="2", status="failed").store(db)
        row = view(db, "pipeline_health", f"processor_name = '{PHASE3[0]}'")[0]
        assert (row["state"], row["last_status"]) == ("UNHEALTHY", "failed")

    def test_an_unexpected_name_is_shown_as_such(self, db: EmulatedWarehouse) -> None:
        yesterday().complete("phase3", "BrandNewThing", ago=30).store(db)
        row = view(db, "pipeline_health", "NOT is_expected")[0]
        assert (row["processor_name"], row["state"]) == ("BrandNewThing", "HEALTHY")


class TestSilentDay:
    """A day on which nothing runs leaves no row in our tables; the schedule knows that it should have."""

    def games(self, db: EmulatedWarehouse, day: date) -> None:
        rows = [{"game_date": day.isoformat(), "game_id": f"00{number}", "game_status": 3} for number in range(3)]
        db.insert("nba_raw.v_nbac_schedule_latest", rows)

    def test_every_boundary_is_missing(self, db: EmulatedWarehouse) -> None:
        self.games(db, yesterday().game_date)
        rows = view(db, "missing_phase_executions")
        assert {row["boundary"] for row in rows} == set(MANIFEST.boundaries)
        assert {(row["completed_count"], row["last_status"]) for row in rows} == {(0, None)}

    def test_a_day_without_games_is_not_missing(self, db: EmulatedWarehouse) -> None:
        assert view(db, "missing_phase_executions") == []

    def test_today_is_not_missing_yet(self, db: EmulatedWarehouse) -> None:
        self.games(db, today())
        assert view(db, "missing_phase_executions") == []


class TestTriggerWithoutEffect:
    """Incidents 32, 33 and 49: a trigger that nobody reads is recorded as done."""

    def test_is_reported_after_half_an_hour(self, db: EmulatedWarehouse) -> None:
        yesterday().decide("phase3_to_phase4", ago=45).store(db)
        row = view(db, "triggers_without_effect")[0]
        assert (row["boundary"], row["downstream"]) == ("phase3_to_phase4", "phase4")
        assert 44 <= row["waiting_minutes"] <= 46
        assert row["started_by"] in (None, [])

    def test_is_not_reported_earlier(self, db: EmulatedWarehouse) -> None:
        yesterday().decide("phase3_to_phase4", ago=20).store(db)
        assert view(db, "triggers_without_effect") == []

    def test_a_completion_before_the_trigger_is_no_effect(self, db: EmulatedWarehouse) -> None:
        """Incident 76: the fallback schedule keeps data flowing and hides that the trigger went nowhere."""
        day = yesterday().complete("phase4", "player_daily_cache", ago=120).decide("phase3_to_phase4", ago=60)
        day.store(db)
        assert view(db, "triggers_without_effect")[0]["completed_before_trigger"] == 1

    def test_who_started_the_runs_is_told(self, db: EmulatedWarehouse) -> None:
        day = yesterday().decide("phase3_to_phase4", ago=60)
        day.store(db)
        run = {
            "processor_name": "PlayerDailyCacheProcessor",
            "run_id": "r1",
            "status": "running",
            "data_date": day.game_date.isoformat(),
            "started_at": stamp(day.now - timedelta(minutes=40)),
            "phase": "phase4",
            "trigger_source": "scheduler",
        }
        db.insert("nba_reference.processor_run_history", [run, run | {"run_id": "r2"}])
        assert view(db, "triggers_without_effect")[0]["started_by"] == ["scheduler"]

    def test_a_completion_after_the_trigger_is_an_effect(self, db: EmulatedWarehouse) -> None:
        day = yesterday().decide("phase3_to_phase4", ago=60, copies=2).complete("phase4", "player_daily_cache", ago=50)
        day.store(db)
        assert view(db, "triggers_without_effect") == []
