"""Contracts on messages: one schema per message, and every trigger fits the schema its consumer relies on."""

from __future__ import annotations

from blueprint import causes
from blueprint.boundaries import Boundary, Field
from blueprint.contracts import Inspection, contract
from blueprint.findings import Location
from blueprint.manifest import Manifest
from blueprint.model import Blueprint
from blueprint.references import ENGINE_FIELDS, PER_TABLE
from blueprint.schemas.messages import FOLDER, PHASE, MessageSchema

READ = {"processor_name": None, "phase": None, "execution_id": None, "status": None, "timestamp": "date-time"}
"""What the engine reads of every completion beside its date: texts, and their format."""
TOLD = {
    "executions": (
        "execution_timestamp",
        "phase_name",
        "date",
        "correlation_id",
        "start_time",
        "duration_seconds",
        "status",
        "metadata",
    ),
    "errors": (
        "error_id",
        "service_name",
        "error_timestamp",
        "error_type",
        "error_category",
        "severity",
        "error_message",
    ),
}
"""What the engine says in every event of a part."""


@contract("messages-declared", "Every topic's message has a schema", incidents=(41,))
def messages_declared(plan: Blueprint, report: Inspection) -> None:
    """Publisher and consumer that each know their own fields meet in production only."""
    used = set()
    for topic in plan.manifest.topics.values():
        report.check()
        used.add(topic.message)
        if topic.message not in {*plan.messages, *plan.unread_messages}:
            report.violation(
                f"Topic '{topic.name}' carries '{topic.message}', which has no schema; add {FOLDER}/{topic.message}.json.",
                topic.at,
                causes.message(topic.message),
            )
    for name, message in plan.messages.items():
        if name not in used:
            report.warning(f"No topic carries the message '{name}'; remove its schema or name it.", message.at)


@contract("engine-fits", "Completions carry what the engine reads, events ask for what it tells", incidents=(41, 67))
def engine_fits(plan: Blueprint, report: Inspection) -> None:
    """A completion with its date under another name is refused each time, an event that lacks a field is a log line."""
    manifest = plan.manifest
    upstream = (manifest.phases[boundary.upstream] for boundary in manifest.boundaries.values())
    for name in dict.fromkeys(manifest.topics[phase.completion_topic].message for phase in upstream):
        for field, form in (
            {**READ, manifest.date_field: "date" if manifest.key == "date" else None}.items()
            if name in plan.messages
            else ()
        ):
            report.check()
            _required_text(plan.messages[name], field, form, report)
    for name, labels in manifest.phase_labels().items():
        if name in plan.messages:
            report.check()
            _labels(plan.messages[name], labels, report)
    for part, told in TOLD.items():
        message = plan.messages.get(manifest.topics[getattr(manifest.events, part)].message)
        known = {manifest.date_field if name == "date" else name for name in told}
        for field in message.schema.get("required", ()) if message else ():
            report.check()
            if message and field not in known:
                report.violation(
                    f"'{message.name}' requires `{field}`, which not every event of `events.{part}` has; correct the name, or make it optional.",
                    message.at,
                )
    _statuses(plan, report)


def _labels(message: MessageSchema, labels: tuple[str, ...], report: Inspection) -> None:
    """Report a list of labels that is not that of the phases which complete with the message."""
    phase = message.field(PHASE)
    listed = phase.schema.get("enum") if phase else None
    for value in sorted({*map(str, listed)} ^ {*labels}) if listed is not None else ():
        here, there = ("declaration", "message schema") if value in labels else ("message schema", "declaration")
        report.violation(
            f"'{message.name}': the {here} knows the phase label '{value}', the {there} does not; leave out the `enum` of `{PHASE}`, which follows from the phases.",
            message.at,
        )


def _statuses(plan: Blueprint, report: Inspection) -> None:
    """Report each status that the log of executions does not take."""
    message = plan.messages.get(plan.manifest.topics[plan.manifest.events.executions].message)
    status = message.field("status") if message else None
    taken = status.schema.get("enum") if status else None
    modes = (mode for boundary in plan.manifest.boundaries.values() for mode in boundary.modes.values())
    for rule in (rule for mode in modes for rule in mode.rules if rule.status is not None):
        report.check()
        if message and taken is not None and rule.status not in taken:
            report.violation(
                f"Rule '{rule.reason}' is reported as '{rule.status}', which '{message.name}' does not take; it takes {', '.join(taken)}.",
                rule.at,
                causes.message(message.name, "status"),
            )


def _required_text(message: MessageSchema, name: str, form: str | None, report: Inspection) -> None:
    field = message.field(name)
    fits = field is not None and field.types == {"string"} and field.schema.get("format") == form
    if field is None or field.nullable or not fits:
        described = f"a text of format {form}" if form else "a text"
        report.violation(
            f"'{message.name}' does not require `{name}`, {described}, which the engine reads of every completion; require it, or correct its name (the date's is `date_field`).",
            message.at,
            causes.message(message.name, name),
            at_cause=True,
        )


@contract("triggers-fit", "Every trigger fits the schema of its message", incidents=(41,))
def triggers_fit(plan: Blueprint, report: Inspection) -> None:
    """A trigger that lacked a field, or had it under another name, was answered 400 every time."""
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
            if problem := _problem(plan.manifest, name, field, message, upstream) or _unstated(
                plan, boundary, name, field, message
            ):
                lost = causes.message(message.name, name) if message.field(name) is None else ""
                report.violation(f"The trigger of '{boundary.name}': {problem}", field.at, lost)
        _required(boundary, message, report)


def _required(boundary: Boundary, message: MessageSchema, report: Inspection) -> None:
    for name in message.schema.get("required", ()):
        if name not in boundary.trigger.fields:
            report.violation(
                f"The trigger of '{boundary.name}' lacks `{name}`, which '{message.name}' requires; add it to `fields`.",
                boundary.at,
            )


def _problem(
    manifest: Manifest, name: str, field: Field, message: MessageSchema, upstream: MessageSchema | None
) -> str | None:
    """Return what is wrong with one field of a trigger, or None."""
    described = message.field(name)
    if described is None:
        if message.schema.get("additionalProperties", True):
            return None
        return f"'{message.name}' has no field `{name}`; its fields are {', '.join(message.fields)}."
    if field.from_ is None:
        single = MessageSchema(message.name, described.schema, message.at)
        fault = next(iter(single.validate(field.value)), None)
        return f"the constant for `{name}` does not fit: {fault.message}" if fault else None
    given = ("string", None) if field.from_ == "date" and manifest.key != "date" else ENGINE_FIELDS.get(field.from_)
    if given is None and upstream is not None:
        source = upstream.field(field.from_)
        if source is None:
            return f"`{name}` comes from `{field.from_}`, which '{upstream.name}' does not describe; describe it."
        if described.required and source.nullable:
            return f"`{name}` is required but `{field.from_}` of '{upstream.name}' can be absent; require it there."
        given = (next(iter(sorted(source.types - {"null"})), ""), source.schema.get("format"))
    if given is None or (given[0] in described.types and described.schema.get("format") in (None, given[1])):
        return None
    wanted = " or ".join(sorted(described.types - {"null"}))
    form, other = (f" of the format {each}" if each else "" for each in (described.schema.get("format"), given[1]))
    return f"`{name}` takes {wanted}{form}, but `{field.from_}` is {given[0]}{other}; correct one of them."


def _unstated(plan: Blueprint, boundary: Boundary, name: str, field: Field, message: MessageSchema) -> str | None:
    """Return what is wrong with a field that would say the same of every state, or that the trigger cannot have."""
    if field.from_ in PER_TABLE and not boundary.trigger.per_output_table:
        return f"`{name}` comes from `{field.from_}`, which only a trigger with `per_output_table: true` has."
    if field.from_ is not None or field.because or not _names_a_state(plan, boundary, name, field, message):
        return None
    told = ", ".join(f"`{known}`" for known in ("source_succeeded", "partial", "reason", "mode"))
    return f"the constant for `{name}` says the same whatever happened: take it `from` what the engine knows (as {told}), or say in `because` why it never changes."


def _names_a_state(plan: Blueprint, boundary: Boundary, name: str, field: Field, message: MessageSchema) -> bool:
    """Return whether a constant is one of several things that could be true: a truth value, a number, a state's name."""
    if isinstance(field.value, bool | int | float):
        return True
    upstream = plan.messages.get(plan.manifest.topics[plan.manifest.phases[boundary.upstream].completion_topic].message)
    status, described = upstream.field("status") if upstream else None, message.field(name)
    rules = [rule for mode in boundary.modes.values() for rule in mode.rules]
    states = {
        *boundary.modes,
        *(rule.reason for rule in rules),
        *(rule.status for rule in rules),
        "complete",
        "partial",
    }
    states |= set(status.schema.get("enum", ()) if status else ())
    several = len(described.schema.get("enum", ())) > 1 if described else False
    return isinstance(field.value, str) and (several or field.value in states)


@contract("batches-described", "Rules on a batch read fields that its message describes", incidents=(41, 42))
def batches_described(plan: Blueprint, report: Inspection) -> None:
    """A field under another name is absent in every message, so that the rule never holds."""
    for boundary in plan.manifest.boundaries.values():
        topic = plan.manifest.topics[plan.manifest.phases[boundary.upstream].completion_topic]
        message = plan.messages.get(topic.message)
        for rule in (rule for mode in boundary.modes.values() for rule in mode.rules):
            if message is not None and rule.batch is not None:
                for name in (rule.batch.percent, rule.batch.count):
                    report.check()
                    _counted(message, name, f"Rule '{rule.reason}' of '{boundary.name}'", rule.at, report)


def _counted(message: MessageSchema, name: str, user: str, at: Location, report: Inspection) -> None:
    field = message.field(f"metadata.{name}")
    place = f"{FOLDER}/{message.name}.json"
    if field is None:
        report.violation(
            f"{user} reads `metadata.{name}`, which '{message.name}' does not describe; correct the name, or describe the field in {place}.",
            at,
        )
    elif not field.types & {"integer", "number"}:
        report.violation(
            f"{user} counts with `metadata.{name}`, which is no number in {place}; correct one of them.", at
        )
