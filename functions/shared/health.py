"""Deep health: does each dependency answer, with the permission that the work needs, and how fast?"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from google.api_core import exceptions

from shared.effects import Unavailable
from shared.world import World

PROBE = "health-probe"
"""A document id that no date has; reading it proves the permission without touching data."""
PROBE_SECONDS = 5.0


def report(world: World) -> tuple[int, dict[str, Any]]:
    """Return 200 where everything answers, else 503, and per dependency whether it does and its latency."""
    probes: dict[str, Callable[[World], None]] = {"firestore": _firestore, "pubsub": _pubsub}
    checks = {name: _probed(probe, world) for name, probe in (probes | world.probes).items()}
    sound = all(check["ok"] for check in checks.values())
    return (200 if sound else 503), {
        "status": "ok" if sound else "failing",
        "function": world.view.function,
        "dependencies": checks,
    }


def _probed(probe: Callable[[World], None], world: World) -> dict[str, Any]:
    start = time.monotonic()
    try:
        probe(world)
        problem = None
    except Unavailable as failure:
        problem = str(failure)
    except exceptions.GoogleAPICallError as error:
        problem = f"{type(error).__name__}: {error.message}"
    latency = round(1000 * (time.monotonic() - start), 1)
    return {"ok": problem is None, "latency_ms": latency} | ({"problem": problem} if problem else {})


def _firestore(world: World) -> None:
    collections = [boundary.upstream.collection for boundary in world.view.boundaries.values()]
    world.store.read((collections or [*world.view.collections.values(), "health"])[0], PROBE)


def _pubsub(world: World) -> None:
    """Ask whether it may publish to each topic; beside the emulator, which knows no permissions, whether it answers."""
    client = world.publisher.client
    letters = world.view.dead_letter_topic
    for topic in (*world.view.publishes, *([letters] if letters else [])):
        path = world.publisher.path(topic)
        if world.settings.pubsub_emulator:
            with suppress(exceptions.NotFound):
                client.get_topic(topic=path, retry=None, timeout=PROBE_SECONDS)
            continue
        wanted = "pubsub.topics.publish"
        held = client.test_iam_permissions(
            request={"resource": path, "permissions": [wanted]}, retry=None, timeout=PROBE_SECONDS
        )
        if wanted not in held.permissions:
            raise Unavailable("pubsub", f"no permission to publish to {topic}")
