"""Scenarios as test files for `promtool test rules`: series as the platform would show them, and what must fire.

Every sample arrives as late as its metric's documented delay allows, and every counter is replayed twice: sparse, with
no points while idle, and dense, with zeros, because the platform does either (pitfall 102). Whether an alert ever
fired is asked of Prometheus' own ALERTS series, so a silent case looks at every minute, not at one.
"""

from __future__ import annotations

import functools
import itertools
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from string import Formatter
from typing import Any
from zoneinfo import ZoneInfo

from analysis.promql import metrics
from analysis.promql.expression import selectors
from blueprint.alerts import cases
from blueprint.alerts.cases import Fires, Scenario
from blueprint.alerts.types import Alert, PromQL

GAP = "_"
ATTEMPTS = "attempts"
LINES_PER_ATTEMPT = 2
"""Cloud Scheduler writes when an attempt starts and when it has finished."""

_PIECE = re.compile(r"\s*(?:(\()|(\))(?:\*(\d+))?|(_|-?\d+(?:\.\d+)?)(?:\+(\d+(?:\.\d+)?))?(?:\*(\d+))?)")


@functools.lru_cache(maxsize=512)
def expand(notation: str) -> tuple[str, ...]:
    """Return one value per minute of a notation: `2*3` repeats, `60+60*5` climbs, `(1 _*4)*7` repeats a group."""
    stack: list[list[str]] = [[]]
    at, end = 0, len(notation.rstrip())
    while at < end:
        match = _PIECE.match(notation, at)
        if not match or (match[2] and len(stack) < 2):
            raise ValueError(f"{notation!r} cannot be read from position {at}")
        opening, closing, group_times, value, step, times = match.groups()
        if opening:
            stack.append([])
        elif closing:
            stack[-2:] = [stack[-2] + stack[-1] * int(group_times or 1)]
        elif step:
            stack[-1].extend(f"{float(value) + float(step) * i:g}" for i in range(int(times or 1)))
        else:
            stack[-1].extend([value] * int(times or 1))
        at = match.end()
    if len(stack) != 1:
        raise ValueError(f"{notation!r} has an open group")
    return tuple(stack[0])


def encode(values: Sequence[str]) -> str:
    """Return values in promtool's notation, repetitions counted."""
    out, at = [], 0
    while at < len(values):
        end = at
        while end < len(values) and values[end] == values[at]:
            end += 1
        count = end - at
        out.append(f"_x{count}" if values[at] == GAP else f"{values[at]}x{count - 1}" if count > 1 else values[at])
        at = end
    return " ".join(out)


def series(alert: Alert, scenario: Scenario, *, dense: bool) -> Iterator[tuple[str, str]]:
    """Yield (series, values) of everything in the scenario that concerns what the alert watches."""
    for name, signal in cases.signals().items():
        late = lateness(alert, signal["metric"])
        if late is None or not all(key in alert.values for key in _needed(signal)):
            continue
        labels = cases.filled(signal["labels"], alert.values)
        if name == ATTEMPTS:
            yield _series(signal["metric"], labels, _attempts(alert, scenario), late, dense)
        elif isinstance(found := scenario.signals.get(name), Mapping):
            for share, notation in found.items():
                bound = str(share) if share == "+Inf" else f"{float(share) * float(alert.values[signal['unit']]):g}"
                yield _series(signal["metric"], {**labels, "le": bound}, expand(str(notation)), late, dense)
        elif found is not None:
            yield _series(signal["metric"], labels, expand(cases.filled(str(found), alert.values)), late, dense)


def _needed(signal: Mapping[str, Any]) -> set[str]:
    """Return the values that an alert must have for the signal to concern it."""
    names = {name for label in signal["labels"].values() for _, name, _, _ in Formatter().parse(label) if name}
    return names | ({signal["unit"]} if "unit" in signal else set())


def lateness(alert: Alert, metric: str) -> int | None:
    """Return by how many minutes samples of `metric` come late for the alert, None where it does not read it.

    A sample that is read with an offset is there by then.
    """
    assert isinstance(alert.condition, PromQL)
    read = [s.offset for s in selectors(alert.condition.condition) if s.metric == metric]
    if not read:
        return None
    return max(0, math.ceil((metrics.by_promql()[metric].delay - min(read)) / 60))


def _series(name: str, labels: Mapping[str, str], values: Sequence[str], late: int, dense: bool) -> tuple[str, str]:
    metric = metrics.by_promql()[name]
    resource = labels.get("monitored_resource", metric.resources[0])
    matchers = ",".join(f'{key}="{value}"' for key, value in {"monitored_resource": resource, **labels}.items())
    if metric.kind == "DELTA":
        idle = "0" if dense else GAP
        values = [idle if value in (GAP, "0") else value for value in values]
    return f"{name}{{{matchers}}}", encode([GAP] * late + list(values))


def _attempts(alert: Alert, scenario: Scenario) -> list[str]:
    """Return the log lines of a job's attempts, minute by minute."""
    until = scenario.length if scenario.attempts is None else scenario.attempts
    came = runs(alert.values["cron"], alert.values["time_zone"], scenario.start, until)
    return [str(LINES_PER_ATTEMPT) if minute in came else GAP for minute in range(scenario.length)]


@functools.cache
def runs(cron: str, time_zone: str, start: int, length: int) -> frozenset[int]:
    """Return the minutes after `start`, in seconds since 1970, at which the clock on the wall shows the job's time.

    Looks at every minute instead of computing the next run, so that it shares nothing with the alert that it tests.
    """
    from cronsim import CronSim

    zone, day = ZoneInfo(time_zone), timedelta(days=1)
    shown = [datetime.fromtimestamp(start + minute * 60, zone).replace(tzinfo=None) for minute in range(length)]
    wanted = set(itertools.takewhile(lambda run: run < shown[-1] + day, CronSim(cron, shown[0] - day)))
    return frozenset(minute for minute, now in enumerate(shown) if now in wanted)


def fired(alert: Alert, start: int, end: int) -> str:
    """Return the question whether the alert fired between two minutes."""
    return f'count(count_over_time(ALERTS{{alertname="{alert.name}",alertstate="firing"}}[{max(end - start, 1)}m]))'


def expectations(alert: Alert, scenario: Scenario, case: Fires | None) -> Iterator[dict[str, Any]]:
    """Yield promtool's expressions: silent to the end, or silent until the fault and firing in time after it."""
    # No attempt is known from before the first minute, and a job counts as missing until its first.
    known = cases.minutes(alert.values.get("noticed_within", "0m"))
    if case is None:
        if scenario.length > known:
            yield {"expr": fired(alert, known, scenario.length), "eval_time": f"{scenario.length}m", "exp_samples": []}
        return
    fault = cases.minutes(case.after)
    deadline = fault + cases.minutes(cases.filled(case.within, alert.values))
    if fault > known:
        yield {"expr": fired(alert, known, fault), "eval_time": f"{fault}m", "exp_samples": []}
    yield {
        "expr": fired(alert, fault, deadline),
        "eval_time": f"{deadline}m",
        "exp_samples": [{"labels": "{}", "value": 1}],
    }


def document(alerts: Sequence[Alert], scenario: Scenario, rule_file: str, *, dense: bool) -> dict[str, Any]:
    """Return a test file for promtool: all `alerts`, of one kind, in one scenario."""
    found: dict[str, str] = {}
    for alert in alerts:
        found.update(series(alert, scenario, dense=dense))
    expected = {case.name: case for case in cases.load(alerts[0].kind).fires}.get(scenario.name)
    tests = [item for alert in alerts for item in expectations(alert, scenario, expected)]
    return {
        "rule_files": [rule_file],
        "evaluation_interval": f"{scenario.step}m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": name, "values": values} for name, values in found.items()],
                "promql_expr_test": tests,
            }
        ],
    }


def kinds(alerts: Iterable[Alert]) -> dict[str, list[Alert]]:
    """Return alerts by kind."""
    found: dict[str, list[Alert]] = {}
    for alert in alerts:
        found.setdefault(alert.kind, []).append(alert)
    return found
