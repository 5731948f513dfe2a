"""Heartbeats that say `running` long after the last beat: their processor died without a word."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from shared.document import Changes
from shared.world import World


def close_stale(world: World) -> Iterator[str]:
    """Yield a sentence for each heartbeat closed; raises `Unavailable`."""
    collection = world.view.collections["heartbeats"]
    stale = timedelta(seconds=world.view.settings["heartbeat_stale"])
    now = datetime.now(UTC)
    running = world.store.find(
        collection,
        (("status", "==", "running"), ("last_heartbeat", "<", now - stale)),
        order=("last_heartbeat", "DESCENDING"),
    )
    for snapshot in list(running):
        closed: Changes = {("status",): "stale", ("closed_at",): snapshot.time, ("closed_by",): world.view.function}
        if world.store.write(snapshot, closed):
            yield f"heartbeat of {snapshot.key} was closed: no beat for more than {stale}"
