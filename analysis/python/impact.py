"""What a broken place would do in production: from refusing to start down to nothing yet.

A failure while a module loads travels up the chain of loading imports until a guard that catches that very
exception takes it; a failure inside a function appears when the function is called.
"""

from __future__ import annotations

from enum import IntEnum

from analysis.python.finder import ENTRY
from analysis.python.graph import Closure, ImportProblem, caught
from analysis.python.values import Member, Thing, Value


class Impact(IntEnum):
    """The worst that a broken place does, worst first; what cannot be told comes before nothing."""

    CANNOT_START = 0
    BREAKS_WHEN_REACHED = 1
    DEGRADES_SILENTLY = 2
    NOT_KNOWN = 3
    LATENT = 4

    @property
    def words(self) -> str:
        """Return the consequence as prose."""
        return self.name.lower().replace("_", " ")


_IMPORTS = ("module", "distribution", "name", "relative")


class ImpactJudge:
    """Tells the consequence of problems of one closure.

    Args:
        closure: the finished graph.
    """

    def __init__(self, closure: Closure) -> None:
        self._closure = closure
        self._states: dict[str, dict[str, Impact]] = {}
        self._callers: dict[tuple[str, str], bool] = {}
        self._guards: dict[str, list[tuple[str, ...]]] | None = None

    def consequence(self, problem: ImportProblem) -> Impact:
        """Return what `problem` would do."""
        if problem.kind in ("computed", "search-path", "syntax-unknown"):
            return Impact.NOT_KNOWN
        if problem.kind in _IMPORTS and self._closure.has_alternative(problem):
            return Impact.LATENT
        if caught(problem.error, problem.catches):
            return Impact.LATENT if problem.kind == "resource" else Impact.DEGRADES_SILENTLY
        if problem.lazy:
            return self._called(problem.function, problem.error)
        return self._state(problem.error).get(problem.importer, Impact.LATENT)

    def _state(self, error: str) -> dict[str, Impact]:
        """Return module → what an exception of class `error` does when it escapes while that module loads."""
        if error not in self._states:
            self._states[error] = self._spread(error)
        return self._states[error]

    def _spread(self, error: str) -> dict[str, Impact]:
        outgoing: dict[str, list[tuple[str, Impact | None]]] = {}
        for edge in self._closure.edges:
            if caught(error, edge.fact.catches):
                outcome: Impact | None = Impact.DEGRADES_SILENTLY
            elif edge.fact.lazy:
                outcome = self._called(edge.fact.function, error)
            else:
                outcome = None  # as bad as for the importer itself
            outgoing.setdefault(edge.importer, []).append((edge.target, outcome))
        states = {ENTRY: Impact.CANNOT_START}
        queue = [ENTRY]
        while queue:
            module = queue.pop()
            for target, outcome in outgoing.get(module, ()):
                state = states[module] if outcome is None else outcome
                if state < states.get(target, Impact.LATENT):
                    states[target] = state
                    queue.append(target)
        return states

    def _called(self, function: str, error: str) -> Impact:
        """Return what an exception that leaves `function` does: silent if every call of it is guarded."""
        key = (function, error)
        if key not in self._callers:
            self._callers[key] = bool(function) and self._all_calls_guarded(function, error)
        return Impact.DEGRADES_SILENTLY if self._callers[key] else Impact.BREAKS_WHEN_REACHED

    def _all_calls_guarded(self, function: str, error: str) -> bool:
        if self._guards is None:
            self._guards = {}
            for record in self._closure.records.values():
                for call in record.calls:
                    name = _called_name(call.function)
                    self._guards.setdefault(name, []).append(call.around.catches)
        calls = self._guards.get(function, [])
        return bool(calls) and all(caught(error, catches) for catches in calls)


def _called_name(function: Value) -> str:
    """Return the last name of what is called."""
    if isinstance(function, Thing):
        return function.name.rpartition(".")[2].rpartition(":")[2]
    return function.name if isinstance(function, Member) else ""
