"""Every metric alert, by promtool, in every scenario: it fires in time where its cases say so and nowhere else."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from analysis.promql.expression import Expression, FunctionCall, Number, Selector, binary, together
from blueprint.alerts import Alert, PromQL, cases, catalogue, prometheus, replay
from blueprint.alerts.kinds import KINDS
from blueprint.loader import load_manifest
from blueprint.names import Names

LONG, DAY = 4 * 60, 24 * 60
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
    """Write the scenario's test files; none where it shows nothing of what these alerts read.

    A month is written once: what zeros change shows within a day.
    """
    if not any(list(replay.series(alert, scenario, dense=False)) for alert in alerts):
        return []
    rules = folder / f"{scenario.name}.rules.yaml"
    rules.write_text(prometheus.text(prometheus.rules(alerts, scenario.start)))
    files = []
    for dense in (False, True) if scenario.length <= 7 * DAY else (False,):
        path = folder / f"{scenario.name}-{'dense' if dense else 'sparse'}.yaml"
        path.write_text(prometheus.text(replay.document(alerts, scenario, rules.name, dense=dense)))
        files.append(path)
    return files


def judged(promtool: str, files: Sequence[Path]) -> subprocess.CompletedProcess[str]:
    return subprocess.run([promtool, "test", "rules", *map(str, files)], capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.parametrize("kind", METRIC_KINDS)
def test_fires_in_time_and_only_then(kind: str, alerts: tuple[Alert, ...], promtool: str, tmp_path: Path) -> None:
    mine = [alert for alert in alerts if alert.kind == kind]
    assert mine, f"no alert is of kind {kind}"
    files = [
        file for scenario in cases.scenarios().values() for file in write(chosen(mine, scenario), scenario, tmp_path)
    ]
    result = judged(promtool, files)
    assert result.returncode == 0, "\n".join(line for line in result.stderr.splitlines() if line.strip())[:4000]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["silence", "downstream-silent", "schedule-missing"])
def test_another_pipeline_is_watched_as_well(kind: str, promtool: str, tmp_path: Path) -> None:
    manifest = load_manifest(Path(__file__).parents[2] / "pipelines/parcels")
    mine = [
        a for a in catalogue(manifest, Names(manifest.pipeline, "a-project", "1", "europe-west1")) if a.kind == kind
    ]
    assert mine
    short = [scenario for scenario in cases.scenarios().values() if scenario.length <= 4 * 24 * 60]
    files = [file for scenario in short for file in write(chosen(mine, scenario), scenario, tmp_path)]
    result = judged(promtool, files)
    assert result.returncode == 0, result.stderr[:4000]


def test_every_metric_alert_is_replayed(alerts: tuple[Alert, ...]) -> None:
    assert {alert.kind for alert in alerts if isinstance(alert.condition, PromQL)} == set(METRIC_KINDS)


ONE = FunctionCall("vector", (Number(1),))
SEEDED: dict[str, Callable[[Expression], Expression]] = {
    "never fires": lambda condition: together("and", condition, binary(ONE, "<", 0)),
    "fires in every scenario": lambda condition: ONE,
    "looks at a metric that nobody sends": lambda condition: together("and", condition, Selector("absent")),
}


@pytest.mark.parametrize("fault", SEEDED)
def test_the_replay_finds_a_broken_alert(fault: str, alerts: tuple[Alert, ...], promtool: str, tmp_path: Path) -> None:
    alert = next(alert for alert in alerts if alert.kind == "silence")
    assert isinstance(alert.condition, PromQL)
    broken = replace(alert, condition=replace(alert.condition, condition=SEEDED[fault](alert.condition.condition)))
    (tmp_path / "rules.yaml").write_text(prometheus.text(prometheus.rules([broken])))
    failed = 0
    for name in ("outage-gone", "redeploy"):
        document = replay.document([alert], cases.scenarios()[name], "rules.yaml", dense=False)
        (tmp_path / f"{name}.yaml").write_text(prometheus.text(document))
        failed += judged(promtool, [tmp_path / f"{name}.yaml"]).returncode != 0
    assert failed >= 1


def test_a_slower_alert_misses_its_ten_minutes(alerts: tuple[Alert, ...], promtool: str, tmp_path: Path) -> None:
    alert = next(alert for alert in alerts if alert.kind == "silence")
    assert isinstance(alert.condition, PromQL)
    slow = replace(alert, condition=replace(alert.condition, duration=15 * 60))
    files = write([slow], cases.scenarios()["outage-refused"], tmp_path)
    assert judged(promtool, files).returncode != 0
    files = write([alert], cases.scenarios()["outage-refused"], tmp_path)
    assert judged(promtool, files).returncode == 0


def test_dead_orchestrators_are_held_to_ten_minutes() -> None:
    """Incidents 1, 24 and 34: an orchestrator that crashes, is refused, or has lost its subscription."""
    causes = {"outage-refused", "outage-crash", "outage-gone", "outage-steady", "outage-single", "dead-lettered"}
    limits = {case.name: cases.minutes(case.within) for case in cases.load("silence").fires}
    assert set(limits) >= causes
    assert max(limits[cause] for cause in causes) <= 10


@pytest.mark.parametrize(
    ("notation", "values"),
    [
        ("1 2", "1 2"),
        ("1*3", "1 1 1"),
        ("_*2 0", "_ _ 0"),
        ("60+60*3", "60 120 180"),
        ("(1 _*2)*2 5", "1 _ _ 1 _ _ 5"),
        ("((1 0)*2 _)*2", "1 0 1 0 _ 1 0 1 0 _"),
        ("-1 0.5*2", "-1 0.5 0.5"),
    ],
)
def test_notation(notation: str, values: str) -> None:
    assert replay.expand(notation) == tuple(values.split())


@pytest.mark.parametrize("notation", ["1*", "x", "(1", "1)", "1 ** 2"])
def test_what_is_no_notation_is_refused(notation: str) -> None:
    with pytest.raises(ValueError, match=r"read|open"):
        replay.expand(notation)


def test_encoding_counts_repetitions() -> None:
    assert replay.encode(["_", "_", "1", "1", "1", "0", "_"]) == "_x2 1x2 0 _x1"


@pytest.mark.parametrize("scenario", cases.scenarios().values(), ids=lambda scenario: scenario.name)
def test_scenarios_fill_their_length(scenario: cases.Scenario) -> None:
    assert scenario.story
    for name, found in scenario.signals.items():
        assert name in cases.signals()
        for notation in found.values() if isinstance(found, dict) else [found]:
            minutes = len(replay.expand(str(notation).replace("{max_instances}", "5")))
            assert minutes <= scenario.length, f"{name} is longer than {scenario.name}"
