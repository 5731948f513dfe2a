"""The order of steps from a completion, or a tick of the timer, to an acknowledged trigger.

A generator that yields effects and is sent their answers. It may be abandoned at any yield (a crash): docs/guarantee.md
says why every state it can leave behind is one that a redelivery or the timer completes.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from shared.decisions import transition, triggers
from shared.decisions.completion import Completion
from shared.decisions.document import Changes
from shared.decisions.effects import (
    CheckGates,
    DependencyRefused,
    Effect,
    GateResult,
    Pause,
    Publish,
    Read,
    Report,
    Snapshot,
    Unavailable,
    Write,
)
from shared.decisions.publication import Publication
from shared.decisions.rules import mode_of
from shared.decisions.transition import Context, Decision

ATTEMPTS = 8
"""Writes tried against competing writers before the delivery is given back; with `Pause` about ten seconds."""

Status = Literal["done", "triggered", "blocked", "busy"]
Steps = Generator[Effect, Any, "Outcome"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a delivery or tick; everything but `busy` may be acknowledged."""

    status: Status
    note: str
    publication: Publication | None = None
    gates: tuple[GateResult, ...] = ()


def run(context: Context, completion: Completion | None, function: str) -> Steps:
    """Record `completion` (None: the timer's tick), and publish the date's trigger when it is due.

    Raises `Unavailable` where a dependency failed: then nothing may be acknowledged.
    """
    if context.boundary.gates is None:
        raise RuntimeError(f"{function} must not decide about {context.boundary.name}: its view has no gates of it.")
    decision, now = yield from _decided(context, completion)
    if decision.step == "busy":
        return Outcome("busy", decision.note)
    if decision.publication is None:
        return Outcome("done", decision.note)
    publication = decision.publication
    try:
        gates = yield from _gates(context, publication, now)
        if any(gate.blocks for gate in gates):
            return (yield from _blocked(context, publication, gates, now))
        messages = triggers.messages(context.boundary, publication, function, now)
        yield Publish(context.boundary.trigger.topic, messages)
    except Unavailable as failure:
        with suppress(Unavailable):  # an unreleased lease expires; the failure that counts is raised below
            yield from _settled(context, lambda snapshot: transition.release(context, snapshot.document))
        yield _report(context, publication, "failed", (now, now), (), str(failure))
        raise
    marked = yield from _settled(
        context, lambda snapshot: transition.published(context, snapshot.document, publication, snapshot.time)
    )
    yield _report(context, publication, publication.status, (now, marked.time), gates)
    return Outcome("triggered", publication.reason, publication, gates)


def _decided(context: Context, completion: Completion | None) -> Generator[Effect, Any, tuple[Decision, datetime]]:
    failed = False
    for attempt in range(ATTEMPTS):
        snapshot: Snapshot = yield Read(context.boundary.upstream.collection, context.date)
        decision = transition.decide(context, snapshot.document, completion, snapshot.time)
        if not decision.changes:
            return decision, snapshot.time
        try:
            if (yield Write(snapshot, decision.changes)):
                return decision, snapshot.time
        except DependencyRefused:
            raise
        except Unavailable:  # it may have been written: look again, once, before giving the delivery back
            if failed:
                raise
            failed = True
        yield Pause(attempt)
    raise Unavailable("firestore", f"{ATTEMPTS} writes met competing writers")


def _settled(context: Context, changes: Callable[[Snapshot], Changes]) -> Generator[Effect, Any, Snapshot]:
    failed = False
    for attempt in range(ATTEMPTS):
        snapshot: Snapshot = yield Read(context.boundary.upstream.collection, context.date)
        made = changes(snapshot)
        if not made:
            return snapshot
        try:
            if (yield Write(snapshot, made)):
                return snapshot
        except Unavailable:
            if failed:
                raise
            failed = True
        yield Pause(attempt)
    raise Unavailable("firestore", f"{ATTEMPTS} writes met competing writers")


def _gates(context: Context, publication: Publication, now: datetime) -> Generator[Effect, Any, tuple[GateResult, ...]]:
    """Ask the gates of the decided mode; where a release took that mode away, those of the mode that the date has now."""
    boundary, mode = context.boundary, publication.mode
    if all(declared.name != mode for declared in boundary.modes):
        mode = mode_of(boundary, context.date, now, context.zone).name
    if not any(not gate.modes or mode in gate.modes for gate in boundary.gates or ()):
        return ()
    return tuple((yield CheckGates(boundary, mode, publication.date)))


def _blocked(
    context: Context, publication: Publication, gates: tuple[GateResult, ...], now: datetime
) -> Generator[Effect, Any, Outcome]:
    blocks = [gate.summary() for gate in gates if gate.blocks]
    marked = yield from _settled(
        context, lambda snapshot: transition.blocked(context, snapshot.document, blocks, snapshot.time)
    )
    yield _report(context, publication, "blocked", (now, marked.time), gates)
    return Outcome("blocked", "; ".join(gate.detail for gate in gates if gate.blocks), publication, gates)


def _report(
    context: Context,
    publication: Publication,
    status: str,
    span: tuple[datetime, datetime],
    gates: tuple[GateResult, ...],
    error: str | None = None,
) -> Report:
    start, end = span
    metadata = {
        "reason": publication.reason,
        "mode": publication.mode,
        "trigger_id": context.boundary.trigger_id(publication.date),
        "completed": list(publication.completed),
        "missing": list(publication.missing),
        "first_completion_at": publication.first_completion_at and publication.first_completion_at.isoformat(),
        "gates": [gate.summary() for gate in gates],
        "error": error,
    }
    return Report(
        "executions",
        {
            "execution_timestamp": end.isoformat(),
            "phase_name": context.boundary.name,
            "date": publication.date,
            "correlation_id": publication.correlation_id,
            "start_time": start.isoformat(),
            "duration_seconds": max(0.0, (end - start).total_seconds()),
            "status": status,
            "metadata": {key: value for key, value in metadata.items() if value is not None},
        },
    )
