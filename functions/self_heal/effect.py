"""Did a trigger have an effect? Where the next phase never started, publish the trigger again, a few times."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from shared.decisions import document as doc
from shared.decisions.effects import Snapshot
from shared.declaration import fields
from shared.declaration.types import Phase
from shared.declaration.view import Boundary
from shared.orchestration import repeat, runner
from shared.orchestration.dependencies import Dependencies
from shared.orchestration.sweep import Budget
from shared.orchestration.warehouse import warehouse_of

_RUNS_SINCE = Path(__file__).with_name("queries").joinpath("runs_since.sql").read_text("utf-8")


def repeat_without_effect(
    dependencies: Dependencies, boundary: Boundary, budget: Budget, failures: list[str]
) -> Iterator[str]:
    """Yield a sentence for each trigger published again; raises `Unavailable` where nothing can be looked at.

    What fails for one date is added to `failures`, and the next date is looked at, the newest triggers first, until
    the budget is over: the next tick looks at them again.
    """
    if boundary.downstream is None:
        return
    settings = dependencies.view.settings
    now = datetime.now(UTC)
    triggered = dependencies.store.find(
        boundary.upstream.collection,
        ((doc.TRIGGERED_AT, ">=", now - settings.duration("look_back")),),
        order=(doc.TRIGGERED_AT, "ASCENDING"),
    )
    wait = settings.duration("downstream_start")
    for snapshot in list(triggered)[::-1]:
        if budget.over:
            return
        with runner.apart(dependencies, boundary, snapshot.key, failures):
            if boundary.keys.fits(snapshot.key) and _due(snapshot, wait, settings.count("attempts")):
                since = doc.time_of((snapshot.document or {})[doc.TRIGGERED_AT])
                if since and not _started(dependencies, boundary.downstream, snapshot.key, since):
                    yield from _repeated(dependencies, boundary, snapshot)


def _due(snapshot: Snapshot, wait: timedelta, most: int) -> bool:
    """Return whether the last publication had time to show an effect, twice as long after each repetition."""
    document = snapshot.document or {}
    done = repeat.attempts(document)
    again = doc.time_of(doc.record(document.get(doc.REPUBLISHED)).get("at"))
    last = again or doc.time_of(document.get(doc.TRIGGERED_AT))
    return (
        bool(document.get(doc.TRIGGERED))
        and done < most
        and last is not None
        and (snapshot.time - last >= wait * 2**done)
    )


def _started(dependencies: Dependencies, phase: Phase, game_date: str, since: datetime) -> bool:
    document = dependencies.store.read(phase.collection, game_date).document or {}
    records = [*doc.completed(document).values()]
    for field in (doc.FAILED, doc.NO_DATA):
        records += [*doc.record(document.get(field)).values()]
    times = (doc.time_of(doc.record(record).get("completed_at")) for record in records)
    if any(time is not None and time >= since for time in times):
        return True
    processors = [name for known in phase.processors.values() for name in (known.name, *known.aliases)]
    (row,) = warehouse_of(dependencies).rows(
        _RUNS_SINCE,
        game_date=date.fromisoformat(game_date),
        since=since,
        phases=[phase.label, phase.name],
        processors=processors,
    )
    return bool(row["runs"])


def _repeated(dependencies: Dependencies, boundary: Boundary, snapshot: Snapshot) -> Iterator[str]:
    number = repeat.publish_again(dependencies, boundary, snapshot)
    if number is None:
        return
    text = f"{boundary.name} of {snapshot.key} had no effect in time; its trigger was published again ({number})."
    yield text  # it is published, whatever becomes of the records below
    document = snapshot.document or {}
    correlation = str(document.get(doc.CORRELATION_ID) or "none")
    entry: dict[str, Any] = {
        "boundary": boundary.name,
        "phase": boundary.downstream.name if boundary.downstream else boundary.name,
        "game_date": snapshot.key,
        "correlation_id": correlation,
        "trigger_id": boundary.trigger_id(snapshot.key),
        "attempt": number,
        "healed_at": snapshot.time,
    }
    dependencies.events.error(
        "trigger_without_effect",
        text,
        category="upstream_failure",
        severity="warning",
        identity=f"{entry['trigger_id']}:{number}",
        date=snapshot.key,
        phase=boundary.upstream.name,
        correlation_id=correlation,
        recovery_attempted=True,
    )
    _remember(dependencies, f"{snapshot.key}_{entry['phase']}_{fields.key_part(correlation)}", entry, snapshot.time)


def _remember(dependencies: Dependencies, key: str, entry: dict[str, Any], now: datetime) -> None:
    collection = dependencies.view.collections["self_heal_history"]
    expiry = dependencies.view.expiry.get(collection)
    if expiry:
        entry = entry | {expiry.field: now + timedelta(seconds=expiry.seconds)}
    current = dependencies.store.read(collection, key)
    dependencies.store.write(current, {(name,): value for name, value in entry.items()})
