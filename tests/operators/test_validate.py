"""The daily check tells four things apart: sound, wrong, not known, and nothing due; and what it recommends helps."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.operators.conftest import FORWARDED, Run, System

PHASE2 = (
    "p2_bigdataball_pbp",
    "p2_odds_game_lines",
    "p2_odds_player_props",
    "p2_nbacom_gamebook_pdf",
    "p2_nbacom_boxscores",
)
CRITICAL2 = ("p2_odds_game_lines", "p2_nbacom_gamebook_pdf", "p2_nbacom_boxscores")
FUNCTION = "phase2-to-phase3-orchestrator"
PHASE3 = (
    "player_game_summary",
    "team_defense_game_summary",
    "team_offense_game_summary",
    "upcoming_player_game_context",
    "upcoming_team_game_context",
)


def boundary(printed: Any, name: str) -> Any:
    return next(each for each in printed["boundaries"] if each["boundary"] == name)


def recommended(printed: Any, part: str) -> list[str]:
    """Return the words of the command that stands beside a problem, as `ops` takes them."""
    action = next(each for each in printed["actions"] if part in each["text"])
    assert action["command"].startswith("python -m ops ")
    return shlex.split(action["command"])[3:]


def test_completions_that_the_orchestrator_did_not_see_are_critical_and_repaired(system: System, ops: Run) -> None:
    date = "2026-03-01"
    system.games(date)
    system.completed("phase2", date, *PHASE2)
    code, printed = ops("validate", date, "--json")
    assert (code, printed["verdict"]) == (1, "CRITICAL")
    assert len(printed["actions"]) == 1, "one cause is one line"

    assert ops(*recommended(printed, "did not see them"), "--yes", "--json")[0] == 0
    code, printed = ops("validate", date, "--json")
    state = boundary(printed, "phase2_to_phase3")
    assert (state["completed"], state["expected"], state["missing"]) == (5, 5, [])
    assert (state["reason"], state["level"]) == ("all_complete", "HEALTHY")
    assert (code, printed["verdict"]) == (0, "HEALTHY")
    assert printed["sentence"].startswith("1 of 4 boundaries triggered, 0 next phases seen to start; phase3_to_phase4 ")


def test_a_dead_letter_of_the_date_is_named_and_stays_until_it_is_redriven(system: System, ops: Run) -> None:
    date = "2026-03-02"
    dead_letter = "phase3-to-phase4-orchestrator--nba-phase3-analytics-complete--dead-letter"
    system.publish(dead_letter, {"game_date": date}, **FORWARDED)
    _, printed = ops("validate", date, "--json")
    words = recommended(printed, "1 message of the date waits")
    assert words == ["redrive", "phase3-to-phase4-orchestrator--nba-phase3-analytics-complete"]
    assert ops(*words, "--yes", "--json")[0] == 0
    assert system.pull(f"{dead_letter}-hold") == []


def test_a_past_date_with_games_of_which_nothing_is_recorded_is_critical_once(system: System, ops: Run) -> None:
    system.games("2026-03-03")
    code, printed = ops("validate", "2026-03-03")
    lines = printed.splitlines()
    assert code == 1
    assert lines[0].startswith("CRITICAL  2026-03-03: phase2_to_phase3: nothing was recorded (4 games scheduled)")
    assert "waits for phase2_to_phase3" in lines[4]
    assert lines[-2].startswith("  1. CRITICAL")
    code, printed = ops("repair", "2026-03-03", "--boundary", "phase2_to_phase3", "--json")
    assert code == 1, "and a repair has nothing to rebuild it from"


def test_a_date_without_games_has_nothing_due(system: System, ops: Run) -> None:
    system.games("2026-03-05")
    code, printed = ops("validate", "2026-03-04")
    assert code == 5
    assert printed.startswith("NOTHING DUE  2026-03-04: no games by the schedule; nothing is recorded.")
    assert ops("repair", "2026-03-04", "--json")[0] == 5


def test_a_date_that_is_not_over_has_nothing_due_yet(system: System, ops: Run) -> None:
    today = datetime.now(ZoneInfo("America/New_York")).date()
    for date in (today.isoformat(), (today + timedelta(days=900)).isoformat()):
        system.games(date)
        code, printed = ops("validate", date, "--json")
        assert (code, printed["verdict"]) == (5, "NOTHING DUE")
        assert printed["sentence"].startswith("not due before ")
        assert printed["scheduled"] == 4


def test_an_empty_schedule_says_nothing(system: System, ops: Run) -> None:
    system.bigquery.query(f"DELETE FROM {system.target.manifest.tables['schedule']} WHERE TRUE")
    code, printed = ops("validate", "2026-03-06", "--json")
    assert (code, printed["verdict"]) == (4, "NOT KNOWN")
    assert "whether work was due is not known" in printed["sentence"]


def test_a_query_that_fails_is_not_known_and_told_once(system: System, ops: Run, monkeypatch: Any) -> None:
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", "http://127.0.0.1:9")
    code, printed = ops("validate", "2026-03-01", "--json")
    assert (code, printed["verdict"]) == (4, "NOT KNOWN")
    (action,) = printed["actions"]
    assert action["text"].endswith(
        "BigQuery does not answer: HTTPConnectionPool(host='127.0.0.1', port=9): Max retries exceeded."
    )
    assert action["text"].startswith("phase2_to_phase3, phase3_to_phase4, ")


def test_a_lease_of_another_is_not_known(system: System, ops: Run) -> None:
    date = "2026-03-07"
    until = datetime.now(UTC) + timedelta(minutes=5)
    system.games(date)
    system.stored(
        "phase2", date, *PHASE2, _trigger_pending={"owner": "another", "until": until, "reason": "r", "mode": "any"}
    )
    code, printed = ops("validate", date, "--json")
    assert (code, printed["verdict"]) == (4, "NOT KNOWN")
    assert f"its lease ends at {until:%H:%M:%S} UTC" in printed["sentence"]
    code, printed = ops("repair", date, "--boundary", "phase2_to_phase3", "--json")
    assert code == 4
    assert "another attempt is publishing" in printed["repairs"][0]["sentence"]


def test_a_rule_that_holds_by_now_is_repaired_and_healthy(system: System, ops: Run) -> None:
    date = "2026-03-08"
    system.games(date)
    system.stored("phase2", date, *CRITICAL2, _first_completion_at=datetime.now(UTC) - timedelta(hours=2))
    code, printed = ops("validate", date, "--json")
    assert code == 1
    assert ops(*recommended(printed, "a repair starts the next phase (deadline_exceeded)"), "--yes", "--json")[0] == 0
    code, printed = ops("validate", date, "--json")
    assert boundary(printed, "phase2_to_phase3")["triggered_at"]
    assert (code, printed["actions"][0]["level"]) == (3, "WARNING"), "it was triggered without two"


def test_a_gate_that_blocks_is_said_with_its_value_and_no_repair_is_recommended(system: System, ops: Run) -> None:
    date = "2026-03-09"
    past = datetime.now(UTC) - timedelta(hours=8)
    system.games(date)
    system.stored("phase2", date, *PHASE2, _triggered=True, _triggered_at=past, _first_completion_at=past)
    system.stored("phase3", date, *PHASE3, _first_completion_at=past + timedelta(minutes=5))
    code, printed = ops("validate", date, "--json")
    action = next(each for each in printed["actions"] if each["text"].startswith("phase3_to_phase4: "))
    assert code == 1
    assert "gate output_rows blocks: Output tables have rows for the date: 0 of 5" in action["text"]
    assert "--boundary" not in action["command"]
    code, shown = ops("repair", date, "--boundary", "phase3_to_phase4")
    assert code == 1
    assert "phase4 would not start: gate output_rows blocks: " in shown


def test_a_trigger_without_effect_is_published_again(system: System, ops: Run) -> None:
    date = "2026-03-10"
    past = datetime.now(UTC) - timedelta(hours=2)
    system.games(date)
    system.stored(
        "phase2", date, *PHASE2, _triggered=True, _triggered_at=past, _trigger_reason="all_complete", _mode="any"
    )
    system.pull("see-nba-phase3-trigger")
    code, printed = ops("validate", date, "--json")
    assert (code, len(printed["actions"])) == (1, 1)
    assert ops(*recommended(printed, "but phase3 never started"), "--yes", "--json")[0] == 0
    (message,) = system.pull("see-nba-phase3-trigger")
    assert message.attributes["trigger_id"] == f"phase2_to_phase3:{date}"


def test_without_a_login_there_is_one_line(
    ops: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Any
) -> None:
    for name in ("FIRESTORE_EMULATOR_HOST", "PUBSUB_EMULATOR_HOST", "BIGQUERY_EMULATOR_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "nothing.json"))
    for command, subject in (("validate", "2026-03-01"), ("repair", "2026-03-01"), ("redrive", FUNCTION)):
        code, printed = ops(command, subject)
        assert (code, printed) == (4, "")
    code, printed = ops("validate", "2026-03-01", "--json")
    assert (code, printed["verdict"]) == (4, "NOT KNOWN")
    assert "gcloud auth application-default login" in printed["sentence"]
