"""Deep health: does each dependency answer, with the permission that the work needs, and how fast?"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from shared.decisions.effects import Unavailable
from shared.orchestration.dependencies import Dependencies

PROBE = "health-probe"
"""A document id that no date has; reading it proves the permission without touching data."""


def report(dependencies: Dependencies) -> tuple[int, dict[str, Any]]:
    """Return 200 where everything answers, else 503, and per dependency whether it does and its latency."""
    probes: dict[str, Callable[[Dependencies], None]] = {"firestore": _firestore, "pubsub": _pubsub}
    checks = {name: _probed(probe, dependencies) for name, probe in (probes | dependencies.probes).items()}
    sound = all(check["ok"] for check in checks.values())
    return (200 if sound else 503), {
        "status": "ok" if sound else "failing",
        "function": dependencies.view.function,
        "dependencies": checks,
    }


def _probed(probe: Callable[[Dependencies], None], dependencies: Dependencies) -> dict[str, Any]:
    start = time.monotonic()
    try:
        probe(dependencies)
        problem = None
    except Unavailable as failure:
        problem = str(failure)
    latency = round(1000 * (time.monotonic() - start), 1)
    return {"ok": problem is None, "latency_ms": latency} | ({"problem": problem} if problem else {})


def _firestore(dependencies: Dependencies) -> None:
    collections = [boundary.upstream.collection for boundary in dependencies.view.boundaries.values()]
    dependencies.store.read((collections or [*dependencies.view.collections.values(), "health"])[0], PROBE)


def _pubsub(dependencies: Dependencies) -> None:
    letters = dependencies.view.dead_letter_topic
    dependencies.publisher.probe((*dependencies.view.publishes, *([letters] if letters else [])))
