"""Contracts on how things are connected: topics, deadlines, timers, schedules, names and sizes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from blueprint import causes
from blueprint import names as limits
from blueprint.boundaries import Boundary
from blueprint.contracts import Inspection, contract
from blueprint.cron import first_runs, longest_gap, problem, shortest_gap
from blueprint.findings import Location
from blueprint.functions import Function, Schedule
from blueprint.grammar import duration_text
from blueprint.model import Blueprint
from blueprint.wiring import ACK_LIMIT, ACK_MARGIN, SCHEDULER_LIMIT, all_pushes, attempt_deadline, push_to_function


@contract("topics-connected", "Every topic has a publisher and a consumer", incidents=(31, 32, 33, 34))
def topics_connected(plan: Blueprint, report: Inspection) -> None:
    """A topic that nobody reads swallows triggers; one that nobody writes keeps a phase waiting."""
    for topic in plan.manifest.topics.values():
        report.check()
        if not plan.manifest.publishers_of(topic.name):
            report.violation(
                f"Nobody publishes to topic '{topic.name}'; name its `publishers`, let a function publish it, or remove it.",
                topic.at,
            )
        if not plan.manifest.consumers_of(topic.name):
            report.violation(
                f"Nobody consumes topic '{topic.name}', so its messages would be lost; add a consumer, a function's trigger or a stream, or remove it.",
                topic.at,
            )


@contract("events-recorded", "Every event topic has a stream into a table", incidents=(64, 69, 77))
def events_recorded(plan: Blueprint, report: Inspection) -> None:
    """What functions report is evidence only where it is kept."""
    streamed = {topic for stream in plan.manifest.streams.values() for topic in stream.topics}
    completions = {phase.completion_topic: phase.at for phase in plan.manifest.phases.values()}
    events = plan.manifest.events
    for topic, at in {**completions, events.executions: events.at, events.errors: events.at}.items():
        report.check()
        if topic not in streamed:
            report.violation(
                f"Topic '{topic}' has no stream, so nothing is recorded when a function is down; add it to `streams`.",
                at,
                causes.stream(topic),
            )


@contract("ack-covers-timeout", "Acknowledgement deadlines outlast the function's timeout", incidents=(36, 48))
def ack_covers_timeout(plan: Blueprint, report: Inspection) -> None:
    """Work that outlives its deadline is delivered again while it still runs."""
    for function in plan.manifest.functions.values():
        if function.trigger.topic is not None:
            report.check()
            push = push_to_function(function, function.trigger.topic, plan.names)
            if push.ack_deadline < function.timeout + ACK_MARGIN:
                report.violation(
                    f"Function '{function.name}' may run {function.timeout} s, but Pub/Sub waits at most {ACK_LIMIT} s for an answer; set `timeout` to {ACK_LIMIT - ACK_MARGIN}s or less.",
                    function.where("timeout"),
                )
        else:
            report.check()
            if attempt_deadline(function) < function.timeout or function.timeout > SCHEDULER_LIMIT:
                report.violation(
                    f"Function '{function.name}' may run {function.timeout} s, but Cloud Scheduler waits at most {SCHEDULER_LIMIT} s; set `timeout` to {SCHEDULER_LIMIT}s or less.",
                    function.where("timeout"),
                )


@contract("deadlines-timed", "Every boundary is evaluated by a timer often enough", incidents=(47, 49))
def deadlines_timed(plan: Blueprint, report: Inspection) -> None:
    """A deadline that only a message evaluates never passes in silence."""
    timed: dict[Schedule, list[Boundary]] = {}
    for boundary in plan.manifest.boundaries.values():
        report.check()
        timer = plan.manifest.functions[boundary.timer.function].trigger.schedules[boundary.timer.schedule]
        timed.setdefault(timer, []).append(boundary)
    for schedule, boundaries in timed.items():
        if schedule.paused:
            names = ", ".join(f"'{each.name}'" for each in boundaries)
            report.violation(
                f"Schedule '{schedule.name}' is paused, so that no deadline of {names} would ever pass; resume it.",
                schedule.where("paused"),
            )
        gap = longest_gap(schedule.cron, plan.manifest.time_zone)
        late = [(each, wait) for each in boundaries if gap is not None and (wait := _shortest_wait(each)) < gap]
        if gap is not None and late:
            waits = ", ".join(f"'{each.name}' after {duration_text(wait)}" for each, wait in late)
            report.violation(
                f"Schedule '{schedule.name}' comes up to {duration_text(gap)} apart, but a deadline passes earlier: of {waits}. Call it more often.",
                schedule.where("cron") if len(late) > 1 else late[0][0].timer.at,
            )


def _shortest_wait(boundary: Boundary) -> int:
    """Return the seconds after which something must be decided at the earliest."""
    waits = (rule.after for mode in boundary.modes.values() for rule in mode.rules)
    return min([boundary.deadline, *(wait for wait in waits if wait is not None)])


@contract("schedules-valid", "Schedules are cron expressions that Cloud Scheduler takes", incidents=(50, 52, 53))
def schedules_valid(plan: Blueprint, report: Inspection) -> None:
    """A schedule that is refused, or never comes, is a function that never runs."""
    for function in plan.manifest.functions.values():
        for schedule in function.trigger.schedules.values():
            report.check()
            if wrong := problem(schedule.cron, plan.manifest.time_zone):
                report.violation(wrong, schedule.at)
            gap = shortest_gap(schedule.cron, plan.manifest.time_zone)
            if gap is not None and gap < function.timeout:
                report.violation(
                    f"Schedule '{schedule.name}' comes every {gap} s, but '{function.name}' may run {function.timeout} s, so that two runs do the same work at once; call it less often or lower `timeout`.",
                    schedule.where("cron"),
                )
        _no_repeats(function, plan.manifest.time_zone, report)


def _no_repeats(function: Function, time_zone: str, report: Inspection) -> None:
    """Report schedules that come at the same times, by when they come and not by how they are written."""
    seen: dict[object, str] = {}
    for schedule in function.trigger.schedules.values():
        runs = first_runs(schedule.cron, time_zone)
        if runs and runs in seen:
            report.violation(
                f"Schedules '{seen[runs]}' and '{schedule.name}' of '{function.name}' come at the same times; keep one.",
                schedule.at,
            )
        seen.setdefault(runs, schedule.name)


@contract("names-fit", "Names are within the platform's limits and distinct", incidents=(26, 31, 35, 37))
def names_fit(plan: Blueprint, report: Inspection) -> None:
    """A name that is cut, refused or shared by two things is found before it exists."""
    owners: dict[tuple[str, str], str] = {}
    for kind, name, limit, owner, at in _physical_names(plan) if plan.stack.named else ():
        report.check()
        if len(name) > limit:
            report.violation(
                f"The {kind} '{name}' is {len(name)} characters long; {limit} are allowed. Rename {owner}.", at
            )
        if len(name) < limits.SHORTEST.get(kind, 3):
            report.violation(
                f"The {kind} '{name}' is {len(name)} characters long; it needs {limits.SHORTEST.get(kind, 3)}. Rename {owner}.",
                at,
            )
        elif not re.fullmatch(limits.SIGNS.get(kind, limits.SLUG)[0], name):
            signs = limits.SIGNS.get(kind, limits.SLUG)[1]
            report.violation(f"The {kind} '{name}' must be {signs}. Rename {owner}.", at)
        first = owners.setdefault((kind, name), owner)
        if first != owner:
            report.violation(f"{first} and {owner} would share the {kind} '{name}'; rename one.", at)


def _physical_names(plan: Blueprint) -> Iterator[tuple[str, str, int, str, Location]]:
    names = plan.names
    yield "bucket", names.source_bucket(), limits.BUCKET, "the pipeline", plan.manifest.at
    yield "image repository", names.images_repository(), limits.REPOSITORY, "the pipeline", plan.manifest.at
    yield "service account", names.build_account(), limits.SERVICE_ACCOUNT, "the pipeline", plan.manifest.at
    for function in plan.manifest.functions.values():
        owner = f"function '{function.name}'"
        yield "function", function.name, limits.FUNCTION, owner, function.at
        yield "service account", names.runtime_account(function.name), limits.SERVICE_ACCOUNT, owner, function.at
        caller = f"the caller of function '{function.name}'"
        yield "service account", names.invoker_account(function.name), limits.SERVICE_ACCOUNT, caller, function.at
    for topic in plan.manifest.topics.values():
        yield "topic", topic.name, limits.PUBSUB, f"topic '{topic.name}'", topic.at
    for push in all_pushes(plan.manifest, names):
        owner = f"the subscription of '{push.consumer}' to '{push.topic}'"
        yield "subscription", push.subscription, limits.PUBSUB, owner, push.at
        yield "topic", push.dead_letter, limits.PUBSUB, f"{owner} (dead letter)", push.at


@contract("sizes-consistent", "Memory, CPU and concurrency fit together", incidents=(48, 59, 60))
def sizes_consistent(plan: Blueprint, report: Inspection) -> None:
    """Cloud Run refuses, or quietly throttles, combinations that do not fit (pitfall 22)."""
    for function in plan.manifest.functions.values():
        report.check()
        cpu, mebibytes = float(function.cpu), _mebibytes(function.memory)
        if cpu < 1 and function.concurrency > 1:
            report.violation(
                f"Function '{function.name}' has {function.cpu} CPU and takes {function.concurrency} requests at once; below one CPU only one is allowed. Raise `cpu` or lower `concurrency`.",
                function.where("cpu"),
            )
        if mebibytes < MEMORY_FLOOR:
            report.violation(
                f"Function '{function.name}' has {function.memory}; the client libraries it loads ran out of memory below {MEMORY_FLOOR}Mi. Raise `memory`.",
                function.where("memory"),
            )
        if cpu > 1 and mebibytes < 512 * cpu / 2:
            report.violation(
                f"Function '{function.name}' has {function.cpu} CPUs and {function.memory}; that many CPUs need more memory.",
                function.where("cpu"),
            )


MEMORY_FLOOR = 512
"""MiB: with 256 the orchestrators ran out of memory (incident 60)."""


def _mebibytes(text: str) -> int:
    return int(text[:-2]) * (1024 if text.endswith("Gi") else 1)
