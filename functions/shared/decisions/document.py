"""The document of one phase and date: which fields there are, what they mean, and how changes apply.

Operators and other programs read it: every key without a leading underscore is a *completed* processor, and
`_triggered` says whether the next phase was started. That contract is why failures, empty results and unknown names
live under underscore fields. Changes are field by field and take nothing away (a whole-document write once dropped the
metadata).
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from shared.declaration.fields import instant

Document = Mapping[str, Any]
Changes = dict[tuple[str, ...], Any]

COMPLETED_COUNT = "_completed_count"
MISSING = "_missing_processors"
MODE = "_mode"
FIRST_COMPLETION_AT = "_first_completion_at"
LAST_UPDATE = "_last_update"
CORRELATION_ID = "_correlation_id"
FAILED = "_failed"
NO_DATA = "_no_data"
UNKNOWN = "_unknown"
TRIGGERED = "_triggered"
TRIGGERED_AT = "_triggered_at"
TRIGGER_REASON = "_trigger_reason"
TRIGGER_ID = "_trigger_id"
TRIGGER_PARTIAL = "_trigger_partial"
DECISION = "_decision"
PENDING = "_trigger_pending"
BLOCKED = "_blocked"
OVERDUE_AT = "_overdue_reported_at"
REPUBLISHED = "_republished"
CLOSED_AS = "_closed_as"


ABSENT = object()


def completed(document: Document) -> dict[str, Any]:
    """Return the completed processors and their records."""
    return {name: record for name, record in document.items() if not name.startswith("_")}


def record(value: Any) -> Mapping[str, Any]:
    """Return a stored record, empty where another program stored something else under the processor's name.

    What a run changed is a list of texts; where a stranger stored anything else it is not known, and the run counts as full.
    """
    if not isinstance(value, Mapping):
        return {}
    entities = value.get("entities_changed")
    if entities is None or (isinstance(entities, list) and all(isinstance(entity, str) for entity in entities)):
        return value
    return {**value, "entities_changed": [], "is_incremental": False}


def counted(document: Document) -> dict[str, Any]:
    """Return the completed processors that may start the next phase: those not only completed by a backfill."""
    return {
        name: record(value) for name, value in completed(document).items() if not record(value).get("skip_downstream")
    }


def time_of(value: Any) -> datetime | None:
    """Return a stored time with its zone, also one that an older engine wrote as ISO text; None where the field holds none."""
    if isinstance(value, str):
        with suppress(ValueError, OverflowError):
            return instant(value)
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def applied(document: Document | None, changes: Changes) -> dict[str, Any]:
    """Return the document with the changes, leaving the given one as it is."""
    result: dict[str, Any] = dict(document or {})
    for path, value in changes.items():
        parent = result
        for part in path[:-1]:
            child = parent.get(part)
            parent[part] = dict(child) if isinstance(child, Mapping) else {}
            parent = parent[part]
        parent[path[-1]] = value
    return result


def changed(document: Document | None, changes: Changes) -> Changes:
    """Return the changes that make a difference to the document."""
    result: Changes = {}
    for path, value in changes.items():
        present: Any = document or {}
        for part in path:
            present = present.get(part, ABSENT) if isinstance(present, Mapping) else ABSENT
        if present != value:  # what is absent differs from everything
            result[path] = value
    return result
