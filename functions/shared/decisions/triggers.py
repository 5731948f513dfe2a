"""The messages that start the next phase, built from the declaration's fields and the publication."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from shared.decisions.effects import Message
from shared.decisions.publication import Publication
from shared.declaration.view import Boundary


def messages(
    boundary: Boundary, publication: Publication, function: str, now: datetime, attempt: int = 1
) -> tuple[Message, ...]:
    """Return the trigger of a date: one message, or one per output table of the mode's expected processors.

    Each carries the attributes `trigger_id` (the same for every publication for the date, so that a consumer can drop
    repeats), `boundary`, `attempt`, and per table `source_table`: a consumer tells repeats by id and table together.
    """
    known = _known(publication, function, now)
    attributes = {
        "trigger_id": boundary.trigger_id(publication.date),
        "boundary": boundary.name,
        "attempt": str(attempt),
    }
    if not boundary.trigger.per_output_table:
        return (Message(_data(boundary, known), attributes),)
    return tuple(
        Message(
            _data(boundary, known | {"source_table": table, "source_succeeded": processor in publication.succeeded}),
            attributes | {"source_table": table},
        )
        for processor, table in _tables(boundary, publication)
    )


def _tables(boundary: Boundary, publication: Publication) -> list[tuple[str, str]]:
    """Return the expected processors that have an output table, each with the table's name."""
    tables = boundary.tables
    return [(name, tables[name].rsplit(".", 1)[-1]) for name in publication.expected if name in tables]


def _known(publication: Publication, function: str, now: datetime) -> dict[str, Any]:
    return {
        "date": publication.date,
        "correlation_id": publication.correlation_id,
        "reason": publication.reason,
        "mode": publication.mode,
        "partial": publication.partial,
        "completed_processors": list(publication.completed),
        "missing_processors": list(publication.missing),
        "expected_processors": list(publication.expected),
        "is_incremental": publication.is_incremental,
        "entities_changed": dict(publication.entities_changed),
        "function": function,
        "now": now.isoformat(),
        **{f"metadata.{key}": value for key, value in publication.metadata.items()},
    }


def _data(boundary: Boundary, known: dict[str, Any]) -> bytes:
    fields = {
        name: known.get(field.from_) if field.from_ else field.value for name, field in boundary.trigger.fields.items()
    }
    return json.dumps({name: value for name, value in fields.items() if value is not None}).encode()
