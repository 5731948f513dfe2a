"""One sweep: look back a few days, choose what needs its trigger again, record the attempt, publish."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from candidates import Candidate, Limits, allowed, candidate
from shared.decisions import document as doc
from shared.decisions.effects import Snapshot
from shared.decisions.rules import mode_of
from shared.declaration.types import Phase
from shared.declaration.view import Boundary
from shared.google.bigquery import Row, Warehouse
from shared.orchestration import repeat, runner
from shared.orchestration.dependencies import Dependencies
from shared.orchestration.warehouse import warehouse_of
from shared.reports import logs

_QUERIES = Path(__file__).with_name("queries")
_LATEST_RUNS = _QUERIES.joinpath("latest_runs.sql").read_text("utf-8")
_ATTEMPTS = _QUERIES.joinpath("attempts.sql").read_text("utf-8")
_RECORD_ATTEMPT = _QUERIES.joinpath("record_attempt.sql").read_text("utf-8")

Attempts = dict[tuple[str, date], Row]


def run(dependencies: Dependencies, schedule: str | None) -> dict[str, Any]:
    """Publish again what needs it, within the limits; `failures` lists what could not be looked at or published."""
    settings, now = dependencies.view.settings, datetime.now(UTC)
    limits = Limits(settings.count("per_run"), settings.duration("cool_down"), settings.count("attempts"))
    today = now.astimezone(dependencies.view.zone).date()
    first = today - settings.duration("look_back")
    warehouse = warehouse_of(dependencies)
    runs = warehouse.rows(_LATEST_RUNS, first=first, last=today)
    attempts: Attempts = {
        (row["processor_name"], row["analysis_date"]): row for row in warehouse.rows(_ATTEMPTS, first=first, last=today)
    }
    done: list[str] = []
    failures: list[str] = []
    for found, snapshot in _candidates(dependencies, runs, first):
        triggered_at = doc.time_of((snapshot.document or {}).get(doc.TRIGGERED_AT))
        if len(done) + len(failures) == limits.per_run:  # what failed may have been an attempt, or even a publication
            break
        if not allowed(found, triggered_at, attempts, limits, now):
            continue
        with runner.apart(dependencies, found.boundary, found.game_date, failures):
            if _repeat(dependencies, warehouse, found, snapshot, attempts, limits):
                done.append(f"{found.boundary.name} {found.game_date}: {found.reason}")
    logs.log("INFO", "backfill_done", f"{len(done)} triggers published again, {len(failures)} failures.", done=done)
    return {"published_again": done, "failures": failures}


def _candidates(dependencies: Dependencies, runs: list[Row], first: date) -> Iterator[tuple[Candidate, Snapshot]]:
    """Yield dates that were triggered and whose next phase lacks something, the oldest first."""
    for boundary in dependencies.view.boundaries.values():
        phase = boundary.downstream
        if phase is None:
            continue
        since = datetime.combine(first, datetime.min.time(), dependencies.view.zone)
        for snapshot in list(_triggered(dependencies, boundary, since)):
            if not boundary.keys.fits(snapshot.key) or snapshot.key < first.isoformat():
                continue
            of_date = [row for row in runs if row["data_date"].isoformat() == snapshot.key and _of(phase, row)]
            document = dependencies.store.read(phase.collection, snapshot.key).document
            expected = _expected(dependencies, phase, snapshot.key)
            found = candidate(boundary, phase, expected, snapshot.key, of_date, document)
            if found:
                yield found, snapshot


def _expected(dependencies: Dependencies, phase: Phase, game_date: str) -> tuple[str, ...]:
    """Return who is expected on the date: by its mode where a boundary follows the phase, else everybody."""
    for following in dependencies.view.boundaries.values():
        if following.upstream.name == phase.name:
            return mode_of(following, game_date, datetime.now(UTC), dependencies.view.zone).expected
    return tuple(phase.processors)


def _triggered(dependencies: Dependencies, boundary: Boundary, since: datetime) -> Iterator[Snapshot]:
    return dependencies.store.find(
        boundary.upstream.collection,
        ((doc.TRIGGERED_AT, ">=", since),),
        order=(doc.TRIGGERED_AT, "ASCENDING"),
    )


def _of(phase: Any, row: Row) -> bool:
    return row["phase"] in (phase.label, phase.name)


def _repeat(
    dependencies: Dependencies,
    warehouse: Warehouse,
    found: Candidate,
    snapshot: Snapshot,
    attempts: Attempts,
    limits: Limits,
) -> bool:
    game_date = date.fromisoformat(found.game_date)
    number = int(attempts.get((found.boundary.name, game_date), {}).get("attempts") or 0) + 1
    warehouse.rows(
        _RECORD_ATTEMPT,
        boundary=found.boundary.name,
        entity=found.game_date,
        game_date=game_date,
        attempt=number,
        completeness=found.percent,
        tripped=number >= limits.attempts,
        cool_down=int(limits.cool_down.total_seconds()),
        notes=f"{dependencies.view.function}: {found.reason}"[:1000],
    )
    if repeat.publish_again(dependencies, found.boundary, snapshot) is None:
        return False
    dependencies.events.error(
        "published_again",
        f"The trigger of {found.boundary.name} for {found.game_date} was published again: {found.reason}.",
        category="upstream_failure",
        severity="warning",
        identity=f"{found.boundary.name}:{found.game_date}:{number}",
        date=found.game_date,
        phase=found.boundary.upstream.name,
        recovery_attempted=True,
    )
    return True
