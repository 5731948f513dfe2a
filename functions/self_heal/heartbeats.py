"""Heartbeats that say `running` long after the last beat: their processor died without a word."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from shared.decisions.document import Changes
from shared.orchestration.dependencies import Dependencies


def close_stale(dependencies: Dependencies) -> Iterator[str]:
    """Yield a sentence for each heartbeat closed; raises `Unavailable`."""
    collection = dependencies.view.collections["heartbeats"]
    stale = dependencies.view.settings.duration("heartbeat_stale")
    now = datetime.now(UTC)
    running = dependencies.store.find(
        collection,
        (("status", "==", "running"), ("last_heartbeat", "<", now - stale)),
        order=("last_heartbeat", "DESCENDING"),
    )
    for snapshot in list(running):
        closed: Changes = {
            ("status",): "stale",
            ("closed_at",): snapshot.time,
            ("closed_by",): dependencies.view.function,
        }
        if dependencies.store.write(snapshot, closed):
            yield f"heartbeat of {snapshot.key} was closed: no beat for more than {stale}"
