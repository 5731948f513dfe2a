"""Every metric alert, by promtool, in every scenario: it fires in time where its cases say so and nowhere else."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from blueprint.alerts import Alert, PromQL, cases, prometheus, replay
from blueprint.alerts.kinds import KINDS

LONG = 4 * 60
"""Minutes; of a longer scenario one alert of each kind is replayed, the texts of the others differ in names only."""
METRIC_KINDS = sorted(
    {case.stem for case in cases.FOLDER.glob("*.yaml")}
    & {kind for kind in KINDS if cases.load(kind).fires}
    - {kind for kind in KINDS if any(case.name in cases.entries() for case in cases.load(kind).fires)}
)


def chosen(alerts: Sequence[Alert], scenario: cases.Scenario) -> Sequence[Alert]:
    if scenario.length <= LONG:
        return alerts
    return list({alert.values.get("cron", ""): alert for alert in alerts}.values())


def write(alerts: Sequence[Alert], scenario: cases.Scenario, folder: Path) -> list[Path]:
    """Write the scenario's test files; none where it shows nothing of what these alerts read."""
    if not any(list(replay.series(alert, scenario, dense=False)) for alert in alerts):
        return []
    rules = folder / f"{scenario.name}.rules.yaml"
    rules.write_text(prometheus.text(prometheus.rules(alerts)))
    files = []
    for dense in (False, True):
        path = folder / f"{scenario.name}-{'dense' if dense else 'sparse'}.yaml"
        path.write_text(prometheus.text(replay.document(alerts, scenario, rules.name, dense=dense)))
        files.append(path)
    return files


@pytest.mark.parametrize("kind", METRIC_KINDS)
def test_fires_in_time_and_only_then(kind: str, alerts: tuple[Alert, ...], promtool: str, tmp_path: Path) -> None:
    mine = [alert for alert in alerts if alert.kind == kind]
    assert mine, f"no alert is of kind {kind}"
    files = [
        file for scenario in cases.scenarios().values() for file in write(chosen(mine, scenario), scenario, tmp_path)
    ]
    result = subprocess.run(
        [promtool, "test", "rules", *map(str, files)], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert result.returncode == 0, "\n".join(line for line in result.stderr.splitlines() if line.strip())[:4000]


def test_every_metric_alert_is_replayed(alerts: tuple[Alert, ...]) -> None:
    assert {alert.kind for alert in alerts if isinstance(alert.condition, PromQL)} == set(METRIC_KINDS)
