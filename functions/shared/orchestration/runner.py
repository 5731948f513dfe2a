"""An attempt on a date, for real: what `protocol` asks for, done with Firestore, Pub/Sub and BigQuery."""

from __future__ import annotations

import random
import time
import uuid
from typing import Any

from shared.decisions import protocol
from shared.decisions.completion import Completion
from shared.decisions.effects import CheckGates, Effect, Pause, Publish, Read, Report, Unavailable, Write
from shared.decisions.protocol import Outcome, Steps
from shared.decisions.transition import Context
from shared.declaration.view import Boundary
from shared.orchestration.dependencies import Dependencies
from shared.reports import logs

FIRST_PAUSE = 0.05
LONGEST_PAUSE = 3.0
LEASE_SECONDS, LEASE_SECONDS_PER_GATE = 60, 45
"""What may be done under a lease: one publication and its mark, and a look at each gate, each call at its deadline."""


def run(dependencies: Dependencies, boundary: Boundary, date: str, completion: Completion | None = None) -> Outcome:
    """Record `completion` (None: the timer's tick) and publish the date's trigger when it is due.

    Raises `Unavailable` where a dependency failed: then nothing may be acknowledged.
    """
    return carry_out(
        dependencies, protocol.run(context(dependencies, boundary, date), completion, dependencies.view.function)
    )


def context(dependencies: Dependencies, boundary: Boundary, date: str) -> Context:
    """Return the context of a new attempt on a date."""
    return Context(
        boundary=boundary,
        zone=dependencies.view.time_zone,
        lease=lease(dependencies.view.lease, boundary),
        expiry=dependencies.view.expiry.get(boundary.upstream.collection, {}),
        date=date,
        owner=uuid.uuid4().hex,
    )


def lease(longest: int, boundary: Boundary) -> int:
    """Return for how many seconds a lease keeps others away: as long as the calls made under it may take, no longer.

    After a kill the next delivery or tick has to wait for it. `longest` is what the declaration allows.
    """
    return min(longest, LEASE_SECONDS + LEASE_SECONDS_PER_GATE * len(boundary.gates or ()))


def note(outcome: Outcome) -> None:
    """Log what became of a delivery or tick, under the names that alerts look for."""
    match outcome.status:
        case "triggered":
            logs.log("NOTICE", "trigger_published", f"Triggered: {outcome.note}.", reason=outcome.note)
        case "blocked":
            logs.log("ERROR", "gate_blocked", f"Not triggered, a gate blocks: {outcome.note}.")
        case "busy":
            logs.log("WARNING", "lease_held", f"Not acknowledged: {outcome.note}.")
        case _:
            logs.log("INFO", "completion_handled", f"Handled: {outcome.note}.")
    for gate in outcome.gates:
        if gate.alerts and not gate.blocks:
            logs.log("WARNING", "gate_warning", f"{gate.detail}.", gate=gate.gate)


def carry_out(dependencies: Dependencies, steps: Steps) -> Outcome:
    """Run the steps to their end; raises `Unavailable` where they give up."""
    answer: Any = None
    failure: Unavailable | None = None
    while True:
        try:
            effect = steps.throw(failure) if failure else steps.send(answer)
        except StopIteration as end:
            outcome: Outcome = end.value
            return outcome
        answer, failure = None, None
        try:
            answer = _perform(dependencies, effect)
        except Unavailable as unavailable:
            failure = unavailable


def _perform(dependencies: Dependencies, effect: Effect) -> Any:
    match effect:
        case Read(collection, key):
            return dependencies.store.read(collection, key)
        case Write(snapshot, changes):
            return dependencies.store.write(snapshot, changes)
        case Pause(attempt):
            ceiling = min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt)
            return time.sleep(random.uniform(ceiling / 2, ceiling))
        case Publish(topic, messages):
            return dependencies.publisher.publish(topic, messages)
        case Report(part, facts):
            return dependencies.events.report(part, facts)
        case CheckGates(boundary, mode, date):
            if dependencies.check_gates is None:
                raise RuntimeError(f"{boundary.name} has gates, but main.py gives no way to look at data.")
            return dependencies.check_gates(dependencies, boundary, mode, date)
