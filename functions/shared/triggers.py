"""The messages that start the next phase, built from the declaration's fields and the plan."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from shared.effects import Message
from shared.plan import Plan
from shared.view import Boundary


def messages(boundary: Boundary, plan: Plan, function: str, now: datetime, attempt: int = 1) -> tuple[Message, ...]:
    """Return the trigger of a date: one message, or one per output table of the mode's expected processors.

    Each carries the attributes `trigger_id` (the same for every publication for the date, so that a consumer can drop
    repeats), `boundary`, `attempt`, and per table `source_table`: a consumer tells repeats by id and table together.
    """
    known = _known(plan, function, now)
    attributes = {
        "trigger_id": boundary.trigger_id(plan.date),
        "boundary": boundary.name,
        "attempt": str(attempt),
    }
    if not boundary.trigger.per_output_table:
        return (Message(_data(boundary, known), attributes),)
    return tuple(
        Message(_data(boundary, known | {"source_table": table}), attributes | {"source_table": table})
        for table in _tables(boundary, plan)
    )


def _tables(boundary: Boundary, plan: Plan) -> list[str]:
    processors = boundary.upstream.processors
    tables = (processors[name].table for name in plan.expected if name in processors)
    return [table.rsplit(".", 1)[-1] for table in tables if table]


def _known(plan: Plan, function: str, now: datetime) -> dict[str, Any]:
    return {
        "date": plan.date,
        "correlation_id": plan.correlation_id,
        "reason": plan.reason,
        "mode": plan.mode,
        "completed_processors": list(plan.completed),
        "missing_processors": list(plan.missing),
        "expected_processors": list(plan.expected),
        "is_incremental": plan.is_incremental,
        "entities_changed": dict(plan.entities_changed),
        "function": function,
        "now": now.isoformat(),
        **{f"metadata.{key}": value for key, value in plan.metadata.items()},
    }


def _data(boundary: Boundary, known: dict[str, Any]) -> bytes:
    fields = {
        name: source["value"] if "value" in source else known.get(source["from"])
        for name, source in boundary.trigger.fields.items()
    }
    return json.dumps({name: value for name, value in fields.items() if value is not None}).encode()
