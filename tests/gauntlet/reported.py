"""How many minutes pass until a failure is reported, measured: by promtool in the replay, and on days of the local run.

The replay gives each metric alert every scenario in which it must fire, sparse and dense, and asks Prometheus at each
evaluation after the fault whether it fires. Of several alerts of one kind the slowest counts.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from blueprint.alerts import Alert, PromQL, cases, prometheus, replay
from ops.local import days
from ops.local.judgement import came
from ops.local.replay import Player
from ops.local.system import System
from ops.local.watching import minutes_after

FIRED = re.compile(r'alertname=."(?P<alert>[^"]+)."[^\n]*, time: (?P<at>[0-9dhms]+),')
UNITS = {"d": 1440, "h": 60, "m": 1, "s": 1 / 60}


def replayed(all_: Iterable[Alert], promtool: str, folder: Path) -> Mapping[str, Mapping[str, int]]:
    """Return kind of metric alert → scenario in which it must fire → minutes from the fault until it does."""
    found: dict[str, dict[str, int]] = {}
    for kind, alerts in replay.kinds(all_).items():
        for case in cases.load(kind).fires:
            scenario = cases.scenarios().get(case.name)
            if scenario is not None and isinstance(alerts[0].condition, PromQL):
                found.setdefault(kind, {})[case.name] = _slowest(alerts, scenario, case, promtool, folder)
    return found


def _slowest(alerts: Sequence[Alert], scenario: cases.Scenario, case: cases.Fires, promtool: str, folder: Path) -> int:
    """Return how long the slowest of the alerts takes; raises ValueError where one does not fire in time."""
    rules = folder / f"{scenario.name}.rules.yaml"
    rules.write_text(prometheus.text(prometheus.rules(alerts, scenario.start)), encoding="utf-8")
    fault, slowest = cases.minutes(case.after), 0
    for dense in (False, True):
        first: dict[str, int] = {}
        document = _asking(replay.document(alerts, scenario, rules.name, dense=dense), alerts, scenario, case)
        for name, at in _fired(document, promtool, folder):
            first[name] = min(at, first.get(name, at))
        if late := sorted({each.name for each in alerts} - {*first}):
            raise ValueError(f"'{late[0]}' does not fire in time in the scenario '{scenario.name}'.")
        slowest = max(slowest, *(at - fault for at in first.values()))
    return slowest


def _asking(
    document: dict[str, Any], alerts: Sequence[Alert], scenario: cases.Scenario, case: cases.Fires
) -> dict[str, Any]:
    """Return a test file in which each evaluation after the fault claims that nothing fires, so that promtool tells what does."""
    fault = cases.minutes(case.after)
    document["tests"][0]["promql_expr_test"] = [
        {
            "expr": f'count(ALERTS{{alertname="{each.name}",alertstate="firing"}})',
            "eval_time": f"{minute}m",
            "exp_samples": [],
        }
        for each in alerts
        for minute in range(fault, fault + cases.minutes(cases.filled(case.within, each.values)) + 1, scenario.step)
    ]
    return document


def _fired(document: Mapping[str, Any], promtool: str, folder: Path) -> Iterator[tuple[str, int]]:
    path = folder / "asking.yaml"
    path.write_text(prometheus.text(document), encoding="utf-8")
    told = subprocess.run([promtool, "test", "rules", str(path)], capture_output=True, text=True, check=False)
    for each in FIRED.finditer(told.stdout + told.stderr):
        yield each["alert"], round(sum(int(n) * UNITS[unit] for n, unit in re.findall(r"(\d+)([dhms])", each["at"])))


def lived(system: System) -> Mapping[str, Mapping[str, object]]:
    """Return day with a fault → what reports it first on a local run, and after how many minutes of its clock."""
    root, zone = system.plan.root, ZoneInfo(system.model.manifest.time_zone)
    kinds = {each.name: each.kind for each in system.model.alerts}
    found: dict[str, Mapping[str, object]] = {}
    for name in days.names(root):
        day = days.load(root, name, zone)
        if day.fault is None or not day.incidents:
            continue
        system.begin_anew()
        fired = came(system, day, Player(system, lambda _: None).play(day)).alerts.fired
        at, alert = min((at, alert) for alert, at in fired.items() if at >= day.fault)
        minutes = minutes_after(day.fault, at)
        found[name] = {"incidents": list(day.incidents), "alert": kinds[alert], "minutes": minutes}
    return found
