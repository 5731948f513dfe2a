"""What the streams recorded without the orchestrators, and what a completion document's own fields say."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from blueprint.boundaries import Boundary
from blueprint.operations import answer
from ops.operate.cloud import DataPlane, Row
from ops.operate.target import Target


def completions(target: Target, cloud: DataPlane, phase: str, date: str) -> list[Row]:
    """Return what the stream recorded of a phase for a date, oldest first."""
    return cloud.rows(answer(target.root, "completions"), phase=phase, date=target.parameter(date))


def messages(target: Target, cloud: DataPlane, boundary: Boundary, date: str) -> Iterator[dict[str, Any]]:
    """Yield the messages that the recorded rows came from, as far as rows keep them."""
    phase = target.manifest.phases[boundary.upstream]
    for row in completions(target, cloud, phase.name, date):
        metadata = row["metadata"]
        metadata = json.loads(metadata) if isinstance(metadata, str) else dict(metadata or {})
        message = {
            "processor_name": row["processor_name"],
            "phase": phase.label,
            target.manifest.date_field: date,
            "execution_id": row["execution_id"] or row["correlation_id"],
            "correlation_id": row["correlation_id"],
            "status": row["status"],
            "timestamp": _text(row["completed_at"]),
            "record_count": row["record_count"],
            "metadata": metadata,
        }
        yield {name: value for name, value in message.items() if value is not None}


def _text(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def canonical(target: Target, phase: str, name: str) -> str:
    """Return the name that the declaration has for a processor now; any other name stays as it is."""
    known = target.manifest.phases[phase].processors
    return next((each.name for each in known.values() if name in (each.name, *each.aliases)), name)


def time_of(value: object) -> datetime | None:
    """Return a stored time with its zone, or None where there is none."""
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def lease_until(document: Mapping[str, Any]) -> datetime | None:
    """Return until when an attempt holds the date's lease, or None where nobody does."""
    pending = document.get("_trigger_pending")
    return time_of(pending.get("until")) if isinstance(pending, Mapping) else None
