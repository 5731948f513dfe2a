"""Is a date complete enough, and in which mode? Pure: document, date and time in, verdict out.

A verdict depends on the day: what holds at 23:59 need not hold at 00:01, and a release may change the rules. So a verdict
that holds is written into the document (`decision`), and from then on it is read from there (`decided`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from shared.decisions import document as doc
from shared.declaration.types import Batch, Mode, Rule
from shared.declaration.view import Boundary


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
    side = boundary.keys.side(date, now, zone)
    for mode in boundary.modes:
        if mode.when in ("always", side):
            return mode
    place = side.replace("_", " ") if side else "on no day"
    raise LookupError(f"{boundary.name} declares no mode for a {boundary.key} that is {place}.")


def judge(boundary: Boundary, document: doc.Document, date: str, now: datetime, zone: ZoneInfo) -> Verdict:
    """Return the verdict on the document as seen now; the first rule of the mode that holds gives the reason."""
    mode = mode_of(boundary, date, now, zone)
    counting = counted(boundary, document)
    complete, missing = _present(boundary, document, mode.expected)
    first = doc.time_of(document.get(doc.FIRST_COMPLETION_AT))
    elapsed = (now - first).total_seconds() if first else 0.0
    for rule in mode.rules:
        if _holds(rule, mode, _trusted(boundary, counting), complete, elapsed):
            share = 100 * len(complete) // len(mode.expected) if mode.expected else 100
            return Verdict(mode, complete, missing, rule, rule.reason.replace("{percent}", str(share)))
    return Verdict(mode, complete, missing, None, None)


def decision(boundary: Boundary, document: doc.Document, verdict: Verdict, now: datetime) -> dict[str, Any]:
    """Return a verdict that holds as it is stored, so that it is carried out whatever the day or the rules become."""
    completed = verdict.completed if verdict.mode.expected else tuple(ready(boundary, document))
    return {
        "at": now,
        "mode": verdict.mode.name,
        "reason": verdict.reason,
        "partial": bool(verdict.rule and verdict.rule.partial),
        "status": verdict.rule.reported_as if verdict.rule else "complete",
        "expected": list(verdict.mode.expected),
        "completed": list(completed),
        "missing": list(verdict.missing),
    }


def decided(boundary: Boundary, document: doc.Document) -> Verdict | None:
    """Return the verdict that the document carries; None where nothing was decided for the date.

    Reason, mode and expected processors are the decided ones; `completed` and `missing` say what became of those since.
    A lease of an engine that stored no decision names the reason and the mode that it was taken for.
    """
    stored = doc.record(document.get(doc.DECISION)) or doc.record(document.get(doc.PENDING))
    reason, name = stored.get("reason"), stored.get("mode")
    if not isinstance(reason, str) or not isinstance(name, str):
        return None
    declared = next((mode for mode in boundary.modes if mode.name == name), None)
    names = stored.get("expected", declared.expected if declared else ())
    expected = tuple(map(str, names)) if isinstance(names, list | tuple) else ()
    mode = Mode(name, when="always", expected=expected, rules=())
    rule = Rule(reason=reason, partial=bool(stored.get("partial")), status=str(stored.get("status") or "complete"))
    complete, missing = _present(boundary, document, expected)
    before = stored.get("completed")
    if not expected and isinstance(before, list | tuple):
        complete = tuple(map(str, before))
    return Verdict(mode, complete, missing, rule, reason)


def counted(boundary: Boundary, document: doc.Document) -> dict[str, Any]:
    """Return the completed processors that may start the next phase, each under the name that it has now."""
    return _named(boundary, doc.counted(document))


def recorded(boundary: Boundary, document: doc.Document) -> dict[str, Any]:
    """Return every completed processor, those only completed by a backfill too, under the name that it has now."""
    return _named(boundary, {name: doc.record(value) for name, value in doc.completed(document).items()})


def ready(boundary: Boundary, document: doc.Document) -> dict[str, Any]:
    """Return the batch records whose numbers satisfy a rule, of the senders whose word the declaration takes."""
    batches = [rule.batch for mode in boundary.modes for rule in mode.rules if rule.batch]
    found = _trusted(boundary, counted(boundary, document))
    return {name: each for name, each in found.items() if any(batch_satisfies(batch, each) for batch in batches)}


def _trusted(boundary: Boundary, records: Mapping[str, Any]) -> dict[str, Any]:
    """Return the records of declared senders; an older engine recorded a batch under whatever name it came."""
    return {name: each for name, each in records.items() if name in boundary.upstream.processors}


def _named(boundary: Boundary, records: Mapping[str, Any]) -> dict[str, Any]:
    """Return records under canonical names: a processor that was renamed keeps what was recorded under its old name."""
    found: dict[str, Any] = {}
    for name, each in records.items():
        now = boundary.upstream.canonical(name)
        found[now] = _newer(found[now], each) if now in found else each
    return found


def _newer(one: Mapping[str, Any], other: Mapping[str, Any]) -> Mapping[str, Any]:
    older, newer = sorted((one, other), key=lambda each: str(each.get("completed_at")))
    entities = {*(older.get("entities_changed") or ()), *(newer.get("entities_changed") or ())}
    full = not (older.get("is_incremental") and newer.get("is_incremental"))
    return {**newer, "entities_changed": sorted(entities), "is_incremental": not full}


def _present(
    boundary: Boundary, document: doc.Document, expected: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return which of the expected processors count, and which are not recorded at all."""
    counting, known = counted(boundary, document), recorded(boundary, document)
    return tuple(name for name in expected if name in counting), tuple(name for name in expected if name not in known)


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
