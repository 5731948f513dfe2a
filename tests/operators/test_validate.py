"""The daily check says what is wrong first, and a question without an answer is critical."""

from __future__ import annotations

from typing import Any

from tests.operators.conftest import Run, System

PHASE2 = (
    "p2_bigdataball_pbp",
    "p2_odds_game_lines",
    "p2_odds_player_props",
    "p2_nbacom_gamebook_pdf",
    "p2_nbacom_boxscores",
)


def boundary(printed: Any, name: str) -> Any:
    return next(each for each in printed["boundaries"] if each["boundary"] == name)


def test_completions_that_the_orchestrator_did_not_see_are_critical(system: System, ops: Run) -> None:
    date = "2026-03-01"
    system.completed("phase2", date, *PHASE2)
    code, printed = ops("validate", date, "--json")
    assert (code, printed["verdict"]) == (1, "CRITICAL")
    lost = next(each for each in printed["actions"] if "did not see them" in each["text"])
    assert lost["command"] == f"python -m ops repair {date} --boundary phase2_to_phase3"

    assert ops("repair", date, "--boundary", "phase2_to_phase3", "--yes", "--json")[0] == 0
    _, printed = ops("validate", date, "--json")
    state = boundary(printed, "phase2_to_phase3")
    assert (state["completed"], state["expected"], state["missing"]) == (5, 5, [])
    assert state["reason"] == "all_complete"
    assert state["level"] == "HEALTHY"


def test_a_dead_letter_of_the_date_is_named_and_stays(system: System, ops: Run) -> None:
    date = "2026-03-02"
    dead_letter = "phase3-to-phase4-orchestrator--nba-phase3-analytics-complete--dead-letter"
    system.publish(dead_letter, {"game_date": date})
    _, printed = ops("validate", date, "--json")
    command = "python -m ops redrive phase3-to-phase4-orchestrator--nba-phase3-analytics-complete"
    assert any(each["command"] == command for each in printed["actions"])
    assert len(system.pull(f"{dead_letter}-hold")) == 1


def test_the_page_begins_with_the_verdict(system: System, ops: Run) -> None:
    code, printed = ops("validate", "2026-03-03")
    lines = printed.splitlines()
    assert code == 1
    assert lines[0].startswith("CRITICAL  2026-03-03: ")
    assert lines[2].split() == ["Boundary", "x", "of", "n", "Status", "Triggered", "Reason", "Started", "by"]


def test_a_failed_query_is_critical(system: System, ops: Run, monkeypatch: Any) -> None:
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", "http://127.0.0.1:9")
    code, printed = ops("validate", "2026-03-01", "--json")
    assert (code, printed["verdict"]) == (1, "CRITICAL")
    assert any("cannot be judged" in each["text"] for each in printed["actions"])
