"""Which dates need their trigger again: a pure choice from what the run history, attempts and documents say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from shared.decisions import document as doc
from shared.decisions import names
from shared.declaration.types import Phase
from shared.declaration.view import Boundary

FAILED = "failed"
DONE = frozenset({"success", "partial", "no_data"})
"""Ends of a run that need no repetition; a run that is still `running` has not ended."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A date whose next phase is not done: which processors failed, which are missing, how complete it stands."""

    boundary: Boundary
    game_date: str
    failed: tuple[str, ...]
    missing: tuple[str, ...]
    percent: float

    @property
    def reason(self) -> str:
        """Return why, for people."""
        parts = [("failed", self.failed), ("missing", self.missing)]
        return "; ".join(f"{word}: {', '.join(found)}" for word, found in parts if found)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is repeated: dates per run, the time between attempts, attempts per date."""

    per_run: int
    cool_down: timedelta
    attempts: int


def candidate(
    boundary: Boundary,
    phase: Phase,
    expected: tuple[str, ...],
    game_date: str,
    runs: Iterable[Row],
    document: doc.Document | None,
) -> Candidate | None:
    """Return what the phase after `boundary` lacks of what is `expected` for the date, or None where nothing.

    A processor is done once its latest run ended well or its completion is recorded; it failed when its latest run
    did; it is missing when nothing at all is known of it. A batch phase is done once any run of it is.
    """
    recorded = doc.completed(document or {})
    latest = {names.processor(phase, row["processor_name"], None) or row["processor_name"]: row for row in runs}
    if phase.batch:
        statuses = {str(row["status"]) for row in latest.values()}
        done = bool(recorded) or bool(statuses & DONE)
        if done or (statuses and FAILED not in statuses):
            return None
        lacking = (phase.name,)
        return Candidate(boundary, game_date, lacking if statuses else (), () if statuses else lacking, 0.0)
    statuses_of = {name: str(latest[name]["status"]) for name in expected if name in latest}
    done_names = [name for name in expected if name in recorded or statuses_of.get(name) in DONE]
    failed = tuple(n for n in expected if n not in done_names and statuses_of.get(n) == FAILED)
    missing = tuple(n for n in expected if n not in done_names and n not in statuses_of)
    percent = 100.0 * len(done_names) / max(1, len(expected))
    return Candidate(boundary, game_date, failed, missing, percent) if failed or missing else None


def allowed(
    found: Candidate,
    triggered_at: datetime | None,
    attempts: Mapping[tuple[str, date], Row],
    limits: Limits,
    now: datetime,
) -> bool:
    """Return whether the limits let the date be tried: it was triggered, its last start is long ago, attempts are left."""
    made = attempts.get((found.boundary.name, date.fromisoformat(found.game_date)), {})
    starts = [time for time in (triggered_at, made.get("last_attempted_at")) if time is not None]
    rested = all(now - time >= limits.cool_down for time in starts)
    return triggered_at is not None and rested and int(made.get("attempts") or 0) < limits.attempts
