"""Which alerts fire in a run, and when: the deployed conditions, judged on what the run measured and wrote.

A sample is seen as late as its metric's documented delay allows, as in the alerts' own cases. An alert that reads what a
run does not show is not judged, and said to be not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from analysis.promql.evaluation import Samples, evaluate
from analysis.promql.expression import FunctionCall, selectors, walk
from blueprint.alerts import Alert, LogMatch, PromQL
from blueprint.alerts.replay import lateness
from ops.local.signals import MINUTE, Observed, measured, shown

PLATFORM_ONLY = frozenset({"no-instance"})
"""Kinds that wait for what only the platform writes."""


@dataclass(frozen=True)
class Watched:
    """When each alert first fired, and which could not be judged, with the reason."""

    fired: Mapping[str, datetime]
    unjudged: Mapping[str, str]


def watched(alerts: Iterable[Alert], seen: Observed) -> Watched:
    """Return what the alerts say of a run."""
    fired: dict[str, datetime] = {}
    unjudged: dict[str, str] = {}
    samples: dict[str, list[Samples]] = defaultdict(list)
    for each in measured(seen):
        samples[each.metric].append(each)
    entries = _entries(seen)
    for alert in alerts:
        if reason := _unseen(alert, seen):
            unjudged[alert.name] = reason
        elif at := _first(alert, samples, seen) if isinstance(alert.condition, PromQL) else _line(alert, entries):
            fired[alert.name] = at
    return Watched(fired, unjudged)


def _unseen(alert: Alert, seen: Observed) -> str:
    """Return why a run cannot tell whether an alert fires; empty where it can."""
    if alert.kind in PLATFORM_ONLY:
        return "only the platform writes it"
    if isinstance(alert.condition, LogMatch):
        return ""
    unknown = {each.metric for each in selectors(alert.condition.condition)} - shown()
    if unknown:
        return "only the platform measures it"
    job = alert.values.get("job")
    return "" if job is None or job in seen.jobs else "the job does not run in this day"


def _first(alert: Alert, samples: Mapping[str, Sequence[Samples]], seen: Observed) -> datetime | None:
    """Return the first minute at which a condition has held for its duration without a break."""
    assert isinstance(alert.condition, PromQL)
    condition = alert.condition.condition
    read = {
        id(each): _later(each, 60 * (lateness(alert, selector.metric) or 0))
        for selector in selectors(condition)
        for each in samples.get(selector.metric, ())
        if all(matcher.accepts(each.labels.get(matcher.label, "")) for matcher in selector.matchers)
    }
    series, held = list(read.values()), 0
    if not series and not any(isinstance(each, FunctionCall) and each.function == "vector" for each in walk(condition)):
        return None  # nothing was measured, and nothing but a clock gives a value without a sample
    begin = seen.start.replace(second=0, microsecond=0)
    for minute in range(1, seen.minutes + 1):
        at = begin + minute * MINUTE
        held = held + 1 if evaluate(condition, series, at.timestamp()) else 0
        if held > alert.condition.duration // 60:
            return at
    return None


def _later(series: Samples, seconds: int) -> Samples:
    return replace(series, times=[at + seconds for at in series.times])


def _entries(seen: Observed) -> dict[str, list[tuple[datetime, Mapping[str, Any]]]]:
    """Return the log entries of a run by the service or job that they are of."""
    found: dict[str, list[tuple[datetime, Mapping[str, Any]]]] = defaultdict(list)
    for line in seen.lines:
        if seen.start <= line.at <= seen.end:
            found[line.function].append((line.at, line.entry))
    for at, job, status in seen.calls:
        kind = "type.googleapis.com/google.cloud.scheduler.logging.AttemptFinished"
        done = 200 <= status < 300
        entry = {
            "severity": "INFO" if done else "ERROR",
            "resource": {"type": "cloud_scheduler_job", "labels": {"job_id": job}},
            "httpRequest": {"status": status},
            "jsonPayload": {"@type": kind} | ({} if done else {"status": "UNKNOWN"}),
        }
        found[job].append((at, entry))
    return found


def _line(alert: Alert, entries: Mapping[str, Sequence[tuple[datetime, Mapping[str, Any]]]]) -> datetime | None:
    """Return when the first entry came that an alert waits for."""
    assert isinstance(alert.condition, LogMatch)
    holds = alert.condition.condition.holds
    wanted = {alert.values.get(name, "") for name in ("function", "timer", "job")}
    return min((at for name in wanted for at, entry in entries.get(name, ()) if holds(entry)), default=None)


def minutes_after(moment: datetime, at: datetime) -> int:
    """Return whole minutes between a fault and what reports it, begun ones counted."""
    return -(-(at - moment) // timedelta(minutes=1)) if at > moment else 0
