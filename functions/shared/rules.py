"""Is a date complete enough, and in which mode? Pure: document, date and time in, verdict out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from shared import document as doc
from shared.view import Batch, Boundary, Mode, Rule


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules say: `rule` and `reason` are None while none of them holds.

    `completed` and `missing` are those of the mode's expected processors, in declared order; `missing` looks at every
    recorded completion, `completed` only at those that count (not at backfills).
    """

    mode: Mode
    completed: tuple[str, ...]
    missing: tuple[str, ...]
    rule: Rule | None
    reason: str | None


def mode_of(boundary: Boundary, date: str, now: datetime, zone: ZoneInfo) -> Mode:
    """Return the mode of the date as seen now; raises `LookupError` where the declaration has none for it."""
    today = now.astimezone(zone).date().isoformat()
    side = "today" if date == today else "before_today" if date < today else "after_today"
    for mode in boundary.modes:
        if mode.when in ("always", side):
            return mode
    raise LookupError(f"{boundary.name} declares no mode for a date that is {side.replace('_', ' ')}.")


def judge(boundary: Boundary, document: doc.Document, date: str, now: datetime, zone: ZoneInfo) -> Verdict:
    """Return the verdict on the document; the first rule of the mode that holds gives the reason."""
    mode = mode_of(boundary, date, now, zone)
    recorded, counting = doc.completed(document), doc.counted(document)
    complete = tuple(name for name in mode.expected if name in counting)
    missing = tuple(name for name in mode.expected if name not in recorded)
    first = doc.time_of(document.get(doc.FIRST_COMPLETION_AT))
    elapsed = (now - first).total_seconds() if first else 0.0
    for rule in mode.rules:
        if _holds(rule, mode, counting, complete, elapsed):
            share = 100 * len(complete) // len(mode.expected) if mode.expected else 100
            return Verdict(mode, complete, missing, rule, rule.reason.replace("{percent}", str(share)))
    return Verdict(mode, complete, missing, None, None)


def _holds(rule: Rule, mode: Mode, counting: Mapping[str, Any], complete: tuple[str, ...], elapsed: float) -> bool:
    if rule.after is not None and elapsed < rule.after:
        return False
    if rule.batch is not None:
        return any(batch_satisfies(rule.batch, record) for record in counting.values())
    required = mode.critical if rule.require == "critical" else mode.expected
    if not complete or not all(name in counting for name in required):
        return False
    if rule.at_least is not None and len(complete) < rule.at_least:
        return False
    return rule.at_least_percent is None or 100 * len(complete) >= rule.at_least_percent * len(mode.expected)


def batch_satisfies(batch: Batch, record: Any) -> bool:
    """Return whether a batch record is complete enough by the numbers in its metadata."""
    metadata = record.get("metadata") if isinstance(record, Mapping) else None
    if not isinstance(metadata, Mapping):
        return False
    count, percent = _number(metadata.get(batch.count)), _number(metadata.get(batch.percent))
    if batch.success_completes and record.get("status") == "success" and count > 0:
        percent = 100.0
    return percent >= batch.min_percent and count >= batch.min_count


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0
