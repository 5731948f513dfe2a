"""How a completion changes what is recorded of its processor: the same result in every order of arrival.

Merging two records is commutative, associative and idempotent, so that duplicates and reorderings end in one state:
the latest completion gives the values, changed entities are united, and one full run makes the whole full.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from shared.decisions import bounds
from shared.decisions import document as doc
from shared.decisions.completion import Completion
from shared.decisions.rules import batch_satisfies, counted, ready, recorded
from shared.declaration.fields import key_part
from shared.declaration.types import Batch
from shared.declaration.view import Boundary

Record = dict[str, Any]
_UNITED = frozenset({"completed_at", "is_incremental", "entities_changed", "skip_downstream"})
"""Fields that are merged, or compared before the rest."""


def changes(boundary: Boundary, document: doc.Document, completion: Completion) -> doc.Changes:
    """Return the changes that record the completion; none where the document already says it all."""
    name = completion.processor
    if name is None:
        return _unknown(document, completion)
    if not completion.counts:
        field = doc.NO_DATA if completion.status == "no_data" else doc.FAILED
        return {(field, name): _latest(_at(document, field, name), _ended(completion))}
    return {(name,): _merged(boundary, _at(document, name), _completed(boundary, completion))}


def correlation(boundary: Boundary, document: doc.Document) -> str | None:
    """Return whose correlation id the date carries, in whatever order completions came; None where nobody lends one.

    It is that of the latest completion that may start the next phase (of a batch boundary: whose numbers are enough); before
    there is one, of the latest known processor that ended. An unknown sender lends none.
    """
    counting = counted(boundary, document)
    ended = [doc.record(document.get(name)) for name in (doc.FAILED, doc.NO_DATA)]
    known = {
        **recorded(boundary, document),
        **{f"{n} {name}": each for n, all_ in enumerate(ended) for name, each in all_.items()},
    }
    for group in (ready(boundary, document) or counting, known):
        if group:
            return str(max(map(doc.record, group.values()), key=_order).get("correlation_id"))
    return None


def _unknown(document: doc.Document, completion: Completion) -> doc.Changes:
    name = completion.sender
    key = key_part(name)
    present = document.get(doc.UNKNOWN)
    full = isinstance(present, Mapping) and len(present) >= bounds.MAX_UNKNOWN and key not in present
    if full:
        return {}
    ended = _ended(completion) | {"name": name}
    kept = {
        field: bounds.cut(value, bounds.MAX_UNKNOWN_TEXT) if isinstance(value, str) else value
        for field, value in ended.items()
    }
    return {(doc.UNKNOWN, key): _latest(_at(document, doc.UNKNOWN, key), kept)}


def _ended(completion: Completion) -> Record:
    record: Record = {
        "completed_at": completion.completed_at,
        "status": completion.status,
        "record_count": completion.record_count,
        "correlation_id": completion.correlation_id,
        "execution_id": completion.execution_id,
    }
    if completion.error_message:
        record["error_message"] = bounds.cut(completion.error_message, bounds.MAX_ERROR)
    return record


def _completed(boundary: Boundary, completion: Completion) -> Record:
    record = _ended(completion) | {
        "is_incremental": completion.is_incremental,
        "entities_changed": sorted(set(completion.entities_changed)),
    }
    if completion.skip_downstream:
        record["skip_downstream"] = True
    if boundary.upstream.batch:
        record["metadata"] = dict(completion.metadata)
    return _bounded(boundary, record)


def _merged(boundary: Boundary, old: Record | None, new: Record) -> Record:
    if old is None:
        return new
    batch = _batch(boundary)
    if batch is not None:
        ranked = [
            (not record.get("skip_downstream"), batch_satisfies(batch, record), _order(record)) for record in (old, new)
        ]  # a backfill's numbers never stand in for those of a run that counts
        newest = new if ranked[1] > ranked[0] else old
    else:
        newest = _latest(old, new)
    merged = dict(newest)
    merged["is_incremental"] = bool(old.get("is_incremental")) and new["is_incremental"]
    merged["entities_changed"] = sorted({*(old.get("entities_changed") or ()), *new["entities_changed"]})
    merged.pop("skip_downstream", None)
    if old.get("skip_downstream") and new.get("skip_downstream"):
        merged["skip_downstream"] = True
    return _bounded(boundary, merged)


def _bounded(boundary: Boundary, record: Record) -> Record:
    """Return the record with as many changed ids as it may keep; where some are left out, the run is a full one."""
    kept, whole = bounds.entities(record["entities_changed"], len(boundary.upstream.processors))
    return record | {"entities_changed": kept, "is_incremental": record["is_incremental"] and whole}


def _latest(old: Record | None, new: Record) -> Record:
    return new if old is None or _order(new) > _order(old) else old


def _order(record: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """Return what the latest of two records is by; where time, run and status are equal, by everything else it says."""
    at = doc.time_of(record.get("completed_at"))
    rest = {name: value for name, value in record.items() if name not in _UNITED}
    text = json.dumps(rest, sort_keys=True, default=str)
    return (at.isoformat() if at else "", str(record.get("execution_id")), str(record.get("status")), text)


def _at(document: doc.Document, *path: str) -> Record | None:
    value: Any = document
    for part in path:
        value = value.get(part) if isinstance(value, Mapping) else None
    return dict(doc.record(value)) if isinstance(value, Mapping) else None


def _batch(boundary: Boundary) -> Batch | None:
    return next((rule.batch for mode in boundary.modes for rule in mode.rules if rule.batch), None)
