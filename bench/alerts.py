"""Alerts: minutes from a fault to the first notification, as Prometheus itself says, and what judging them costs a
plan.

Replays every scenario in which a kind must fire, for one alert of each kind, with counters sparse and dense; the slower
of the two counts. Needs promtool (Debian: apt-get install prometheus).
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.figures import note
from blueprint.alerts import Alert, PromQL, cases, catalogue, prometheus, replay
from blueprint.contracts.alerts import condition_problems
from blueprint.loader import load_manifest
from blueprint.names import Names

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Print the tables."""
    manifest = load_manifest(ROOT)
    alerts = catalogue(manifest, Names(manifest.pipeline, "a-project", "1", "us-west2"))
    print("\n".join(cost(alerts)))
    promtool = shutil.which("promtool")
    if promtool is None:
        print("promtool is not installed; on Debian: apt-get install prometheus")
        return
    print(f"\n{'kind':<22}{'scenario':<22}{'fires after':>12}{'must within':>13}")
    for kind, found in replay.kinds(alerts).items():
        if isinstance(found[0].condition, PromQL):
            for case in cases.load(kind).fires:
                minutes = max(time_to_fire(promtool, found[0], case, dense=dense) for dense in (False, True))
                within = cases.minutes(cases.filled(case.within, found[0].values))
                note("alerts", f"{kind} fires after {case.name}", minutes, "min", limit=within)
                print(f"{kind:<22}{case.name:<22}{minutes:>8.0f} min{within:>9} min")


def cost(alerts: tuple[Alert, ...]) -> Iterator[str]:
    """Yield what reading and judging every condition costs."""
    started = time.process_time()
    for alert in alerts:
        condition_problems(alert.condition)
    yield f"{len(alerts)} alerts judged in {(time.process_time() - started) * 1000:.0f} ms of processor time"


def time_to_fire(promtool: str, alert: Alert, case: cases.Fires, *, dense: bool) -> float:
    """Return the minutes from the fault to the first firing evaluation; raises ValueError where it never fires."""
    scenario = cases.scenarios()[case.name]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "rules.yaml").write_text(prometheus.text(prometheus.rules([alert])))
        document = replay.document([alert], scenario, "rules.yaml", dense=dense)
        firing = f'ALERTS{{alertname="{alert.name}",alertstate="firing"}}'
        asked = f"min_over_time(timestamp({firing})[{scenario.length}m:1m])"
        # Expecting nothing makes promtool print what it got.
        expected = [{"expr": asked, "eval_time": f"{scenario.length}m", "exp_samples": []}]
        document["tests"][0]["promql_expr_test"] = expected
        (folder / "test.yaml").write_text(prometheus.text(document))
        command = [promtool, "test", "rules", str(folder / "test.yaml")]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    got = re.search(r"got: .* (\S+)", result.stdout + result.stderr)
    if got is None:
        raise ValueError(f"{alert.name} does not fire in {case.name}")
    return float(got[1]) / 60 - cases.minutes(case.after)
