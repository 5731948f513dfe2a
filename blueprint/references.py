"""Every name in the declaration must be the name of something in it, and the boundaries must lead somewhere.

These checks need nothing but `pipeline.yaml`, so they belong to loading it: what passes them can be walked without
asking whether a key exists.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Mapping

from blueprint.boundaries import Boundary, Gate, Mode, Phase, Rule
from blueprint.findings import Finding, Location, Problem, violations
from blueprint.functions import Function
from blueprint.manifest import Manifest

ENGINE_FIELDS: Mapping[str, tuple[str, str | None]] = {
    "date": ("string", "date"),
    "correlation_id": ("string", None),
    "completed_processors": ("array", None),
    "expected_processors": ("array", None),
    "missing_processors": ("array", None),
    "source_table": ("string", None),
    "reason": ("string", None),
    "mode": ("string", None),
    "partial": ("boolean", None),
    "source_succeeded": ("boolean", None),
    "is_incremental": ("boolean", None),
    "entities_changed": ("object", None),
    "function": ("string", None),
    "now": ("string", "date-time"),
}
"""What the transition engine can put into a trigger, as JSON type and format; beside these, `metadata.<field>` of the
deciding message."""
PER_TABLE = frozenset({"source_table", "source_succeeded"})
"""Those that only a trigger with one message per output table has."""


def check_references(manifest: Manifest) -> list[Finding]:
    """Return a finding for every name that leads nowhere and every declaration that contradicts another."""
    checks = (_phases, _boundaries, _functions, _topics, _streams, _uniqueness, _cycles, _zone)
    return [finding for check in checks for finding in violations("manifest", check(manifest))]


def _unknown(kind: str, name: str, known: Collection[str], user: str, at: Location) -> Iterator[Problem]:
    if name in known:
        return
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean '{close[0]}'?" if close else f"declared are {', '.join(sorted(known)) or 'none'}."
    yield f"{user} names the {kind} '{name}', which is not declared; {hint}", at, f"{kind} {name}"


def _phases(manifest: Manifest) -> Iterator[Problem]:
    for phase in manifest.phases.values():
        user = f"Phase '{phase.name}'"
        yield from _unknown("service", phase.service, manifest.services, user, phase.at)
        yield from _unknown("topic", phase.completion_topic, manifest.topics, user, phase.at)
        if not phase.processors:
            yield (
                f"{user} has no processors, so no completion of it would count; list who completes it, of a batch phase the senders whose word counts.",
                phase.at,
            )
        yield from _aliases(phase)


def _aliases(phase: Phase) -> Iterator[Problem]:
    owner: dict[str, str] = {name: name for name in phase.processors}
    for name, processor in phase.processors.items():
        if name.startswith("_"):
            yield (
                f"Processor '{name}' begins with an underscore, which marks metadata in documents.",
                processor.at,
            )
        for alias in processor.aliases:
            if owner.setdefault(alias, name) != name:
                yield f"'{alias}' stands for '{owner[alias]}' and for '{name}'; keep one.", processor.at


def _boundaries(manifest: Manifest) -> Iterator[Problem]:
    for boundary in manifest.boundaries.values():
        user = f"Boundary '{boundary.name}'"
        yield from _unknown("phase", boundary.upstream, manifest.phases, user, boundary.at)
        if boundary.downstream is not None:
            yield from _unknown("phase", boundary.downstream, manifest.phases, user, boundary.at)
        yield from _unknown("function", boundary.function, manifest.functions, user, boundary.at)
        yield from _unknown("topic", boundary.trigger.topic, manifest.topics, user, boundary.at)
        yield from _timer(manifest, boundary)
        for field in boundary.trigger.fields.values():
            if (field.from_ is None) == (field.value is None):
                yield f"A trigger field of {user} needs exactly one of `from` and `value`.", field.at
            elif field.from_ and field.from_ not in ENGINE_FIELDS and not field.from_.startswith("metadata."):
                yield from _unknown("engine field", field.from_, ENGINE_FIELDS, user, field.at)
        phase = manifest.phases.get(boundary.upstream)
        if phase is not None:
            yield from _expectations(boundary, phase)
        for mode in boundary.modes.values() if manifest.key == "batch" else ():
            if mode.when != "always":
                yield f"Mode '{mode.name}' asks for a day, and a batch belongs to none; use `when: always`.", mode.at


def _timer(manifest: Manifest, boundary: Boundary) -> Iterator[Problem]:
    user, timer = f"The timer of boundary '{boundary.name}'", boundary.timer
    yield from _unknown("function", timer.function, manifest.functions, user, timer.at)
    function = manifest.functions.get(timer.function)
    if function is not None:
        yield from _unknown("schedule", timer.schedule, function.trigger.schedules, user, timer.at)


def _expectations(boundary: Boundary, phase: Phase) -> Iterator[Problem]:
    always = [mode for mode in boundary.modes.values() if mode.when == "always"]
    sides = [mode.when for mode in boundary.modes.values()]
    if not boundary.modes:
        yield f"Boundary '{boundary.name}' has no modes; add one with `when: always`.", boundary.at
    elif always and len(sides) > 1:
        yield (
            f"Mode '{always[0].name}' applies always, so the other modes never would; keep one or the other.",
            always[0].at,
        )
    elif not always and sorted(sides) != ["after_today", "before_today", "today"]:
        yield (
            f"The modes of boundary '{boundary.name}' must cover before_today, today and after_today once each, or be one mode with `when: always`.",
            boundary.at,
        )
    for mode in boundary.modes.values():
        yield from _mode(boundary, phase, mode)
    for key, processors in boundary.entities.items():
        for name in processors:
            yield from _unknown(
                "processor", name, phase.processors, f"Entities '{key}' of '{boundary.name}'", boundary.at
            )
    for gate in boundary.gates.values():
        yield from _gate(boundary, phase, gate)
    if boundary.trigger.per_output_table and not any(p.output for p in phase.processors.values()):
        yield (
            f"Boundary '{boundary.name}' triggers per output table, but no processor of '{phase.name}' has one.",
            boundary.at,
        )


def _mode(boundary: Boundary, phase: Phase, mode: Mode) -> Iterator[Problem]:
    user = f"Mode '{mode.name}' of boundary '{boundary.name}'"
    for name in (*mode.expected, *mode.critical):
        yield from _unknown("processor", name, phase.processors, user, mode.at)
    misspelt = set(mode.expected) - phase.processors.keys()
    for name in mode.critical:
        if name not in mode.expected and not difflib.get_close_matches(name, misspelt, n=1):
            yield f"{user} calls '{name}' critical but does not expect it; add it to `expected`.", mode.at
    if not phase.batch and not mode.expected:
        yield f"{user} expects nothing, so nothing could ever complete it; list the processors.", mode.at
    if not mode.rules:
        yield f"{user} has no rules, so it could never trigger; add one.", mode.at
    for rule in mode.rules:
        yield from _rule(user, phase, mode, rule)


def _rule(user: str, phase: Phase, mode: Mode, rule: Rule) -> Iterator[Problem]:
    where = f"Rule '{rule.reason}' of {user[0].lower()}{user[1:]}"
    if (rule.batch is None) == (rule.require is None):
        yield f"{where} needs exactly one of `require` and `batch`.", rule.at
    if (rule.batch is not None) != phase.batch:
        yield f"{where} and phase '{phase.name}' disagree on whether completions are batches.", rule.at
    if rule.require == "critical" and not mode.critical:
        yield (
            f"{where} requires the critical processors, but the mode names none: it would always hold.",
            rule.at,
        )
    if rule.at_least is not None and rule.at_least > len(mode.expected):
        yield (
            f"{where} wants {rule.at_least} of {len(mode.expected)} expected processors: it can never hold.",
            rule.at,
        )


def _gate(boundary: Boundary, phase: Phase, gate: Gate) -> Iterator[Problem]:
    user = f"Gate '{gate.name}' of boundary '{boundary.name}'"
    if (gate.rows is None) == (gate.query is None):
        yield f"{user} needs exactly one of `rows` and `query`.", gate.at
    if gate.query is not None and gate.block_below is None and gate.alert_below is None:
        yield f"{user} has no threshold, so it could never say no; add `block_below`.", gate.at
    if gate.rows is not None:
        for mode in boundary.modes.values():
            for name in mode.expected:
                if name in phase.processors and phase.processors[name].output is None:
                    yield (
                        f"{user} looks at output tables, but processor '{name}' declares none; give it `output`.",
                        gate.at,
                    )
    for name in gate.modes:
        yield from _unknown("mode", name, boundary.modes, user, gate.at)


def _functions(manifest: Manifest) -> Iterator[Problem]:
    for function in manifest.functions.values():
        user = f"Function '{function.name}'"
        if _follows(manifest, function):
            pass
        elif (function.trigger.topic is None) == (not function.trigger.schedules):
            yield f"{user} needs exactly one of `topic` and `schedules` as its trigger.", function.trigger.at
        elif function.trigger.topic is not None:
            yield from _unknown("topic", function.trigger.topic, manifest.topics, user, function.trigger.at)
        for topic in function.publishes:
            yield from _unknown("topic", topic, manifest.topics, user, function.at)
        for secret in function.secrets:
            yield from _unknown("secret", secret, manifest.secrets, user, function.at)
        yield from _orchestrator(manifest, function)
        if function.min_instances > function.max_instances:
            yield f"{user} keeps more instances warm than it may have.", function.where("min_instances")


def _follows(manifest: Manifest, function: Function) -> bool:
    """True when what calls the function is the phase before its boundary, which is judged where it is declared."""
    boundary = manifest.boundary_of(function.name)
    phase = manifest.phases.get(boundary.upstream) if boundary else None
    topic = phase.completion_topic if phase else None
    return boundary is not None and function.trigger.topic == topic and not function.trigger.schedules


def _orchestrator(manifest: Manifest, function: Function) -> Iterator[Problem]:
    boundary = manifest.boundary_of(function.name)
    phase = manifest.phases.get(boundary.upstream) if boundary else None
    named = {phase.completion_topic, function.trigger.topic or phase.completion_topic} if phase else set()
    known = named <= manifest.topics.keys()
    if boundary and phase and known and function.trigger.topic != phase.completion_topic:
        yield (
            f"Function '{function.name}' orchestrates '{boundary.name}' but consumes '{function.trigger.topic}'; phase '{phase.name}' completes on '{phase.completion_topic}'.",
            function.trigger.at,
        )


def _topics(manifest: Manifest) -> Iterator[Problem]:
    for topic in manifest.topics.values():
        for name in topic.publishers:
            yield from _unknown("service", name, manifest.services, f"Topic '{topic.name}'", topic.at)
        for consumer in topic.consumers:
            yield from _unknown("service", consumer.service, manifest.services, f"Topic '{topic.name}'", consumer.at)
            if consumer.delivery == "push" and consumer.path is None:
                yield (
                    f"Consumer '{consumer.service}' of '{topic.name}' is pushed to; give the `path`.",
                    consumer.at,
                )
    for what, name in (("executions", manifest.events.executions), ("errors", manifest.events.errors)):
        yield from _unknown("topic", name, manifest.topics, f"The event '{what}'", manifest.events.at)


def _streams(manifest: Manifest) -> Iterator[Problem]:
    for stream in manifest.streams.values():
        if not stream.topics:
            yield (
                f"Stream '{stream.name}' takes no topic, so nothing fills its table; name one, or remove it.",
                stream.at,
            )
        for name in stream.topics:
            yield from _unknown("topic", name, manifest.topics, f"Stream '{stream.name}'", stream.at)


def _uniqueness(manifest: Manifest) -> Iterator[Problem]:
    def repeated(what: str, values: Mapping[str, tuple[str, Location]]) -> Iterator[Problem]:
        first: dict[str, str] = {}
        for name, (value, at) in values.items():
            if value in first:
                yield f"{what} '{value}' belongs to '{first[value]}' and to '{name}'; give each its own.", at
            first.setdefault(value, name)

    functions, phases, boundaries = manifest.functions, manifest.phases, manifest.boundaries
    yield from repeated("The folder", {n: (f.folder, f.at) for n, f in functions.items()})
    yield from repeated("The collection", {n: (p.collection, p.at) for n, p in phases.items()})
    yield from repeated("The completion topic", {n: (p.completion_topic, p.at) for n, p in phases.items()})
    yield from repeated("The label", {n: (p.label, p.at) for n, p in phases.items()})
    yield from repeated("The upstream phase", {n: (b.upstream, b.at) for n, b in boundaries.items()})
    yield from repeated("The orchestrator", {n: (b.function, b.at) for n, b in boundaries.items()})
    joins = {phase.completion_topic for phase in phases.values()}  # phases that wait for several boundaries
    own = {n: b for n, b in boundaries.items() if b.trigger.topic not in joins}
    yield from repeated("The trigger topic", {n: (b.trigger.topic, b.at) for n, b in own.items()})


def _cycles(manifest: Manifest) -> Iterator[Problem]:
    step = {b.upstream: (b.downstream, b) for b in manifest.boundaries.values() if b.downstream is not None}
    reported: set[str] = set()
    for start in step:
        path = [start]
        while path[-1] in step and step[path[-1]][0] not in path:
            path.append(str(step[path[-1]][0]))
        if path[-1] in step and start == step[path[-1]][0] and not reported & set(path):
            reported |= set(path)
            yield (
                f"The phases {' → '.join([*path, start])} start one another in a circle; a pipeline must end.",
                step[start][1].at,
            )


def _zone(manifest: Manifest) -> Iterator[Problem]:
    import zoneinfo

    name, at = manifest.time_zone, manifest.where("time_zone")
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        yield f"'{name}' is no time zone of the IANA database, such as Europe/Paris.", at
        return
    if not re.match(r"[A-Z]\w*/|UTC$", name):
        yield (
            f"'{name}' is an offset from Greenwich and no place with its rules; write a place, such as America/New_York, or UTC.",
            at,
        )
