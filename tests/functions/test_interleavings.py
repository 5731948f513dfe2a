"""Every order of steps in a small scope: three deliveries, one tick of the timer, one crash or one failed call (before
or after it took effect), and one moment at which every lease expires, exhaustively.

A state is what the database holds and what each delivery has been told so far; a delivery is rebuilt by telling it
again. So each reachable state is looked at once, and from every final one the rest of the guarantee must follow: after
redeliveries and ticks everything is recorded and the trigger is published, always under one id (incidents 44 and 45).
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from shared.decisions import document as doc
from shared.decisions import protocol
from shared.decisions.completion import Completion
from shared.decisions.effects import CheckGates, Pause, Publish, Read, Report, Snapshot, Unavailable
from shared.declaration.view import Boundary

from tests.functions.model import LEASE, START, ZONE, Delivery, Model, completion, gate_result
from tests.functions.views import boundary

FAILED = "the call failed"
P2 = boundary("phase2_to_phase3").modes[0].expected
P3 = ("player_game_summary", "upcoming_player_game_context", "team_offense_game_summary")


@dataclass(frozen=True)
class Scope:
    """Completions recorded before, and the three deliveries whose steps interleave with a tick and a crash."""

    boundary: Boundary
    before: tuple[Completion, ...]
    deliveries: tuple[Completion, ...]
    gate_blocks_first: bool = False
    clock: tuple[datetime, datetime] = (START, START + timedelta(seconds=LEASE))
    """The time before and after the one moment at which leases expire."""
    rules_after: Boundary | None = None
    """The boundary as a release declares it at that moment; the same where it is None."""


EVENING = datetime(2026, 1, 29, 23, 59, tzinfo=ZONE).astimezone(UTC)
TODAY = boundary("phase3_to_phase4").modes[1].expected


def stricter(declared: Boundary) -> Boundary:
    """Return a boundary whose rules no completion of the scope can satisfy any more."""
    modes = tuple(
        replace(mode, critical=(*mode.critical, "new"), expected=(*mode.expected, "new")) for mode in declared.modes
    )
    return replace(declared, modes=modes)


MIDNIGHT = {
    "today's two before midnight, five expected after it": Scope(
        boundary("phase3_to_phase4"),
        (completion(TODAY[1]),),
        (completion(TODAY[0]),),
        clock=(EVENING, EVENING + timedelta(seconds=LEASE)),
    ),
    "a gate blocks before midnight": Scope(
        boundary("phase3_to_phase4"),
        (completion(TODAY[1]),),
        (completion(TODAY[0]),),
        gate_blocks_first=True,
        clock=(EVENING, EVENING + timedelta(seconds=LEASE)),
    ),
    "another release after the rule held": Scope(
        boundary("phase2_to_phase3"),
        tuple(map(completion, P2[:4])),
        (completion(P2[4]),),
        rules_after=stricter(boundary("phase2_to_phase3")),
    ),
}

SCOPES = {
    "last three": Scope(
        boundary("phase2_to_phase3"),
        tuple(map(completion, P2[:2])),
        tuple(map(completion, P2[2:])),
    ),
    "last one delivered three times": Scope(
        boundary("phase2_to_phase3"),
        tuple(map(completion, P2[:4])),
        (completion(P2[4]),) * 3,
    ),
    "last two and a failure": Scope(
        boundary("phase2_to_phase3"),
        tuple(map(completion, P2[:3])),
        (completion(P2[3]), completion(P2[4]), completion(P2[0], status="failed")),
    ),
    "from the first, with a gate": Scope(boundary("phase3_to_phase4"), (), tuple(map(completion, P3))),
    "a gate that blocks once": Scope(
        boundary("phase3_to_phase4"), tuple(map(completion, P3[:1])), (completion(P3[1]), completion(P3[2])), True
    ),
}


@dataclass(frozen=True)
class State:
    """What the world holds, and what each delivery was told; `crashed` are deliveries that will say no more.

    `disturbed`: the one crash or failed call has happened. `late`: the leases taken before have expired. `held`: a rule
    held on a document that was written.
    """

    document: int
    version: int
    published: int
    gates: int
    told: tuple[tuple[Any, ...], ...]
    crashed: frozenset[int]
    disturbed: bool = False
    late: bool = False
    held: bool = False


class Explorer:
    """Looks at every reachable state of a scope once, depth first; documents and answers are numbered."""

    def __init__(self, scope: Scope, *, expiry: bool, faults: bool) -> None:
        self.scope = scope
        self.expiry = expiry
        self.faults = faults
        self.model = Model(scope.boundary, now=scope.clock[0])
        for recorded in scope.before:
            self.model.handle(recorded)
        self.specs: tuple[Completion | None, ...] = (*scope.deliveries, None)
        self.contexts = [self.model.context() for _ in self.specs]
        self.rules_after = scope.rules_after or scope.boundary
        self.documents: list[Any] = []
        self.numbers: dict[bytes, int] = {}
        self.positions: dict[tuple[int, tuple[Any, ...]], Delivery] = {}
        self.seen: set[State] = set()
        self.finals: set[Any] = set()

    def explore(self) -> None:
        start = self._numbered(self.model.document)
        pending = [State(start, self.model.version, 0, 0, ((),) * len(self.specs), frozenset())]
        while pending:
            state = pending.pop()
            if state in self.seen:
                continue
            self.seen.add(state)
            running = [n for n in range(len(self.specs)) if n not in state.crashed and not self._at(state, n).ended]
            pending += [self._stepped(state, number) for number in running]
            if self.expiry and not state.late:
                pending.append(
                    replace(state, late=True)
                )  # a delivery that has begun goes on with the release it began in
            if not state.disturbed:  # a crash also after the last step, before the acknowledgement
                everyone = range(len(self.specs))
                pending += [replace(state, crashed=frozenset({n}), disturbed=True) for n in everyone]
                faults = ("before", "after") if self.faults else ()
                pending += [self._stepped(state, n, fault) for n in running for fault in faults]
            if not running:
                self._ends_well(state)

    def _at(self, state: State, number: int) -> Delivery:
        """Return the delivery as it stands after what it was told."""
        key = (number, state.told[number])
        if key not in self.positions:
            context = replace(self.contexts[number], boundary=self._release(state, number))
            steps = protocol.run(context, self.specs[number], "function")
            delivery = Delivery(str(number), self.specs[number], context, steps, effect=next(steps))
            for answer in state.told[number]:
                self._tell(delivery, answer)
            self.positions[key] = delivery
        return self.positions[key]

    def _release(self, state: State, number: int) -> Boundary:
        """Return the boundary by which the delivery goes: that of the release in which its first read was."""
        began_late = state.told[number][0][2] if state.told[number] and state.told[number][0] != FAILED else state.late
        return self.rules_after if began_late else self.scope.boundary

    def _tell(self, delivery: Delivery, answer: Any) -> None:
        effect = delivery.effect
        try:
            if answer == FAILED:
                delivery.effect = delivery.steps.throw(Unavailable("model", "failed"))
                return
            if isinstance(effect, Read):
                number, version, late = answer
                now = self.scope.clock[late]
                answer = Snapshot(effect.collection, effect.key, self.documents[number], version, now)
            elif isinstance(effect, CheckGates):
                answer = gate_result(blocks=answer)
            delivery.effect = delivery.steps.send(answer)
        except StopIteration as end:
            delivery.outcome = end.value
        except Unavailable:
            delivery.failed = True

    def _stepped(self, state: State, number: int, fault: str | None = None) -> State:
        effect = self._at(state, number).effect
        if isinstance(effect, Pause | Report):
            fault = None
        model = self.model
        model.document, model.version = self.documents[state.document], state.version
        model.published = [()] * state.published
        model.held, model.deciding = state.held, self._release(state, number)
        gates = state.gates
        if fault == "before":
            answer: Any = FAILED
        elif isinstance(effect, Read):
            answer = (state.document, state.version, state.late)
        elif isinstance(effect, CheckGates):
            answer = model.blocked = self.scope.gate_blocks_first and state.gates == 0
            gates += 1
        else:
            answer = model.perform(effect)
        published = state.published + (isinstance(effect, Publish) and fault != "before")
        if fault:
            answer = FAILED
        told = (*state.told[:number], (*state.told[number], answer), *state.told[number + 1 :])
        return replace(
            state,
            document=self._numbered(model.document),
            version=model.version,
            published=published,
            held=model.held,
            gates=gates,
            told=told,
            disturbed=state.disturbed or fault is not None,
        )

    def _numbered(self, document: Any) -> int:
        key = pickle.dumps(document)
        if key not in self.numbers:
            self.numbers[key] = len(self.documents)
            self.documents.append(document)
        return self.numbers[key]

    def _ends_well(self, state: State) -> None:
        outcomes = [self._at(state, number) for number in range(len(self.specs))]
        unacknowledged = tuple(n for n, one in enumerate(outcomes) if n in state.crashed or not one.acknowledged)
        final = (state.document, state.published > 0, unacknowledged, state.late, state.held)
        if final in self.finals:
            return
        self.finals.add(final)
        model = Model(self.rules_after if state.late else self.scope.boundary, now=self.scope.clock[state.late])
        model.attempts = 100  # owners of later attempts are new ones
        model.document, model.version, model.held = self.documents[state.document], state.version, state.held
        model.pass_time(seconds=LEASE)
        waiting = [self.specs[number] for number in unacknowledged]
        for _ in range(3):
            model.pass_time(seconds=LEASE)
            waiting = [one for one in waiting if one and model.handle(one).status == "busy"]
            model.handle(None)
        assert waiting == []
        assert model.document is not None
        sent = {one.processor for one in (*self.scope.before, *self.scope.deliveries) if one.counts}
        assert set(doc.completed(model.document)) == sent
        assert model.document[doc.TRIGGERED] is model.held, "a rule held, and what it decided was not carried out"
        assert bool(state.published or model.published) is model.held
        assert model.held or self.scope in MIDNIGHT.values(), "in one day and one release every scope is complete"


def explored(name: str, *, expiry: bool = False, faults: bool = False) -> None:
    explorer = Explorer(SCOPES[name], expiry=expiry, faults=faults)
    explorer.explore()
    assert len(explorer.seen) > 500, "the scope is too small to show anything"


@pytest.mark.parametrize("name", SCOPES)
def test_every_interleaving_with_a_crash(name: str) -> None:
    explored(name)


@pytest.mark.parametrize("name", ["last three", "a gate that blocks once"])
def test_every_interleaving_with_a_crash_or_a_failed_call(name: str) -> None:
    explored(name, faults=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", SCOPES)
def test_every_interleaving_with_a_crash_or_failed_call_in_each_scope(name: str) -> None:
    explored(name, faults=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["last three", "from the first, with a gate"])
def test_every_interleaving_while_leases_expire(name: str) -> None:
    explored(name, expiry=True)


@pytest.mark.parametrize("name", MIDNIGHT)
def test_what_was_decided_is_carried_out_across_midnight_and_releases(name: str) -> None:
    explorer = Explorer(MIDNIGHT[name], expiry=True, faults=True)
    explorer.explore()
    assert len(explorer.seen) > 500
    decided_before = [state for state in explorer.seen if state.held and not state.late]
    assert decided_before, "some rule holds before the day or the release changes"
