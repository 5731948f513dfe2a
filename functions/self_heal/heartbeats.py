"""Heartbeats that say `running` long after the last beat: their processor died without a word."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from shared.decisions.document import Changes
from shared.decisions.effects import Snapshot
from shared.orchestration.dependencies import Dependencies
from shared.orchestration.sweep import PAGE, Budget


def close_stale(dependencies: Dependencies, budget: Budget) -> Iterator[str]:
    """Yield a sentence for each heartbeat closed, until the budget is over; raises `Unavailable`.

    An id scheme that made a document per run once left a hundred thousand of them: the next day goes on.
    """
    collection = dependencies.view.collections["heartbeats"]
    stale = dependencies.view.settings.duration("heartbeat_stale")
    now = datetime.now(UTC)
    last: Snapshot | None = None
    while not budget.over:
        page = list(
            dependencies.store.find(
                collection,
                (("status", "==", "running"), ("last_heartbeat", "<", now - stale)),
                order=("last_heartbeat", "DESCENDING"),
                limit=PAGE,
                after=last,
            )
        )
        for snapshot in page:
            if budget.over:
                return
            closed: Changes = {
                ("status",): "stale",
                ("closed_at",): snapshot.time,
                ("closed_by",): dependencies.view.function,
            }
            if dependencies.store.write(snapshot, closed):
                yield f"heartbeat of {snapshot.key} was closed: no beat for more than {stale}"
        if len(page) < PAGE:
            return
        last = page[-1]
