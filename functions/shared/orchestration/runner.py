"""An attempt on a date, for real: what `protocol` asks for, done with Firestore, Pub/Sub and BigQuery."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from shared.decisions import protocol
from shared.decisions.completion import Completion
from shared.decisions.effects import CheckGates, Effect, Pause, Publish, Read, Report, Unavailable, Write
from shared.decisions.protocol import Outcome, Steps
from shared.decisions.transition import Context
from shared.declaration.view import Boundary
from shared.orchestration import lease
from shared.orchestration.dependencies import Dependencies
from shared.reports import logs

FIRST_PAUSE = 0.05
LONGEST_PAUSE = 3.0


def run(dependencies: Dependencies, boundary: Boundary, date: str, completion: Completion | None = None) -> Outcome:
    """Record `completion` (None: the timer's tick) and publish the date's trigger when it is due.

    Raises `Unavailable` where a dependency failed: then nothing may be acknowledged.
    """
    made = context(dependencies, boundary, date)
    return _carry_out(dependencies, made, protocol.run(made, completion, dependencies.view.function))


def context(dependencies: Dependencies, boundary: Boundary, date: str) -> Context:
    """Return the context of a new attempt on a date."""
    return Context(
        boundary=boundary,
        zone=dependencies.view.zone,
        lease=lease.seconds(dependencies.view.lease),
        expiry=dependencies.view.expiry.get(boundary.upstream.collection),
        date=date,
        owner=uuid.uuid4().hex,
    )


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


def note_failure(failure: Unavailable, meaning: str) -> None:
    """Log that a dependency failed, and whether somebody has to change something before another attempt can help."""
    facts = {"dependency": failure.dependency, "permanent": failure.permanent}
    logs.log("ERROR", "dependency_unavailable", f"{meaning}: {failure}", **facts)


@contextmanager
def apart(dependencies: Dependencies, boundary: Boundary, date: str, failures: list[str]) -> Iterator[None]:
    """Let what fails for one date keep no other waiting: it is logged, and a sentence of it added to `failures`."""
    facts = dependencies.view.named({"boundary": boundary.name, "date": date})
    try:
        yield
    except Unavailable as unavailable:
        with logs.bound(**facts):
            note_failure(unavailable, "Not done, the next run tries again")
        failures.append(f"{boundary.name} {date}: {unavailable}")
    except Exception as error:  # noqa: BLE001 - whatever a stranger wrote into one date's document
        with logs.bound(**facts):
            logs.failure("defect", f"{boundary.name} of {date} cannot be evaluated.")
        failures.append(f"{boundary.name} {date}: its document cannot be evaluated: {error!r}")


def _carry_out(dependencies: Dependencies, made: Context, steps: Steps) -> Outcome:
    """Run the steps to their end, and renew the lease while what may take long goes on; raises `Unavailable`."""
    until = time.monotonic() + lease.work_seconds(made.boundary)
    answer: Any = None
    failure: Unavailable | None = None
    while True:
        try:
            effect = steps.throw(failure) if failure else steps.send(answer)
        except StopIteration as end:
            outcome: Outcome = end.value
            return outcome
        answer, failure = None, None
        slow = isinstance(effect, CheckGates | Publish) and dependencies.renews_leases
        try:
            with lease.renewed(dependencies.store, made, until) if slow else nullcontext():
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
