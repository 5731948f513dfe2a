"""What backfill chooses and what the summary says: the pure halves of the scheduled functions, as tables."""

from __future__ import annotations

import http.client
import importlib
import sys
import urllib.request
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from shared.decisions.effects import Snapshot, Unavailable
from shared.reports import slack

from tests.functions.conftest import ROOT
from tests.functions.views import boundary, view_of

for folder in ("auto_backfill_orchestrator", "daily_health_summary"):
    sys.path.append(str(ROOT / "functions" / folder))
candidates: Any = importlib.import_module("candidates")
summary: Any = importlib.import_module("summary")
verdict: Any = importlib.import_module("verdict")

NOW = datetime(2026, 1, 30, 12, 0, tzinfo=UTC)
DAY = "2026-01-29"
TO_P3, TO_P5 = boundary("phase2_to_phase3"), boundary("phase4_to_phase5")
P3 = tuple(boundary("phase3_to_phase4").upstream.processors)
PHASE3 = boundary("phase3_to_phase4").upstream
PHASE5 = boundary("phase5_to_phase6").upstream


def run(name: str, status: str) -> dict[str, Any]:
    return {"processor_name": name, "status": status, "phase": "phase_3_analytics", "data_date": date(2026, 1, 29)}


RUNS = [
    # runs, completed in the document, failed, missing
    ([], P3, (), ()),
    ([], P3[1:], (), (P3[0],)),
    ([run(P3[0], "failed")], P3[1:], (P3[0],), ()),
    ([run("PlayerGameSummaryProcessor", "failed")], P3[1:], (P3[0],), ()),
    ([run(P3[0], "success")], P3[1:], (), ()),
    ([run(P3[0], "no_data")], P3[1:], (), ()),
    ([run(P3[0], "running")], P3[1:], (), ()),
    ([run(P3[0], "failed")], P3, (), ()),
    ([run("Stranger", "failed")], P3, (), ()),
]


@pytest.mark.parametrize(("runs", "completed", "failed", "missing"), RUNS)
def test_what_a_phase_lacks(runs: Any, completed: Any, failed: tuple[str, ...], missing: tuple[str, ...]) -> None:
    document = {name: {"status": "success"} for name in completed} | {"_triggered": False}
    found = candidates.candidate(TO_P3, PHASE3, P3, DAY, runs, document)
    assert (found.failed, found.missing) == (failed, missing) if failed or missing else found is None


def test_only_who_is_expected_on_the_date_is_missing() -> None:
    today = ("upcoming_player_game_context", "upcoming_team_game_context")
    document = {today[0]: {"status": "success"}}
    found = candidates.candidate(TO_P3, PHASE3, today, DAY, [], document)
    assert (found.missing, found.percent) == (today[1:], 50.0)


@pytest.mark.parametrize(
    ("statuses", "recorded", "lacks"),
    [
        ([], False, True),
        (["failed"], False, True),
        (["running"], False, False),
        (["success"], False, False),
        ([], True, False),
    ],
)
def test_a_batch_phase_is_done_once_any_run_is(statuses: list[str], recorded: bool, lacks: bool) -> None:
    document = {"coordinator": {"status": "success"}} if recorded else {}
    runs = [run("PredictionCoordinator", status) for status in statuses]
    assert (candidates.candidate(TO_P5, PHASE5, (), DAY, runs, document) is not None) is lacks


@pytest.mark.parametrize(
    ("triggered", "attempts", "last", "allowed"),
    [
        (None, 0, None, False),
        (timedelta(hours=3), 0, None, True),
        (timedelta(hours=1), 0, None, False),
        (timedelta(hours=9), 2, timedelta(hours=2), True),
        (timedelta(hours=9), 2, timedelta(minutes=119), False),
        (timedelta(hours=9), 3, timedelta(hours=5), False),
    ],
)
def test_limits(triggered: timedelta | None, attempts: int, last: timedelta | None, allowed: bool) -> None:
    found = candidates.Candidate(TO_P3, DAY, (P3[0],), (), 80.0)
    made = {(TO_P3.name, date(2026, 1, 29)): {"attempts": attempts, "last_attempted_at": last and NOW - last}}
    limits = candidates.Limits(5, timedelta(hours=2), 3)
    assert candidates.allowed(found, triggered and NOW - triggered, made, limits, NOW) is allowed


def facts(**values: Any) -> Any:
    base: dict[str, Any] = {
        "game_date": DAY,
        "games": 8,
        "predictions": 400,
        "graded": 380,
        "errors": (),
        "standings": (standing(P3, triggered=True),),
    }
    return verdict.Facts(**(base | values))


def standing(completed: tuple[str, ...], *, triggered: bool, **fields: Any) -> Any:
    document: dict[str, Any] = {name: {"status": "success"} for name in completed}
    document |= {"_triggered": triggered, "_triggered_at": NOW, "_trigger_reason": "all_complete"} | fields
    the = boundary("phase3_to_phase4")
    return verdict.standing(the, the.modes[0], DAY, document)


@pytest.mark.parametrize(
    ("completed", "triggered", "level"),
    [
        (5, True, "HEALTHY"),
        (4, True, "WARNING"),
        (4, False, "WARNING"),
        (3, False, "WARNING"),
        (2, False, "CRITICAL"),
        (0, False, "CRITICAL"),
    ],
)
def test_a_boundary_is_as_healthy_as_operators_say(completed: int, triggered: bool, level: str) -> None:
    found = standing(P3[:completed], triggered=triggered)
    assert found.level == level
    assert f"{completed} of 5" in found.line
    assert all(name in found.line for name in P3[completed:])
    assert (found.action is None) is (level == "HEALTHY")


def test_a_boundary_without_a_document_is_critical() -> None:
    the = boundary("phase3_to_phase4")
    assert verdict.standing(the, the.modes[0], DAY, None).level == "CRITICAL"


def test_what_blocks_is_said() -> None:
    blocked = {"gates": [{"detail": "Minutes: 70%, at least 80% wanted"}]}
    assert "blocked: Minutes: 70%" in standing(P3, triggered=False, _blocked=blocked).line


CRITICAL_ERROR = {"severity": "critical", "error_type": "bad_message", "errors": 2}


@pytest.mark.parametrize(
    ("values", "level"),
    [
        ({}, "HEALTHY"),
        ({"problems": ("games: down",)}, "CRITICAL"),
        ({"games": 0, "predictions": 0, "graded": 0, "standings": ()}, "NOTHING DUE"),
        ({"predictions": 0}, "CRITICAL"),
        ({"graded": 0}, "WARNING"),
        ({"errors": (CRITICAL_ERROR,)}, "WARNING"),
        ({"games": 0, "problems": ("predictions: down",)}, "CRITICAL"),
    ],
)
def test_the_verdict(values: dict[str, Any], level: str) -> None:
    found = facts(**values)
    assert verdict.level(found) == level
    assert verdict.sentence(found, "Pipeline").startswith(f"{level}: ")


def test_a_message_begins_what_to_do_with_the_overview() -> None:
    text = "\n".join(verdict.sections(facts(predictions=0)))
    assert f"*Do*\n1. `python -m ops status {DAY}`" in text
    assert "*Do*" not in "\n".join(verdict.sections(facts()))
    assert "*Do*" not in "\n".join(verdict.sections(facts(games=0)))


def test_a_message_keeps_slacks_limits() -> None:
    payload = slack.message("x" * 500, ["y" * 9_000] * 80, "z")
    assert len(payload["blocks"]) == 50
    assert len(payload["blocks"][0]["text"]["text"]) == 150
    assert len(payload["blocks"][1]["text"]["text"]) == 3_000
    assert payload["blocks"][-1]["type"] == "context"


@pytest.mark.parametrize(
    ("address", "taken"),
    [
        ("https://hooks.slack.com/services/T0/B0/x-Y_z", True),
        ("http://127.0.0.1:8080/hook", True),
        ("https://hooks.slack.com/services/T0/B0/two words", False),
        ("https://hooks.slack.com/one\nhttps://hooks.slack.com/two", False),
        ("https://hooks.slack.com:secret/x", False),
        ("https://[secret/x", False),
        ("https://hooks.slack.com/sécret", False),
        ("", False),
    ],
)
def test_a_webhook_that_the_client_would_tell_of_in_its_error_stops_the_start(
    address: str, taken: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_WEBHOOK_URL", f" {address}\n")
    if taken:
        assert slack.webhook() == address
        return
    with pytest.raises(RuntimeError, match="is empty or no address") as raised:
        slack.webhook()
    assert not address or address not in str(raised.value)


def test_an_answer_that_is_no_http_is_not_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(*_: Any, **__: Any) -> Any:
        raise http.client.BadStatusLine("garbage")

    monkeypatch.setattr(urllib.request, "urlopen", answer)
    monkeypatch.setattr(slack, "ATTEMPTS", 1)
    with pytest.raises(Unavailable, match="Slack was not reached: BadStatusLine"):
        slack.post("http://127.0.0.1/hook", {})


def test_a_document_that_a_stranger_spoilt_is_critical_and_hides_no_other_boundary() -> None:
    spoilt = {"_triggered": False, "_blocked": {"gates": 5}, "_failed": 5}
    dependencies: Any = SimpleNamespace(
        view=view_of("daily-health-summary"),
        store=SimpleNamespace(
            read=lambda collection, key: Snapshot(
                collection, key, spoilt if collection == "phase3_completion" else {"_triggered": True}, None, NOW
            )
        ),
    )
    problems: list[str] = []
    found = summary._standings(dependencies, problems, DAY, NOW)
    assert [one.boundary for one in found] == ["phase2_to_phase3", "phase4_to_phase5", "phase5_to_phase6"]
    assert [problem.split(":")[0] for problem in problems] == [f"phase3_to_phase4 {DAY}"]


def test_text_of_others_is_no_markup() -> None:
    assert slack.escape("<!channel> & co") == "&lt;!channel&gt; &amp; co"
