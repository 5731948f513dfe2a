"""What is published for a date, taken from its document: for the first time, or again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.decisions import document as doc
from shared.decisions.rules import Verdict, counted, ready, recorded
from shared.declaration.view import Boundary


@dataclass(frozen=True, slots=True)
class Publication:
    """What is to be published for a date, taken from the document at the time of the lease."""

    date: str
    reason: str
    mode: str
    partial: bool
    status: str
    completed: tuple[str, ...]
    missing: tuple[str, ...]
    succeeded: frozenset[str]
    expected: tuple[str, ...]
    correlation_id: str
    first_completion_at: datetime | None
    is_incremental: bool
    entities_changed: Mapping[str, list[str]]
    metadata: Mapping[str, Any]


def publication_of(boundary: Boundary, date: str, document: doc.Document, verdict: Verdict) -> Publication:
    """Return what to publish for the document, whether for the first time or again."""
    counting = counted(boundary, document)
    members = [name for names in boundary.entities.values() for name in names if name in counting]
    rule = verdict.rule
    return Publication(
        date=date,
        reason=verdict.reason or str(document.get(doc.TRIGGER_REASON)),
        mode=verdict.mode.name,
        partial=bool(rule and rule.partial),
        status=rule.reported_as if rule else "complete",
        completed=tuple(sorted(counting)) if not verdict.mode.expected else verdict.completed,
        missing=verdict.missing,
        succeeded=_succeeded(boundary, document),
        expected=verdict.mode.expected,
        correlation_id=str(document.get(doc.CORRELATION_ID) or ""),
        first_completion_at=doc.time_of(document.get(doc.FIRST_COMPLETION_AT)),
        is_incremental=bool(members) and all(counting[name].get("is_incremental") for name in members),
        entities_changed={
            key: sorted({entity for name in names for entity in counting.get(name, {}).get("entities_changed") or ()})
            for key, names in boundary.entities.items()
        },
        metadata=_metadata(boundary, document, verdict),
    )


def _succeeded(boundary: Boundary, document: doc.Document) -> frozenset[str]:
    """Return the processors whose latest run completed: recorded, by a backfill too, and not failed since."""
    failed = {boundary.upstream.canonical(name): each for name, each in doc.record(document.get(doc.FAILED)).items()}
    done = recorded(boundary, document)
    return frozenset(name for name, each in done.items() if not _later(doc.record(failed.get(name)), each))


def _later(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether a run ended after another; one that did not run never did."""
    ended, before = doc.time_of(one.get("completed_at")), doc.time_of(other.get("completed_at"))
    return ended is not None and (before is None or ended > before)


def _metadata(boundary: Boundary, document: doc.Document, verdict: Verdict) -> Mapping[str, Any]:
    """Return the numbers of the latest batch that is complete enough, by the rules of now or of the decision."""
    counting, satisfied = counted(boundary, document), ready(boundary, document)
    decided = verdict.completed if not verdict.mode.expected else ()
    found = [record for name, record in counting.items() if name in satisfied or name in decided]
    latest: Mapping[str, Any] = max(found, key=lambda record: str(record.get("completed_at")), default={})
    return latest.get("metadata") or {}
