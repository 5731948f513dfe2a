"""The rules of every boundary and mode, as a table: what is complete, how long ago it began, and what follows
(incident 43)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from shared.decisions.rules import batch_satisfies, counted, decided, decision, judge, mode_of
from shared.declaration.types import Mode, Rule

from tests.functions.views import boundary

ZONE = ZoneInfo("America/New_York")
NOON = datetime(2026, 1, 30, 12, 0, tzinfo=ZONE)
YESTERDAY, TODAY, TOMORROW = "2026-01-29", "2026-01-30", "2026-01-31"
MINUTE, HOUR = 60, 3600

P2 = [
    "p2_odds_game_lines",
    "p2_nbacom_gamebook_pdf",
    "p2_nbacom_boxscores",
    "p2_bigdataball_pbp",
    "p2_odds_player_props",
]
P3 = [
    "player_game_summary",
    "upcoming_player_game_context",
    "team_defense_game_summary",
    "team_offense_game_summary",
    "upcoming_team_game_context",
]
P4 = [
    "player_daily_cache",
    "ml_feature_store",
    "team_defense_zone_analysis",
    "player_shot_zone_analysis",
    "player_composite_factors",
]

CASES: list[tuple[str, str, list[str], int, str | None]] = [
    # boundary, game date, completed, seconds since the first completion, reason
    ("phase2_to_phase3", YESTERDAY, [], 9 * HOUR, None),
    ("phase2_to_phase3", YESTERDAY, P2, 0, "all_complete"),
    ("phase2_to_phase3", YESTERDAY, P2[:4], 0, None),
    ("phase2_to_phase3", YESTERDAY, P2[:3], 30 * MINUTE - 1, None),
    ("phase2_to_phase3", YESTERDAY, P2[:3], 30 * MINUTE, "deadline_exceeded"),
    ("phase2_to_phase3", TOMORROW, P2[:3], 30 * MINUTE, "deadline_exceeded"),
    ("phase2_to_phase3", YESTERDAY, P2[1:], 9 * HOUR, None),
    ("phase3_to_phase4", YESTERDAY, P3, 0, "all_complete"),
    ("phase3_to_phase4", YESTERDAY, P3[:4], 0, "critical_plus_majority_80pct"),
    ("phase3_to_phase4", YESTERDAY, P3[:3], 0, "critical_plus_majority_60pct"),
    ("phase3_to_phase4", YESTERDAY, P3[:2], 24 * HOUR, None),
    ("phase3_to_phase4", YESTERDAY, P3[1:], 24 * HOUR, None),
    ("phase3_to_phase4", TODAY, ["player_game_summary"], 0, None),
    ("phase3_to_phase4", TODAY, ["upcoming_team_game_context"], 24 * HOUR, None),
    ("phase3_to_phase4", TODAY, ["upcoming_player_game_context"], 0, "all_critical_complete"),
    ("phase3_to_phase4", TODAY, ["upcoming_player_game_context", "upcoming_team_game_context"], 0, "all_complete"),
    ("phase3_to_phase4", TOMORROW, ["upcoming_player_game_context"], 0, "all_critical_complete"),
    ("phase3_to_phase4", TODAY, ["stranger"], 0, None),
    ("phase4_to_phase5", YESTERDAY, P4, 0, "all_complete"),
    ("phase4_to_phase5", YESTERDAY, P4[:4], HOUR - 1, None),
    ("phase4_to_phase5", YESTERDAY, P4[:4], HOUR, "critical_plus_4_after_1h"),
    ("phase4_to_phase5", YESTERDAY, P4[:3], 2 * HOUR - 1, None),
    ("phase4_to_phase5", YESTERDAY, P4[:3], 2 * HOUR, "critical_plus_3_after_2h"),
    ("phase4_to_phase5", YESTERDAY, P4[:2], 4 * HOUR - 1, None),
    ("phase4_to_phase5", YESTERDAY, P4[:2], 4 * HOUR, "critical_after_4h"),
    ("phase4_to_phase5", YESTERDAY, P4[1:], 9 * HOUR, None),
]

BATCHES: list[tuple[str, dict[str, Any], str | None]] = [
    # status, metadata, reason
    ("success", {"completion_pct": 80, "completed_predictions": 10}, "batch_complete"),
    ("partial", {"completion_pct": 80.0, "completed_predictions": 10}, "batch_complete"),
    ("partial", {"completion_pct": 79.9, "completed_predictions": 500}, None),
    ("success", {"completion_pct": 12, "completed_predictions": 50}, "batch_complete"),
    ("success", {"completed_predictions": 50}, "batch_complete"),
    ("success", {"completion_pct": 100, "completed_predictions": 9}, None),
    ("partial", {"completed_predictions": 50}, None),
    ("success", {"completion_pct": 100}, None),
    ("success", {}, None),
    ("success", {"completion_pct": True, "completed_predictions": True}, None),
]


def record(**values: Any) -> dict[str, Any]:
    return {"status": "success", "completed_at": NOON} | values


@pytest.mark.parametrize(("name", "game_date", "completed", "elapsed", "reason"), CASES)
def test_rule(name: str, game_date: str, completed: list[str], elapsed: int, reason: str | None) -> None:
    document: dict[str, Any] = {processor: record() for processor in completed}
    document |= {"_first_completion_at": NOON - timedelta(seconds=elapsed)}
    assert judge(boundary(name), document, game_date, NOON, ZONE).reason == reason


@pytest.mark.parametrize(("status", "metadata", "reason"), BATCHES)
def test_batch_rule(status: str, metadata: dict[str, Any], reason: str | None) -> None:
    document = {"prediction_coordinator": record(status=status, metadata=metadata), "_first_completion_at": NOON}
    assert judge(boundary("phase5_to_phase6"), document, YESTERDAY, NOON, ZONE).reason == reason


def test_a_backfill_does_not_count_but_is_not_missing() -> None:
    document = {name: record() for name in P3[:4]} | {P3[4]: record(skip_downstream=True)}
    document["player_game_summary"]["skip_downstream"] = True
    verdict = judge(boundary("phase3_to_phase4"), document, YESTERDAY, NOON, ZONE)
    assert verdict.reason is None
    assert verdict.missing == ()
    assert len(verdict.completed) == 3


def test_a_clock_that_went_back_ends_no_deadline() -> None:
    document = {name: record() for name in P2[:3]} | {"_first_completion_at": NOON + timedelta(hours=5)}
    assert judge(boundary("phase2_to_phase3"), document, YESTERDAY, NOON, ZONE).reason is None


@pytest.mark.parametrize(
    ("moment", "mode"),
    [
        ("2026-01-30T04:59:59+00:00", "same_day"),  # 23:59:59 in New York
        ("2026-01-30T05:00:00+00:00", "overnight"),  # midnight
        ("2026-01-29T04:59:59+00:00", "tomorrow"),
        ("2026-01-29T05:00:00+00:00", "same_day"),
    ],
)
def test_mode_follows_the_day_in_new_york(moment: str, mode: str) -> None:
    now = datetime.fromisoformat(moment)
    assert mode_of(boundary("phase3_to_phase4"), "2026-01-29", now, ZONE).name == mode


@pytest.mark.parametrize("stored", ["success", None, 5, ["x"], {"skip_downstream": False}])
def test_what_another_program_stored_still_counts(stored: Any) -> None:
    document = dict.fromkeys(P3, stored) | {"_first_completion_at": "yesterday"}
    assert judge(boundary("phase3_to_phase4"), document, YESTERDAY, NOON, ZONE).reason == "all_complete"


def test_what_was_recorded_under_both_names_of_a_processor_counts_together() -> None:
    ids = {"PlayerGameSummaryProcessor": ["a", "b"], "player_game_summary": ["b", "c"]}
    stored = {name: {**record(), "entities_changed": found, "is_incremental": True} for name, found in ids.items()}
    found = counted(boundary("phase3_to_phase4"), stored)
    assert found["player_game_summary"]["entities_changed"] == ["a", "b", "c"]
    assert found["player_game_summary"]["is_incremental"] is True
    stored["player_game_summary"]["is_incremental"] = False
    assert counted(boundary("phase3_to_phase4"), stored)["player_game_summary"]["is_incremental"] is False


def test_a_share_is_of_all_that_are_expected_and_is_not_rounded_up() -> None:
    names = tuple(f"p{number}" for number in range(200))
    rule = Rule(reason="share_{percent}", require="critical", at_least_percent=60.0)
    declared = replace(boundary("phase3_to_phase4"), modes=(Mode("any", when="always", expected=names, rules=(rule,)),))

    def reason(number: int) -> str | None:
        return judge(declared, {name: record() for name in names[:number]}, YESTERDAY, NOON, ZONE).reason

    assert [reason(number) for number in (119, 120, 121)] == [None, "share_60", "share_60"]


def test_a_batch_is_the_whole_share() -> None:
    base = boundary("phase5_to_phase6")
    mode = replace(base.modes[0], rules=(replace(base.modes[0].rules[0], reason="batch_{percent}"),))
    document = {"prediction_coordinator": record(metadata={"completion_pct": 90, "completed_predictions": 100})}
    assert judge(replace(base, modes=(mode,)), document, YESTERDAY, NOON, ZONE).reason == "batch_100"


def test_a_batch_without_a_number_done_none() -> None:
    [batch] = [rule.batch for rule in boundary("phase5_to_phase6").modes[0].rules if rule.batch]
    least = replace(batch, min_count=1)
    assert batch_satisfies(least, {"status": "success", "metadata": {}}) is False
    assert batch_satisfies(least, {"status": "success", "metadata": {batch.count: 1}}) is True
    assert batch_satisfies(least, {"metadata": 5}) is False
    assert batch_satisfies(least, "success") is False


def test_a_decision_is_stored_whole() -> None:
    document = {name: record() for name in P3[:4]}
    declared = boundary("phase3_to_phase4")
    verdict = judge(declared, document, YESTERDAY, NOON, ZONE)
    stored = decision(declared, document, verdict, NOON)
    assert stored == {
        "at": NOON,
        "mode": "overnight",
        "reason": "critical_plus_majority_80pct",
        "partial": verdict.rule is not None and verdict.rule.partial,
        "status": verdict.rule and verdict.rule.reported_as,
        "expected": list(declared.modes[0].expected),
        "completed": [name for name in declared.modes[0].expected if name in P3[:4]],
        "missing": P3[4:],
    }
    again = decided(declared, {**document, "_decision": stored})
    assert again is not None
    assert (again.reason, again.mode.name, again.mode.expected) == (verdict.reason, "overnight", verdict.mode.expected)


@pytest.mark.parametrize("mode", ["overnight", "gone"])
def test_a_lease_of_an_older_engine_names_the_mode_that_is_declared(mode: str) -> None:
    declared = boundary("phase3_to_phase4")
    found = decided(declared, {"_trigger_pending": {"reason": "all_complete", "mode": mode}})
    assert found is not None
    assert found.mode.expected == (declared.modes[0].expected if mode == "overnight" else ())
