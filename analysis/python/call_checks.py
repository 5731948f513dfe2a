"""Calls of our own functions and classes with arguments that these do not take: each raises a TypeError when it runs."""

from __future__ import annotations

import inspect

from analysis.python.events import Call
from analysis.python.graph import Closure, expected
from analysis.python.linking import MOST_DEPTH
from analysis.python.name_checks import is_given
from analysis.python.object_types import ObjectTypes
from analysis.python.program import Program
from analysis.python.signatures import ClassSignature, Taken
from analysis.python.values import CallResult, Member, Thing, Value, possible

_PARTIAL = Thing("functools.partial")
Takes = tuple[str, tuple[Taken, ...]]
"""What is called at last, as `module:name`, and what it takes from the caller."""


def check_calls(closure: Closure, program: Program, types: ObjectTypes) -> None:
    """Note in the closure which calls none of the functions takes that they may call."""
    checker = _Checker(closure, program, types)
    for module, record in closure.records.items():
        for call in record.calls:
            if call.exact and not expected("TypeError", call.around.catches):
                checker.check(module, call)


class _Checker:
    def __init__(self, closure: Closure, program: Program, types: ObjectTypes) -> None:
        self._closure, self._program, self._types = closure, program, types

    def check(self, module: str, call: Call) -> None:
        """Note a call that nothing takes which it may call."""
        part = call.function == _PARTIAL and len(call.arguments) > 0
        if part:
            call = call._replace(function=call.arguments[0], arguments=call.arguments[1:])
        faults = []
        for function in possible(self._program.linked(call.function, module)):
            own = self._own_method(function, call) or self._methods(function, module)
            found = own if own is not None else [self._function(function)]
            faults += [self._fault(each, call, part=part) for each in found]
        known = [each for each in faults if each is not None and not self._changed(each[0])]
        if known and len(known) == len(faults):
            name, fault = known[0]
            self._closure.fail("arguments", name, module, call.around.fact(call.line), "TypeError", fault)

    def _own_method(self, function: Value, call: Call) -> list[Takes | None] | None:
        """Return what a method of one's own object, or of one of a class derived from it, takes; None for any other call."""
        if not call.of_own or not isinstance(function, Thing):
            return None
        owner, _, method = function.name.rpartition(".")
        return self._of_objects([owner], method) if owner else [None]  # a function that the class or object keeps

    def _methods(self, function: Value, module: str) -> list[Takes | None] | None:
        """Return what a method of an object takes whose class is told; None where it is not."""
        if not isinstance(function, Member):
            return None
        classes = self._types.objects(function.owner, module)
        return None if classes is None else self._of_objects(classes, function.name)

    def _of_objects(self, classes: list[str], method: str) -> list[Takes | None]:
        """Return what a method takes of an object of each class, or of any that is derived from it."""
        if self._types.may_be_given(method):
            return [None]
        below = dict.fromkeys(each for name in classes for each in self._types.derived(name))
        return [self._method(self._line(*_parted(each)) or [], method) for each in below]

    def _changed(self, name: str) -> bool:
        """Return whether any module may put something else where a function or class is."""
        module, _, inside = name.partition(":")
        return any(is_given(self._closure, self._program, module, each) for each in {inside, inside.partition(".")[0]})

    def _fault(self, found: Takes | None, call: Call, *, part: bool) -> tuple[str, str] | None:
        """Return a function and what Python says of the arguments; None where it takes them, or where that is not known."""
        if found is None:
            return None
        name, taken = found
        parameters = sorted((_parameter(each) for each in taken), key=lambda each: each.kind)
        try:
            signature = inspect.Signature(parameters)
        except ValueError:
            return None
        try:
            bind = signature.bind_partial if part else signature.bind
            bind(*call.arguments, **dict(call.keywords))
        except TypeError as error:
            return name, str(error)
        return None

    def _function(self, function: Value) -> Takes | None:
        """Return what a call of a value calls; None where that is not known."""
        if isinstance(function, Thing):
            module, _, name = function.name.partition(":")
            record = self._closure.settled(module)
            if record is not None and name in record.classes:
                taken = self._constructor(module, name)
                return None if taken is None else (function.name, taken)
            # A function that is read of a class, or of `self`, may be another one in the class of the object.
            if record is not None and name in record.signatures and name.rpartition(".")[0] not in record.classes:
                return function.name, record.signatures[name].parameters
        elif isinstance(function, Member) and isinstance(function.owner, CallResult):
            maker = function.owner.function
            module, _, name = maker.name.partition(":") if isinstance(maker, Thing) else ("", "", "")
            return self._method(self._line(module, name) or [], function.name)
        return None

    def _line(self, module: str, name: str) -> list[tuple[str, str, ClassSignature]] | None:
        """Return a class and what it is derived from, the nearest first; None where that is not all ours, or is no line."""
        found: list[tuple[str, str, ClassSignature]] = []
        while len(found) < MOST_DEPTH:
            record = self._closure.settled(module)
            signature = record.classes.get(name) if record is not None else None
            if signature is None or signature.making == "otherwise":
                return None
            found.append((module, name, signature))
            bases = [self._program.linked(base, module) for base in signature.bases]
            if all(base in _ENDS for base in bases):
                return found
            if len(bases) > 1 or not isinstance(bases[0], Thing):
                return None
            module, _, name = bases[0].name.partition(":")
        return None

    def _constructor(self, module: str, name: str) -> tuple[Taken, ...] | None:
        """Return what makes an object of a class; None where that is not known."""
        line = self._line(module, name)
        if line is None:
            return None
        fields: dict[str, Taken] = {}
        for _, _, signature in reversed(line):
            fields |= {each.name: each for each in signature.fields}
        if line[0][2].making == "by fields":
            return tuple(fields.values())
        made = self._method(line, "__init__")
        if made is not None:
            return made[1]
        hidden = any("__init__" in signature.hides or signature.making == "by fields" for _, _, signature in line)
        return None if hidden else ()

    def _method(self, line: list[tuple[str, str, ClassSignature]], method: str) -> Takes | None:
        """Return a method of an object of the first class of a line, by the nearest class that has it."""
        for owner, of, signature in line:
            found = self._closure.records[owner].signatures.get(f"{of}.{method}")
            if method in signature.hides or (method == "__init__" and signature.making == "by fields"):
                return None
            if found is not None:
                return f"{owner}:{of}.{method}", found.parameters[0 if found.receives == "nothing" else 1 :]
        return None


def _parted(name: str) -> tuple[str, str]:
    module, _, inner = name.partition(":")
    return module, inner


def _parameter(taken: Taken) -> inspect.Parameter:
    kind = next(each for each in _KINDS if each == taken.kind)
    may_be_absent = taken.optional and kind not in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return inspect.Parameter(taken.name, kind, default=None if may_be_absent else inspect.Parameter.empty)


_KINDS = (
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
    inspect.Parameter.VAR_POSITIONAL,
    inspect.Parameter.KEYWORD_ONLY,
    inspect.Parameter.VAR_KEYWORD,
)
_ENDS = (Thing("builtins.object"), Thing("abc.ABC"), Thing("typing.Protocol"))
"""What a class may be derived from that has no say in how its objects are made."""
