"""The engine's world in memory: documents, topics, a clock, and deliveries that may be stopped between any two steps.

A delivery is the engine's own generator, advanced one effect at a time; everything else here is what Firestore and
Pub/Sub promise: a write takes effect only on the version it was decided on, a message stays until it is acknowledged.
The safety half of the guarantee is checked after every single effect.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from shared.decisions import document as doc
from shared.decisions import protocol
from shared.decisions.completion import Completion
from shared.decisions.effects import (
    CheckGates,
    GateResult,
    Message,
    Pause,
    Publish,
    Read,
    Report,
    Snapshot,
    Unavailable,
    Write,
)
from shared.decisions.rules import judge
from shared.decisions.transition import Context
from shared.declaration.view import Boundary, Expiry

ZONE = ZoneInfo("America/New_York")
DATE = "2026-01-29"
START = datetime(2026, 1, 30, 9, 0, tzinfo=UTC)
LEASE = 600
EXPIRY = Expiry("_expires_at", 400 * 86400)

Fault = Literal["before", "after"]
Gates = Callable[[], list[GateResult]]


@dataclass
class Delivery:
    """One attempt to handle a message (None: a tick of the timer)."""

    name: str
    completion: Completion | None
    context: Context
    steps: Any
    answers: list[Any] = field(default_factory=list)
    effect: Any = None
    outcome: protocol.Outcome | None = None
    failed: bool = False

    @property
    def boundary(self) -> Boundary:
        return self.context.boundary

    @property
    def ended(self) -> bool:
        return self.outcome is not None or self.failed

    @property
    def acknowledged(self) -> bool:
        return self.outcome is not None and self.outcome.status != "busy"


class Model:
    """One boundary and one date; documents are versions, so that a stale write is refused as Firestore refuses it."""

    def __init__(self, boundary: Boundary, gates: Gates = list, now: datetime = START, date: str = DATE) -> None:
        self.boundary = self.deciding = boundary  # what a new delivery goes by, and the one that acts now
        self.date = date
        self.backfill = False  # whether the one that acts now is told never to start anything
        self.held = False  # whether a rule of the day held on a document that was written
        self.document: dict[str, Any] | None = None
        self.version = 0
        self.now = now
        self.latest = now
        self.published: list[tuple[Message, ...]] = []
        self.reports: list[Report] = []
        self.gates = gates
        self.attempts = 0
        self.blocked = False

    def context(self) -> Context:
        self.attempts += 1
        return Context(self.boundary, ZONE, LEASE, EXPIRY, self.date, f"attempt-{self.attempts}")

    def deliver(self, name: str, completion: Completion | None) -> Delivery:
        """Return a delivery that stands before its first effect."""
        context = self.context()
        steps = protocol.run(context, completion, "function")
        return Delivery(name, completion, context, steps, effect=next(steps))

    def step(self, delivery: Delivery, fault: Fault | None = None) -> None:
        """Carry out the delivery's effect and bring it before its next one; `fault`: the dependency fails."""
        effect = delivery.effect
        self.deciding = delivery.boundary
        self.backfill = delivery.completion is not None and delivery.completion.skip_downstream
        fallible = not isinstance(effect, Pause | Report)
        answer: Any = None
        if not (fault == "before" and fallible):
            answer = self.perform(effect)
        try:
            if fault and fallible:
                delivery.effect = delivery.steps.throw(Unavailable("model", f"{fault} {type(effect).__name__}"))
            else:
                delivery.effect = delivery.steps.send(answer)
        except StopIteration as end:
            delivery.outcome = end.value
        except Unavailable:
            delivery.failed = True

    def finish(self, delivery: Delivery) -> Delivery:
        while not delivery.ended:
            self.step(delivery)
        return delivery

    def handle(self, completion: Completion | None) -> protocol.Outcome:
        """Handle a message, or a tick, without any disturbance."""
        outcome = self.finish(self.deliver("only", completion)).outcome
        assert outcome is not None
        return outcome

    def pass_time(self, **amount: float) -> None:
        self.now += timedelta(**amount)
        self.latest = max(self.latest, self.now)

    def perform(self, effect: Any) -> Any:
        """Carry out an effect; the safety of every write and publication is checked here."""
        match effect:
            case Read(collection, key):
                return Snapshot(collection, key, self.document, self.version, self.now)
            case Write(snapshot, changes):
                return self._write(snapshot, changes)
            case Publish(_, messages):
                self._check_publication(messages)
                self.published.append(messages)
            case CheckGates():
                results = self.gates()
                self.blocked = any(result.blocks for result in results)
                return results
            case Report():
                self.reports.append(effect)
        return None

    def _write(self, snapshot: Snapshot, changes: doc.Changes) -> bool:
        assert changes, "a write without changes is a wasted write"
        if snapshot.version != self.version:
            return False
        before = self.document or {}
        self.document = doc.applied(before, changes)
        self.version += 1
        self.look(snapshot.time)
        lost = set(before) - set(self.document)
        assert not lost, f"fields were dropped: {lost}"
        assert self.document[doc.TRIGGERED] in (True, False)
        assert self.document[doc.COMPLETED_COUNT] == len(doc.completed(self.document))
        assert not self.document[doc.TRIGGERED] or before.get(doc.TRIGGERED) or self.published, (
            "triggered without a publication"
        )
        assert not (before.get(doc.TRIGGERED) and not self.document[doc.TRIGGERED]), "triggered was taken back"
        return True

    def look(self, now: datetime) -> None:
        """Note whether a rule holds on the document, by the delivery that acts now."""
        verdict = judge(self.deciding, self.document or {}, self.date, now, ZONE)
        self.held |= not self.backfill and verdict.reason is not None

    def _check_publication(self, messages: Iterable[Message]) -> None:
        assert self.document is not None
        assert self.held, "published before a rule held"
        assert not self.blocked, "published although a gate blocks"
        ids = {message.attributes["trigger_id"] for message in messages}
        assert ids == {f"{self.boundary.name}:{self.date}"}


def completion(processor: str | None, **values: Any) -> Completion:
    """Return a successful completion of a processor, with what the test wants different."""
    base = Completion(
        sender=processor or "Stranger",
        processor=processor,
        date=DATE,
        status="success",
        completed_at=START,
        correlation_id="c0ffee00",
        execution_id=f"execution-{processor}",
    )
    return dataclasses.replace(base, **values)


def gate_result(*, blocks: bool) -> list[GateResult]:
    return [GateResult("gate", "Gate", 50.0, blocks, blocks, "Gate: 50, at least 80 wanted")]


def payloads(model: Model) -> list[dict[str, Any]]:
    return [json.loads(message.data) for messages in model.published for message in messages]
