"""Alerts judged on a run: an outage as it is delivered fires what it must in time, a healthy night nothing; Prometheus agrees."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from analysis.promql.expression import Binary, FunctionCall, Number, binary
from blueprint.alerts import Alert, PromQL, catalogue, prometheus, replay
from blueprint.loader import load_manifest
from blueprint.names import Names
from ops.local.days import Day, Expectation
from ops.local.declared import Job, Subscription
from ops.local.judgement import Came, differences
from ops.local.lines import Line, entry_of
from ops.local.redeliveries import Delivery, Redeliveries
from ops.local.signals import MINUTE, Observed, measured
from ops.local.watching import Watched, watched
from tests.blueprint.alerts.conftest import promtool
from tests.ops.local.conftest import ROOT

__all__ = ["promtool"]
ZONE = ZoneInfo("America/New_York")
START = datetime(2026, 1, 29, 5, 25, tzinfo=ZONE)
FAULT = START + timedelta(minutes=20)
FUNCTION, TOPIC = "phase3-to-phase4-orchestrator", "nba-phase3-analytics-complete"
NAME = f"{FUNCTION}--{TOPIC}"
LETTER = f"{NAME}--dead-letter"
WATCHED, WATCHED_TIMER = f"{FUNCTION}-{TOPIC}", "self-heal-predictions-deadlines"
DECLARED = Subscription(NAME, TOPIC, 600, (10, 600), LETTER, 20, function=FUNCTION)
STREAM = Subscription(f"stream-completions--{TOPIC}", TOPIC, 60, table="nba_orchestration.phase_completions")
TIMER = Job("self-heal-predictions--deadlines", "*/15 * * * *", str(ZONE), "self-heal-predictions", b"", 570)


@pytest.fixture(scope="module")
def alerts() -> tuple[Alert, ...]:
    manifest = load_manifest(ROOT)
    return catalogue(manifest, Names(manifest.pipeline, "a-project", "1", "us-west2"))


def delivered(at: datetime, message: str, status: int, end: datetime) -> list[Delivery]:
    """Return the attempts to deliver a message that is always answered the same way."""
    attempts = [Delivery(at, NAME, message, status, 0.05)]
    waiting = Redeliveries[str]()
    while not attempts[-1].acknowledged and waiting.refused(DECLARED, (NAME, message), attempts[-1].at, ""):
        until = waiting.first()
        if until is None or until > end:
            break
        waiting.due(until)
        attempts.append(Delivery(until, NAME, message, status, 0.05))
    return attempts


def night(status: int = 200, minutes: int = 60, **more: Any) -> Observed:
    """Return a night in which five completions come, and how they are answered; the timer runs all the while."""
    end = START + minutes * MINUTE
    times = [FAULT, FAULT, FAULT, FAULT, FAULT + MINUTE]
    came = [each for number, at in enumerate(times) for each in delivered(at, str(number), status, end)]
    came += [Delivery(at, STREAM.name, str(number), 204) for number, at in enumerate(times)]
    calls = [(START + (minute + 5) * MINUTE, TIMER.name, 200) for minute in range(0, minutes - 5, 15)]
    return replace(
        Observed(START, end, {NAME: DECLARED, STREAM.name: STREAM}, {TIMER.name: TIMER}, {LETTER: f"{LETTER}-hold"}),
        published=[(at, TOPIC) for at in times],
        deliveries=came,
        calls=calls,
        **more,
    )


def after(found: Watched) -> dict[str, int]:
    """Return how many minutes after the fault each alert fires."""
    return {name: (at - FAULT) // MINUTE for name, at in found.fired.items()}


def test_a_healthy_night_is_silent_and_says_what_it_cannot_judge(alerts: tuple[Alert, ...]) -> None:
    found = watched(alerts, night())
    assert found.fired == {}
    kinds = {alert.kind for alert in alerts if alert.name in found.unjudged}
    assert kinds == {"memory", "instances-at-maximum", "no-instance", "schedule-missing"}
    assert f"{WATCHED_TIMER}--schedule-missing" not in found.unjudged


@pytest.mark.parametrize("status", [0, 403, 503])
def test_an_outage_is_reported_within_ten_minutes(alerts: tuple[Alert, ...], status: int) -> None:
    found = after(watched(alerts, night(status)))
    assert found.items() >= {f"{WATCHED}--silence": 7, f"{WATCHED}--backlog-age": 8}.items()
    assert found[f"{WATCHED}--push-failing"] <= 11
    assert set(found) - {f"{FUNCTION}--error-ratio"} == {
        f"{WATCHED}--{kind}" for kind in ("silence", "backlog-age", "push-failing")
    }


SEEDED: dict[str, Callable[[PromQL], PromQL]] = {
    "takes longer": lambda condition: replace(condition, duration=15 * 60),
    "another threshold": lambda condition: replace(condition, condition=_raised(condition.condition)),
    "never": lambda condition: replace(condition, condition=binary(FunctionCall("vector", (Number(0),)), ">", 1)),
}


def _raised(condition: Any) -> Any:
    assert isinstance(condition, Binary)
    return replace(condition, right=Number(3600))


def with_condition(alerts: Sequence[Alert], name: str, change: Callable[[PromQL], PromQL]) -> list[Alert]:
    """Return the alerts, one of them with another condition."""
    assert name in {alert.name for alert in alerts}
    return [
        replace(alert, condition=change(alert.condition)) if alert.name == name else alert  # type: ignore[arg-type]
        for alert in alerts
    ]


@pytest.mark.parametrize("fault", SEEDED)
def test_an_alert_that_is_slower_or_silent_is_found(fault: str, alerts: tuple[Alert, ...]) -> None:
    name = f"{WATCHED}--backlog-age"
    must = dict.fromkeys(after(watched(alerts, night(403))), "06:00") | {name: "05:55"}
    day = Day("a", "A", "", START, START + 60 * MINUTE, (), Expectation(alerts=must, reported=10), fault=FAULT)
    assert differences(day, came(watched(alerts, night(403))), ZONE) == []
    [told] = differences(day, came(watched(with_condition(alerts, name, SEEDED[fault]), night(403))), ZONE)
    assert told.startswith(f"The alert {name} must fire by 05:55, and ")
    assert told.endswith("is silent." if fault != "takes longer" else "fires at 06:08.")


def came(found: Watched) -> Came:
    return Came((), (), {}, {}, found)


def test_one_that_fires_and_is_not_named_is_found_as_well_as_a_fault_that_is_told_late(
    alerts: tuple[Alert, ...],
) -> None:
    day = Day("a", "A", "", START, START + 60 * MINUTE, (), Expectation(reported=6), fault=FAULT)
    told = differences(day, came(watched(alerts, night(403))), ZONE)
    assert f"The alert {WATCHED}--silence must be silent, and fires at 05:52." in told
    assert told[-1] == "The fault must be reported within 6 minutes, and is after 7."
    assert differences(day, came(Watched({}, {})), ZONE) == [
        "The fault must be reported within 6 minutes, and is by nothing."
    ]
    unjudged = replace(day, expect=Expectation(alerts={"x--memory": "06:00"}))
    assert differences(unjudged, came(Watched({}, {"x--memory": "only the platform measures it"})), ZONE) == [
        "The alert x--memory cannot be judged in this day: only the platform measures it."
    ]


def test_a_job_that_stays_away_a_dead_letter_and_a_line_are_told(alerts: tuple[Alert, ...]) -> None:
    seen = night(minutes=90)
    at = START + 30 * MINUTE
    line = Line(at, FUNCTION, entry_of(FUNCTION, b"ModuleNotFoundError: No module named 'x'"))
    seen = replace(seen, calls=[each for each in seen.calls if each[0] < at], letters=[(at, LETTER)], lines=[line])
    fired = watched(alerts, seen).fired
    assert {name: f"{at.astimezone(ZONE):%H:%M}" for name, at in fired.items()} == {
        f"{WATCHED_TIMER}--schedule-missing": "06:15",
        f"{WATCHED}--dead-letter": "05:57",
        f"{FUNCTION}--crash": "05:55",
    }
    redriven = replace(seen, letters=[(at, LETTER)], held=[(at, {LETTER: 0})])
    assert f"{WATCHED}--dead-letter" not in watched(alerts, redriven).fired
    failed = replace(seen, calls=[*seen.calls, (at, TIMER.name, 503)], lines=[], letters=[])
    assert watched(alerts, failed).fired[f"{WATCHED_TIMER}--schedule-failing"] == at


def test_prometheus_says_so_too(alerts: tuple[Alert, ...], promtool: str, tmp_path: Path) -> None:
    """The same samples, the same conditions: silent until the minute before, and firing in the minute that is told."""
    seen = night(503, minutes=45)
    fired = watched(alerts, seen).fired
    assert len(fired) >= 3
    files = []
    for alert in (each for each in alerts if each.name in fired):
        assert isinstance(alert.condition, PromQL)
        (tmp_path / f"{alert.kind}.rules.yaml").write_text(prometheus.text(prometheus.rules([alert])))
        first = (fired[alert.name] - START) // MINUTE
        tests = [
            {"expr": replay.fired(alert, 0, first - 1), "eval_time": f"{first - 1}m", "exp_samples": []},
            {
                "expr": replay.fired(alert, first, first),
                "eval_time": f"{first}m",
                "exp_samples": [{"labels": "{}", "value": 1}],
            },
        ]
        series = [
            {"series": f"{each.metric}{{{_labels(each.labels)}}}", "values": _values(each, alert)}
            for each in measured(seen)
            if replay.lateness(alert, each.metric) is not None
        ]
        document = {
            "rule_files": [f"{alert.kind}.rules.yaml"],
            "evaluation_interval": "1m",
            "tests": [{"interval": "1m", "input_series": series, "promql_expr_test": tests}],
        }
        files.append(tmp_path / f"{alert.kind}.yaml")
        files[-1].write_text(prometheus.text(document))
    done = subprocess.run([promtool, "test", "rules", *map(str, files)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:3000]


def _labels(labels: Any) -> str:
    return ",".join(f'{name}="{value}"' for name, value in labels.items())


def _values(series: Any, alert: Alert) -> str:
    late = replay.lateness(alert, series.metric) or 0
    values = [replay.GAP] * 60
    for at, value in zip(series.times, series.values, strict=True):
        minute = int(at - START.astimezone(UTC).timestamp()) // 60 + late
        if 0 <= minute < len(values):
            values[minute] = f"{value:g}"
    return replay.encode(values)
