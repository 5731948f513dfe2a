"""The morning's message and `ops validate` judge the same documents alike; the function stands alone, so each has its code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from blueprint.view import function_view
from tests.operators.conftest import PROJECT, ROOT, Run, System
from tests.operators.test_validate import CRITICAL2, PHASE2, PHASE3

DATE = "2026-08-01"
SCRIPT = """
import json, sys
from datetime import UTC, datetime
from shared.declaration import settings, view
from shared.orchestration.dependencies import Dependencies
import summary
seen = view.parse(json.load(sys.stdin))
found = summary._standings(Dependencies(settings.read(), seen, None), [], sys.argv[1], datetime.now(UTC))
print(json.dumps({each.boundary: each.level for each in found}))
"""


def states(now: datetime) -> dict[str, dict[str, Any]]:
    """Return what is stored of each phase in each state, triggered now: a test may run long after it was collected."""
    triggered = {"_triggered": True, "_triggered_at": now}
    return {
        "nothing": {},
        "two of five": {"phase2": (CRITICAL2[:2], {})},
        "four of five": {"phase2": (PHASE2[:4], {})},
        "triggered": {"phase2": (PHASE2, triggered)},
        "triggered without one": {"phase2": (PHASE2[:4], triggered)},
        "blocked": {"phase2": (PHASE2, triggered), "phase3": (PHASE3, {"_blocked": {"gates": [{"detail": "thin"}]}})},
    }


@pytest.mark.parametrize("name", states(datetime.now(UTC)))
def test_both_say_the_same_of_a_boundary(system: System, ops: Run, name: str) -> None:
    for phase in ("phase2", "phase3", "phase4", "phase5"):
        system.firestore.collection(f"{phase}_completion").document(DATE).delete()
    system.games(DATE)
    now = datetime.now(UTC)
    for phase, (processors, fields) in states(now)[name].items():
        system.stored(phase, DATE, *processors, **{"_first_completion_at": now - timedelta(hours=9), **fields})
    _, printed = ops("validate", DATE, "--json")
    target = system.target
    view = function_view(target.manifest, "daily-health-summary", target.names, target.root, target.firestore)
    folders = (ROOT / "functions", ROOT / "functions" / "daily_health_summary")
    environment = {**os.environ, "GCP_PROJECT_ID": PROJECT, "ENVIRONMENT": "test"}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, DATE],
        input=json.dumps(view),
        env={**environment, "PYTHONPATH": os.pathsep.join(map(str, folders))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    message = json.loads(done.stdout)
    looked_at = ["phase2_to_phase3", "phase3_to_phase4"]
    told = {each["boundary"]: each["level"] for each in printed["boundaries"]}
    if "triggered" in name:  # the next phase has a while to begin; in the morning, that while is over
        looked_at = ["phase2_to_phase3"]
    assert {each: message[each] for each in looked_at} == {each: told[each] for each in looked_at}
