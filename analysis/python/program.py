"""Records of several files put together: what calls call, and what a function is given by its callers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Set
from typing import NamedTuple

from analysis.python.call_sites import CodePlace, passed_on
from analysis.python.events import Call, Said
from analysis.python.folding import link
from analysis.python.imports import Around
from analysis.python.linking import MOST_DEPTH, Linker, Links
from analysis.python.record import FileRecord
from analysis.python.values import (
    UNKNOWN,
    CallResult,
    CodePath,
    Constant,
    Member,
    Parameter,
    Text,
    Unknown,
    Value,
    is_small,
    parts_of,
    possible,
)

MOST_CALLERS = 2000
"""How many places that give a value to a function, and to those around it, are looked at for one value."""


class Gift(NamedTuple):
    """What a call gives for some parameters, and where it stands."""

    values: tuple[Value, ...]
    module: str
    line: int
    around: Around


class Program(Linker):
    """Looks up what names, calls and their arguments are across files; see `Linker` for its arguments."""

    def __init__(
        self, records: Mapping[str, FileRecord], packages: Collection[str], links: Links | None = None
    ) -> None:
        super().__init__(records, packages, links)
        self._callers: dict[str, list[str]] | None = None
        self._given_by_callers: dict[tuple[str, tuple[str, ...]], list[Gift]] = {}
        self._by_name: dict[str, list[str]] | None = None
        self._gives: dict[tuple[str, str, str], bool] = {}

    def calls(self, module: str) -> list[tuple[str, Call]]:
        """Return every call of a module with what it calls; one with several possible functions once for each."""
        return self.once("calls", module, "", lambda: list(self._named_calls(module)), [])

    def _named_calls(self, module: str) -> Iterator[tuple[str, Call]]:
        record = self._record(module)
        for call in record.calls if record else ():
            for function in possible(call.function):
                one = call if function is call.function else call._replace(function=function)
                for name in self.callees(module, function) or ("",):
                    yield from passed_on(name, one, lambda value: self.callee(module, value))

    def said(self, module: str) -> tuple[Said, ...]:
        """Return the texts and paths of a module."""
        record = self._record(module)
        return record.said if record else ()

    def calls_of(self, module: str, callees: Set[str]) -> list[tuple[str, Call]]:
        """Return the calls of a module that call one of `callees`, in order."""
        by_callee = self._by_callee(module)
        found = [each for name in callees & by_callee.keys() for each in by_callee[name]]
        return [(name, call) for _, name, call in sorted(found, key=lambda each: each[0])]

    def _by_callee(self, module: str) -> Mapping[str, list[tuple[int, str, Call]]]:
        return self.once("callees", module, "", lambda: _indexed(self.calls(module)), {})

    def _callers_of(self, function: str) -> Iterator[tuple[str, str]]:
        """Yield the modules that call `module:function`, or a method of that name on something unknown, by which name."""
        if self._callers is None:
            self._callers = {}
            for module in self._records:
                for name in self._by_callee(module):
                    self._callers.setdefault(name, []).append(module)
        head, _, last = function.rpartition(".")
        for name in (function, f".{last}") if head and ":" in head else (function,):
            yield from ((module, name) for module in self._callers.get(name, ()))

    def _gifts(self, function: str, names: tuple[str, ...]) -> list[Gift]:
        """Return what callers give for some parameters of a function, and where; the same of one line once."""
        found = self._given_by_callers.get((function, names))
        if found is None:
            found = self._given_by_callers[function, names] = []
            if function.endswith(":__getattr__") and len(names) == 1:
                found += self.asked(function.removesuffix(":__getattr__"))
            for module, callee in self._callers_of(function):
                about = (function, callee, names)
                nothing: list[Gift] = []
                found += self.once("gifts", module, about, lambda m=module, a=about: self._gifts_of(m, *a), nothing)  # type: ignore[misc]
        return found

    def given_for(self, parameter: Parameter) -> list[Value]:
        """Return what callers give for a linked parameter, each once."""
        gifts = self._gifts(parameter.function, (parameter.name,))
        return list(dict.fromkeys(gift.values[0] for gift in gifts[:MOST_CALLERS]))

    def returned(self, value: CallResult) -> list[Value]:
        """Return what a linked call of a function of ours may return."""
        return self.returned_by([self._own(value.function)], value)

    def returned_by(self, functions: Iterable[str], value: CallResult) -> list[Value]:
        """Return what a linked call may return, of these functions by their full names."""
        found = [self._result_of(each, value) for each in functions if each]
        return [each for each in found if each is not None]

    def _result_of(self, function: str, value: CallResult) -> Value | None:
        about = (function, value.arguments, value.keywords)
        return self.once("returned", function.partition(":")[0], about, lambda: self._result(function, value), None)

    def _result(self, function: str, value: CallResult) -> Value | None:
        """Return what `module:function` returns to a linked call; None where its file does not say."""
        module, _, name = function.partition(":")
        record = self._record(module)
        result = record.returns.get(name) if record else None
        return result and self.linked(result, module, self._given(function, value.arguments, value.keywords), name, 1)

    def is_own(self, callee: str) -> bool:
        """Return whether what is called is a function of ours, or a method of something unknown that one of ours may be."""
        return self._is_function(callee) if ":" in callee else bool(self._methods(callee.removeprefix(".")))

    def _methods(self, name: str) -> list[str]:
        """Return the methods of that name."""
        if self._by_name is None:
            self._by_name = {}
            for module, record in self._records.items():
                for function in record.parameters:
                    if "." in function:
                        self._by_name.setdefault(function.rpartition(".")[2], []).append(f"{module}:{function}")
        return self._by_name.get(name, [])

    def asked(self, package: str) -> list[Gift]:
        """Return the names that a module is asked for and has not from the start, which its `__getattr__` is given."""
        own = self._record(package)
        found: dict[Gift, None] = {}
        for module in [each for each in self._records if each != package]:
            record = self._record(module)
            for fact in record.imports if record else ():
                base = self.absolute(module, "." * fact.level + (fact.module or ""))
                around = Around(fact.lazy, fact.function, fact.catches)
                for name in (fact.names or ()) if base == package else ():
                    found[Gift((Constant(name),), module, fact.line, around)] = None
            for read in record.reads if record else ():
                whole = self.absolute(module, read.name)
                name = whole.removeprefix(f"{package}.").partition(".")[0]
                if whole.startswith(f"{package}."):
                    found[Gift((Constant(name),), module, read.line, read.around)] = None
        names = own.names if own else {}
        return [each for each in found if isinstance(each.values[0], Constant) and each.values[0].value not in names]

    def _gifts_of(self, module: str, function: str, callee: str, names: tuple[str, ...]) -> list[Gift]:
        gifts: dict[Gift, None] = {}
        for _, _, call in self._by_callee(module).get(callee, ()):
            given = self._given(function, call.arguments, call.keywords)
            values = tuple(self.linked(given.get(name, UNKNOWN), module) for name in names)
            gifts[Gift(values, module, call.line, call.around)] = None
        return list(gifts)

    def may_be(self, kind: str, test: Callable[[Value], bool], value: Value, module: str) -> bool:
        """Return whether a value passes a test, or is what some caller gives that passes it.

        Args:
            kind: names the test, so that each parameter is looked at once.
            test: asks about one possible value that is linked.
            value: of `module`.
            module: where the value stands.
        """
        return any(self._passes(kind, test, each) for each in possible(self.linked(value, module)))

    def _passes(self, kind: str, test: Callable[[Value], bool], value: Value) -> bool:
        if test(value):
            return True
        if kind == "path" and isinstance(value, Member) and value.name != "parent":
            return False
        while isinstance(value, Member) or (isinstance(value, Text) and value.parts):
            value = value.owner if isinstance(value, Member) else value.parts[0]
        if not isinstance(value, Parameter):
            return any(map(test, parts_of(value)))
        key = (kind, value.function, value.name)
        if key not in self._gives:
            self._gives[key] = False  # until it is known
            self._gives[key] = any(
                self._passes(kind, test, each)
                for gift in self._gifts(value.function, (value.name,))
                for each in possible(gift.values[0])
            )
        return self._gives[key]

    def reached(self, value: Value, place: CodePlace) -> Iterator[tuple[Value, CodePlace]]:
        """Yield what a value of a place can be: one that a function is given, as each caller gives it, at the caller's place."""
        found = self.linked(value, place.module)
        if not found.given:
            yield found, place
            return
        queue = [(found, place, frozenset[str]())]
        seen, looked = set[tuple[Value, str, int, tuple[str, ...]]](), 0
        for found, where, trail in queue:
            wanted = [each for each in found.given if each.function not in trail] if is_small(found) else []
            function = min((each.function for each in wanted), default="")
            mine = sorted((each for each in wanted if each.function == function), key=lambda each: each.name)
            names = tuple(each.name for each in mine)
            gifts = self._gifts(function, names) if function and len(trail) < MOST_DEPTH else []
            looked += len(gifts)
            if not gifts or looked > MOST_CALLERS:
                yield Unknown("too many places give it") if gifts else found, where
                continue
            for values, module, line, around in gifts:
                made = self._given_to(found, tuple(zip(mine, values, strict=True)))
                catches = (*around.catches, *where.around.catches)
                key = (made, module, line, catches)
                if key not in seen:
                    seen.add(key)
                    at = CodePlace(module, line, around._replace(catches=catches) if where.around.catches else around)
                    queue.append((made, at, trail | {function}))

    def _given_to(self, value: Value, given: tuple[tuple[Parameter, Value], ...]) -> Value:
        """Return a linked value with what its parameters are given."""
        mine = frozenset(parameter for parameter, _ in given)
        put: Mapping[Value, Value] = dict(given)
        return self.once("given", "", (value, given), lambda: self._links.one(link(value, put.get, mine)), value)

    def may_return_path(self, function: str, call: Call) -> bool:
        """Return whether `module:function` may return a path beside the code to a call."""
        module = function.partition(":")[0]
        answer = self.once("path returned", module, function, lambda: self._returns_path(function), "no")
        return answer == "yes" or (
            answer == "given"
            and any(isinstance(each, CodePath) for value in call.arguments for each in parts_of(value))
        )

    def _returns_path(self, function: str) -> str:
        """Return whether a function may return a path beside the code: yes, no, or where it is `given` one."""
        module, _, name = function.partition(":")
        record = self._record(module)
        value = record.returns.get(name) if record else None
        kinds = possible(value) if value is not None else ()
        if any(map(_begins_as_path, kinds)):
            return "yes"
        inner = [self.callee(module, each.function) for each in kinds if isinstance(each, CallResult)]
        found = {
            self.once("path returned", each.partition(":")[0], each, lambda each=each: self._returns_path(each), "no")  # type: ignore[misc]
            for each in inner
        }
        if "yes" in found:
            return "yes"
        return "given" if "given" in found or any(isinstance(each, Parameter | Member) for each in kinds) else "no"


def _begins_as_path(value: Value) -> bool:
    """Return whether a value is a path beside the code with more behind it, or may become one."""
    return isinstance(value, CodePath) or (
        isinstance(value, Text) and not isinstance(value.parts[0], Constant | Unknown)
    )


def _indexed(calls: list[tuple[str, Call]]) -> dict[str, list[tuple[int, str, Call]]]:
    found: dict[str, list[tuple[int, str, Call]]] = {}
    for place, (name, call) in enumerate(calls):
        found.setdefault(name, []).append((place, name, call))
    return found
