"""The effects for real: what `protocol` asks for, done with Firestore, Pub/Sub and BigQuery."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

from shared.effects import (
    CheckGates,
    Effect,
    GateResult,
    Pause,
    Publish,
    Read,
    Report,
    Unavailable,
    Write,
)
from shared.events import Events
from shared.protocol import Outcome, Steps
from shared.publisher import Publisher
from shared.settings import Settings
from shared.store import Store
from shared.view import Boundary, View

CheckGatesWith = Callable[["World", Boundary, str, str], list[GateResult]]
Probe = Callable[["World"], None]

FIRST_PAUSE = 0.05
LONGEST_PAUSE = 3.0


class World:
    """Everything outside that one function touches; clients are made at their first use."""

    def __init__(
        self,
        settings: Settings,
        view: View,
        check_gates: CheckGatesWith | None = None,
        probes: dict[str, Probe] | None = None,
    ) -> None:
        self.settings = settings
        self.view = view
        self.store = Store(settings, view.database)
        self.publisher = Publisher(settings)
        self.events = Events(view, self.publisher)
        self.probes = probes or {}
        self._check_gates = check_gates

    def carry_out(self, steps: Steps) -> Outcome:
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
                answer = self._perform(effect)
            except Unavailable as unavailable:
                failure = unavailable

    def _perform(self, effect: Effect) -> Any:
        match effect:
            case Read(collection, key):
                return self.store.read(collection, key)
            case Write(snapshot, changes):
                return self.store.write(snapshot, changes)
            case Pause(attempt):
                ceiling = min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt)
                return time.sleep(random.uniform(ceiling / 2, ceiling))
            case Publish(topic, messages):
                return self.publisher.publish(topic, messages)
            case Report(part, facts):
                return self.events.report(part, facts)
            case CheckGates(boundary, mode, game_date):
                if self._check_gates is None:
                    raise RuntimeError(f"{boundary.name} has gates, but main.py gives no way to look at data.")
                return self._check_gates(self, boundary, mode, game_date)
