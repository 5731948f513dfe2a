"""Contracts on messages: one schema per message, and every trigger fits the schema its consumer relies on."""

from __future__ import annotations

from blueprint.contracts import Report, contract
from blueprint.manifest import Boundary, Field
from blueprint.model import Blueprint
from blueprint.schemas.messages import FOLDER, Message

ENGINE_TYPES = {
    "game_date": ("string", "date"),
    "correlation_id": ("string", None),
    "completed_processors": ("array", None),
    "expected_processors": ("array", None),
    "missing_processors": ("array", None),
    "source_table": ("string", None),
    "reason": ("string", None),
    "mode": ("string", None),
    "is_incremental": ("boolean", None),
    "entities_changed": ("object", None),
    "function": ("string", None),
    "now": ("string", "date-time"),
}
"""What the transition engine puts into a trigger under each name: JSON type and format."""


@contract("messages-declared", "Every topic's message has a schema", incidents=(41,))
def messages_declared(plan: Blueprint, report: Report) -> None:
    """Publisher and consumer that each know their own fields meet in production only."""
    used = set()
    for topic in plan.manifest.topics.values():
        report.check()
        used.add(topic.message)
        if topic.message not in plan.messages:
            report.violation(
                f"Topic '{topic.name}' carries '{topic.message}', which has no schema; add "
                f"{FOLDER}/{topic.message}.json.",
                topic.at,
            )
    for name, message in plan.messages.items():
        if name not in used:
            report.warning(f"No topic carries the message '{name}'; remove its schema or name it.", message.at)


@contract("triggers-fit", "Every trigger fits the schema of its message", incidents=(41,))
def triggers_fit(plan: Blueprint, report: Report) -> None:
    """A trigger without `source_table`, or with `game_date` for `target_date`, was answered 400 every
    time.
    """
    for boundary in plan.manifest.boundaries.values():
        topic = plan.manifest.topics[boundary.trigger.topic]
        message = plan.messages.get(topic.message)
        if message is None:
            continue
        report.check()
        upstream = plan.messages.get(
            plan.manifest.topics[plan.manifest.phases[boundary.upstream].completion_topic].message
        )
        for name, field in boundary.trigger.fields.items():
            report.check()
            if problem := _problem(name, field, message, upstream):
                report.violation(f"The trigger of '{boundary.name}': {problem}", field.at)
        _required(boundary, message, report)


def _required(boundary: Boundary, message: Message, report: Report) -> None:
    for name in message.schema.get("required", ()):
        if name not in boundary.trigger.fields:
            report.violation(
                f"The trigger of '{boundary.name}' lacks `{name}`, which '{message.name}' requires; add "
                "it to `fields`.",
                boundary.at,
            )


def _problem(name: str, field: Field, message: Message, upstream: Message | None) -> str | None:
    """Return what is wrong with one field of a trigger, or None."""
    described = message.field(name)
    if described is None:
        if message.schema.get("additionalProperties", True):
            return None
        return f"'{message.name}' has no field `{name}`; its fields are {', '.join(message.fields)}."
    if field.from_ is None:
        single = Message(message.name, described.schema, message.at)
        fault = next(iter(single.validate(field.value)), None)
        return f"the constant for `{name}` does not fit: {fault.message}" if fault else None
    given = ENGINE_TYPES.get(field.from_)
    if given is None and upstream is not None:
        source = upstream.field(field.from_)
        if source is None:
            return f"`{name}` comes from `{field.from_}`, which '{upstream.name}' does not describe; describe it."
        if described.required and source.nullable and name in message.schema.get("required", ()):
            return f"`{name}` is required but `{field.from_}` of '{upstream.name}' can be absent; require it there."
        given = (next(iter(sorted(source.types - {"null"})), ""), source.schema.get("format"))
    if given is None or (given[0] in described.types and described.schema.get("format") in (None, given[1])):
        return None
    wanted = " or ".join(sorted(described.types - {"null"}))
    return f"`{name}` takes {wanted}, but `{field.from_}` is {given[0]}; correct one of them."
