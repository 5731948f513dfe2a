"""One screen for the morning: the verdict first, then only what needs a hand; it says the same as the other commands."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ops import status
from ops.answers import Answer, DateProblem
from tests.operators.conftest import FORWARDED, Run, System
from tests.operators.test_validate import PHASE2, PHASE3, boundary, recommended

PHASE4 = (
    "team_defense_zone_analysis",
    "player_shot_zone_analysis",
    "player_composite_factors",
    "player_daily_cache",
    "ml_feature_store",
)


@pytest.fixture(autouse=True)
def empty(system: System) -> None:
    for _, _, hold in system.target.holds():
        system.pull(hold)
    system.bigquery.query(f"DELETE FROM {system.target.manifest.tables['completions']} WHERE TRUE")


def sound_day(system: System, date: str) -> None:
    """Store a day on which everything went as it should."""
    start = datetime.now(UTC) - timedelta(hours=6)
    system.games(date, 2)
    for number, (phase, names) in enumerate(
        (("phase2", PHASE2), ("phase3", PHASE3), ("phase4", PHASE4), ("phase5", ("coordinator",)))
    ):
        ended = start + timedelta(minutes=40 * number)
        at = ended + timedelta(minutes=5)
        system.completed(phase, date, *names, at=ended)
        system.stored(
            phase, date, *names, _first_completion_at=ended, _triggered=True, _triggered_at=at, _trigger_reason="all"
        )
    predictions = [
        {"prediction_id": f"{date}-{each}", "game_date": date, "game_id": f"{date}-{each}"} for each in range(2)
    ]
    predictions = [{**each, "player_lookup": each["prediction_id"], "system_id": "s"} for each in predictions]
    system.bigquery.insert(system.target.manifest.tables["predictions"], predictions)
    graded = [{"game_date": date, "player_lookup": each["player_lookup"], "system_id": "s"} for each in predictions]
    system.bigquery.insert(system.target.manifest.tables["grading"], graded)


def test_a_sound_day_is_one_screen(system: System, ops: Run) -> None:
    date = "2026-06-01"
    sound_day(system, date)
    code, printed = ops("status", date, "--no-deployed")
    lines = printed.splitlines()
    assert code == 0, printed
    assert lines[0].startswith(f"HEALTHY  {date}: 4 of 4 boundaries triggered, 3 next phases seen to start")
    assert len(lines) <= 24, "one screen"
    assert all(len(line) <= 100 for line in lines[1:])
    assert f"{date}  2 games scheduled, 2 graded, 2 predictions" in printed
    assert "took 5 min; next after 35 min" in printed
    assert "What needs a hand" not in printed


def test_what_needs_a_hand_comes_first_with_its_command(system: System, ops: Run) -> None:
    date = "2026-06-02"
    dead_letter = "phase2-to-phase3-orchestrator--nba-phase2-raw-complete--dead-letter"
    sound_day(system, date)
    system.publish(dead_letter, {"game_date": "2026-01-01"}, **FORWARDED)
    system.bigquery.query(f"DELETE FROM {system.target.manifest.tables['grading']} WHERE game_date = '{date}'")
    system.completed("phase3", date, "player_game_summary", status="failed", at=datetime.now(UTC))
    code, printed = ops("status", date, "--no-deployed", "--json")
    assert (code, printed["verdict"]) == (1, "CRITICAL")
    assert printed["dead_letters"]["phase2-to-phase3-orchestrator--nba-phase2-raw-complete"] == 1
    told = [each["text"] for each in printed["actions"]]
    assert f"{date}: 2 predictions not graded (0 graded)." in told
    assert any(each.startswith("phase3: 1 run failed in 24 h") for each in told)
    assert ops(*recommended(printed, "1 message waits in the dead letter of"), "--yes", "--json")[0] == 0
    assert not [each for each in ops("status", date, "--no-deployed", "--json")[1]["dead_letters"].values() if each]


@pytest.mark.parametrize(("minutes", "word"), [(5, "OK"), (20, "WARNING"), (45, "CRITICAL")])
def test_a_late_transition_is_measured_against_the_declared_limits(
    system: System, ops: Run, minutes: int, word: str
) -> None:
    date = f"2026-06-{minutes // 5 + 3:02}"
    ended = datetime.now(UTC) - timedelta(hours=1)
    at = ended + timedelta(minutes=minutes)
    system.games(date)
    system.stored("phase2", date, *PHASE2, _first_completion_at=ended, _triggered=True, _triggered_at=at)
    _, printed = ops("status", date, "--no-deployed", "--json")
    state = boundary(printed["dates"][0], "phase2_to_phase3")
    assert (state["transition_minutes"], state["transition"]) == (minutes, word)


def test_a_missing_transition_is_critical_before_the_deadline(system: System, ops: Run) -> None:
    date = "2026-06-20"
    system.games(date)
    ended = datetime.now(UTC) - timedelta(minutes=25)
    system.stored("phase2", date, *PHASE2, _first_completion_at=ended)
    assert boundary(ops("validate", date, "--json")[1], "phase2_to_phase3")["level"] == "NOTHING DUE"
    date, ended = "2026-06-21", datetime.now(UTC) - timedelta(minutes=35)
    system.stored("phase2", date, *PHASE2, _first_completion_at=ended)
    _, printed = ops("validate", date, "--json")
    assert boundary(printed, "phase2_to_phase3")["level"] == "CRITICAL"
    assert ops(*recommended(printed, "a repair starts the next phase"), "--yes", "--json")[0] == 0


def test_what_is_deployed_counts(system: System, ops: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    date = "2026-06-22"
    sound_day(system, date)
    problem = DateProblem(Answer.NOT_KNOWN, "Not known: x. The cause: run answers 403.", about="deployed")
    monkeypatch.setattr(status, "deployed", lambda args: (0, [problem]))
    code, printed = ops("status", date, "--json")
    assert (code, printed["verdict"]) == (4, "NOT KNOWN")
    monkeypatch.setattr(status, "deployed", lambda args: (14, []))
    code, printed = ops("status", date, "--json")
    assert (code, printed["deployed"]) == (0, 14)


def test_it_looks_again_until_it_is_stopped(system: System, ops: Run, monkeypatch: Any) -> None:
    looked: list[int] = []

    def stop(seconds: int) -> None:
        looked.append(seconds)
        if len(looked) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", stop)
    code, printed = ops("status", "2026-01-02", "--no-deployed", "--watch", "7")
    assert (code, looked) == (5, [7, 7])
    assert printed.count("NOTHING DUE  2026-01-02") == 2
