"""On-call's repairs, as after the recorded outage: nothing without --yes, nothing lost, nothing twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.operators.conftest import Run, System

PHASE2 = (
    "p2_bigdataball_pbp",
    "p2_odds_game_lines",
    "p2_odds_player_props",
    "p2_nbacom_gamebook_pdf",
    "p2_nbacom_boxscores",
)
BOUNDARY = "phase2_to_phase3"


def only(printed: Any) -> Any:
    (repair,) = printed["repairs"]
    return repair


def test_a_date_lost_while_the_orchestrator_was_down_is_rebuilt_and_triggered(system: System, ops: Run) -> None:
    date = "2026-01-29"
    system.completed("phase2", date, *PHASE2)
    code, printed = ops("repair", date, "--boundary", BOUNDARY, "--json")
    planned = only(printed)
    assert code == 3
    assert planned["publications"][0]["attributes"]["trigger_id"] == f"{BOUNDARY}:{date}"
    assert system.document("phase2_completion", date) is None, "a plan writes nothing"
    assert system.pull("see-nba-phase3-trigger") == [], "a plan publishes nothing"
    assert system.attempts() == []

    code, printed = ops("repair", date, "--boundary", BOUNDARY, "--yes", "--json")
    done = only(printed)
    document = system.document("phase2_completion", date)
    assert code == 0
    assert document is not None
    assert document["_triggered"] is True
    assert {name for name in document if not name.startswith("_")} == set(PHASE2)
    (message,) = system.pull("see-nba-phase3-trigger")
    assert message.attributes["trigger_id"] == f"{BOUNDARY}:{date}"
    assert [each["topic"] for each in done["publications"] if "trigger" in each["topic"]] == ["nba-phase3-trigger"]
    (attempt,) = system.attempts()
    assert (attempt["processor_name"], attempt["entity_id"], attempt["attempt_number"]) == (BOUNDARY, date, 1)
    assert attempt["manual_override_applied"] is True

    code, printed = ops("repair", date, "--boundary", BOUNDARY, "--yes", "--json")
    assert code == 1
    assert "was triggered" in only(printed)["healthy"]
    assert system.pull("see-nba-phase3-trigger") == []


def test_a_newer_completion_is_never_replaced(system: System, ops: Run) -> None:
    date = "2026-01-30"
    newer = datetime.now(UTC)
    present = {
        "status": "success",
        "completed_at": newer,
        "record_count": 99,
        "correlation_id": "new",
        "execution_id": "new",
    }
    system.firestore.collection("phase2_completion").document(date).set(
        {PHASE2[0]: present, "_triggered": False, "_first_completion_at": newer, "_completed_count": 1}
    )
    system.completed("phase2", date, *PHASE2[:2], at=newer - timedelta(hours=5))
    code, _ = ops("repair", date, "--boundary", BOUNDARY, "--yes", "--json")
    document = system.document("phase2_completion", date)
    assert code == 0
    assert document is not None
    assert document[PHASE2[0]]["record_count"] == 99
    assert document[PHASE2[0]]["execution_id"] == "new"
    assert PHASE2[1] in document
    assert document["_triggered"] is False


def test_a_trigger_without_effect_is_published_again_under_its_own_id(system: System, ops: Run) -> None:
    date = "2026-01-31"
    system.completed("phase2", date, *PHASE2)
    assert ops("repair", date, "--boundary", BOUNDARY, "--yes", "--json")[0] == 0
    past = datetime.now(UTC) - timedelta(hours=2)
    system.firestore.collection("phase2_completion").document(date).update({"_triggered_at": past})
    system.pull("see-nba-phase3-trigger")
    code, _ = ops("repair", date, "--boundary", BOUNDARY, "--yes", "--json")
    (message,) = system.pull("see-nba-phase3-trigger")
    assert code == 0
    assert message.attributes["trigger_id"] == f"{BOUNDARY}:{date}"

    system.completed("phase3", date, "player_game_summary", at=datetime.now(UTC))
    code, printed = ops("repair", date, "--boundary", BOUNDARY, "--yes", "--json")
    assert code == 1
    assert only(printed)["healthy"]


def test_a_range_reports_each_date_and_goes_on_where_it_stopped(system: System, ops: Run) -> None:
    days = ("2026-02-01", "2026-02-02")
    for day in days:
        system.completed("phase2", day, *PHASE2)
    code, printed = ops("repair", "2026-02-01..2026-02-02", "--boundary", BOUNDARY, "--yes", "--json")
    assert code == 0
    assert [each["date"] for each in printed["repairs"]] == list(days)
    assert len(system.pull("see-nba-phase3-trigger")) == 2
    assert not (system.root / ".cache" / "repair.json").exists()


def test_bigquery_down_is_a_sentence_and_changes_nothing(system: System, ops: Run, monkeypatch: Any) -> None:
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", "http://127.0.0.1:9")
    code, printed = ops("repair", "2026-02-03", "--boundary", BOUNDARY, "--yes", "--json")
    assert code == 1
    assert "BigQuery does not answer" in only(printed)["failure"]
    assert system.document("phase2_completion", "2026-02-03") is None
