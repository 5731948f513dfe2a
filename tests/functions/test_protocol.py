"""The order of an attempt's steps, one effect at a time: how often it tries, and what it says at its end."""

from __future__ import annotations

import pytest
from shared.decisions import protocol
from shared.decisions.effects import Pause, Publish, Read, Report, Unavailable, Write

from tests.functions.model import Model, completion, gate_result
from tests.functions.views import boundary

P2 = boundary("phase2_to_phase3").modes[0].expected
P3 = boundary("phase3_to_phase4").modes[0].expected


def refused(model: Model, times: int) -> list[type]:
    """Return the effects of an attempt that meets so many competing writers, up to its first write that counts."""
    steps = protocol.run(model.context(), completion(P2[0]), "function")
    met, effect = [], next(steps)
    while True:
        met.append(type(effect))
        if isinstance(effect, Write):
            times -= 1
            if times < 0:
                return met
        answer = False if isinstance(effect, Write) else model.perform(effect)
        effect = steps.send(answer)


def test_eight_writes_are_tried_against_competing_writers() -> None:
    model = Model(boundary("phase2_to_phase3"))
    assert refused(model, 7) == [Read, Write, Pause] * 7 + [Read, Write]
    with pytest.raises(Unavailable, match="8 writes met competing writers"):
        refused(model, 8)


def last(model: Model, names: tuple[str, ...]) -> tuple[list[type], protocol.Outcome]:
    """Return the effects of the delivery that completes the date, and its outcome."""
    for name in names[:-1]:
        model.handle(completion(name))
    delivery, met = model.deliver("last", completion(names[-1])), []
    while not delivery.ended:
        met.append(type(delivery.effect))
        model.step(delivery)
    assert delivery.outcome is not None
    return met, delivery.outcome


def test_a_trigger_is_published_marked_and_reported_in_this_order() -> None:
    model = Model(boundary("phase2_to_phase3"))
    met, outcome = last(model, P2)
    assert met == [Read, Write, Publish, Read, Write, Report]
    assert (outcome.status, outcome.note) == ("triggered", "all_complete")
    assert outcome.publication is not None
    assert model.reports[-1].facts["status"] == "complete"


def test_a_gate_that_blocks_is_marked_and_reported() -> None:
    model = Model(boundary("phase3_to_phase4"), gates=lambda: gate_result(blocks=True))
    _, outcome = last(model, P3[:4])
    assert (outcome.status, outcome.note) == ("blocked", "Gate: 50, at least 80 wanted")
    assert [gate.blocks for gate in outcome.gates] == [True]
    assert [each.facts["status"] for each in model.reports] == ["blocked"]


def test_a_publication_that_fails_gives_the_lease_back_and_says_why() -> None:
    model = Model(boundary("phase2_to_phase3"))
    for name in P2[:-1]:
        model.handle(completion(name))
    delivery = model.deliver("last", completion(P2[-1]))
    while not isinstance(delivery.effect, Publish):
        model.step(delivery)
    model.step(delivery, fault="before")
    model.finish(delivery)
    assert delivery.failed
    assert (model.document or {})["_trigger_pending"] is None
    assert model.reports[-1].facts["status"] == "failed"
    assert "before Publish" in model.reports[-1].facts["metadata"]["error"]


def test_the_timer_alone_moves_a_date_into_its_next_mode() -> None:
    model = Model(boundary("phase3_to_phase4"), date="2026-01-30")
    model.handle(completion(P3[0], date="2026-01-30"))
    assert (model.document or {})["_mode"] == "same_day"
    version = model.version
    model.handle(completion(P3[0], date="2026-01-30"))
    model.pass_time(hours=24)
    model.handle(completion(P3[0], date="2026-01-30"))
    assert model.version == version, "a repeated message changes nothing"
    model.handle(None)
    assert (model.document or {})["_mode"] == "overnight"


@pytest.mark.parametrize(("failures", "triggered"), [(1, True), (2, False)])
def test_a_mark_that_failed_once_is_tried_again(failures: int, triggered: bool) -> None:
    model = Model(boundary("phase2_to_phase3"))
    for name in P2[:-1]:
        model.handle(completion(name))
    delivery = model.deliver("last", completion(P2[-1]))
    while not model.published:
        model.step(delivery)
    while not delivery.ended:
        fails = isinstance(delivery.effect, Write) and failures > 0
        failures -= fails
        model.step(delivery, fault="before" if fails else None)
    assert delivery.failed is not triggered
    assert (model.document or {})["_triggered"] is triggered
    assert (delivery.outcome is not None) is triggered
