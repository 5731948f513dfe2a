"""What a broken place would do in production: from refusing to start down to nothing yet.

A failure while a module loads travels up the chain of loading imports until a guard that catches that very
exception takes it; a failure inside a function appears when the function is called.
"""

from __future__ import annotations

import ast
import contextlib
import functools
from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum

from analysis.python.closure import ENTRY, Closure, Problem, caught
from analysis.python.constants import dotted
from analysis.python.imports import swallowed


class Impact(IntEnum):
    """The worst that a broken place does, worst first."""

    CANNOT_START = 0
    BREAKS_WHEN_REACHED = 1
    DEGRADES_SILENTLY = 2
    LATENT = 3

    @property
    def words(self) -> str:
        """Return the consequence as prose."""
        return self.name.lower().replace("_", " ")


_NOT_YET = {"computed", "computed-resource", "resource"}


class Judge:
    """Tells the consequence of problems of one closure.

    Args:
        closure: the finished graph.
        source: module → source text, for finding out who calls a function.
    """

    def __init__(self, closure: Closure, source: Callable[[str], bytes]) -> None:
        self._closure, self._source = closure, source
        self._states: dict[str, dict[str, Impact]] = {}
        self._callers: dict[tuple[str, str], bool] = {}

    def consequence(self, problem: Problem) -> Impact:
        """Return what `problem` would do."""
        if problem.kind in _NOT_YET or self._has_alternative(problem):
            return Impact.LATENT
        if caught(problem.error, problem.catches):
            return Impact.DEGRADES_SILENTLY
        if problem.lazy:
            return self._called(problem.function, problem.error)
        return self._state(problem.error).get(problem.importer, Impact.LATENT)

    def _has_alternative(self, problem: Problem) -> bool:
        """Return whether the handler around a failed import takes another module, which is there."""
        if problem.kind not in ("module", "distribution", "name"):
            return False
        facts = self._closure.facts[problem.importer].imports
        groups = {fact.group for fact in facts if fact.line == problem.line and fact.group}
        others = [fact.line for fact in facts if fact.instead_of in groups]
        broken = {each.line for each in self._closure.problems if each.importer == problem.importer}
        return bool(others) and not broken & set(others)

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
        call, definition = f"{function}(".encode(), f"def {function}(".encode()
        calls: list[tuple[str, ...]] = []
        for module, located in self._closure.modules.items():
            content = self._source(module) if located.file and not self._closure.facts[module].fault else b""
            if content.count(call) > content.count(definition):
                calls += guards_of_calls(content).get(function, ())
        return bool(calls) and all(caught(error, catches) for catches in calls)


@functools.lru_cache(maxsize=512)
def guards_of_calls(content: bytes) -> Mapping[str, Sequence[tuple[str, ...]]]:
    """Return, for each name that a source calls, the exceptions caught around each of its calls."""
    found: dict[str, list[tuple[str, ...]]] = {}
    with contextlib.suppress(RecursionError):
        _calls(ast.parse(content), (), found)
    return found


def _calls(node: ast.AST, catches: tuple[str, ...], found: dict[str, list[tuple[str, ...]]]) -> None:
    if isinstance(node, ast.Try):
        inner = (*catches, *swallowed(node))
        for child in node.body:
            _calls(child, inner, found)
        for other in (*node.handlers, *node.orelse, *node.finalbody):
            _calls(other, catches, found)
        return
    if isinstance(node, ast.Call):
        found.setdefault(_called_name(node), []).append(catches)
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        catches = ()
    for name in node._fields:
        value = getattr(node, name, None)
        if value.__class__ is list:
            for item in value:
                if isinstance(item, ast.AST):
                    _calls(item, catches, found)
        elif isinstance(value, ast.AST) and value.__class__ is not ast.Load:
            _calls(value, catches, found)


def _called_name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else dotted(call.func)
