"""Records of several files put together: what a name is, whoever defines it, and what a function is given by its callers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import NamedTuple

from analysis.python.events import Around, Call, Said
from analysis.python.folding import Link, link
from analysis.python.record import FileRecord
from analysis.python.values import (
    UNKNOWN,
    CallResult,
    Choice,
    CodePath,
    Constant,
    DictValue,
    Member,
    Parameter,
    SequenceValue,
    Text,
    Thing,
    Unknown,
    Value,
    choose,
    each,
    is_small,
    member,
    parts_of,
    possible,
)

MOST_DEPTH = 6
"""How many functions or modules a value is followed through."""
MOST_CALLERS = 200
"""How many places that give a value to a function, and to those around it, are looked at for one value."""

MOST_LINKS = 500_000
"""How many names are looked up for one entry module; what is behind is not known."""


class CodePlace(NamedTuple):
    """Where something happens."""

    module: str
    line: int
    around: Around = Around()


class Program:
    """Looks up what names are across files.

    Args:
        records: module → its record.
        packages: those modules that are packages.
    """

    def __init__(self, records: Mapping[str, FileRecord], packages: Collection[str]) -> None:
        self._records, self._packages = records, packages
        self._things: dict[tuple[str, str], Value] = {}
        self._callers: dict[str, list[tuple[str, Call]]] | None = None
        self._reached = self._links = 0
        self._paths: dict[str, bool] = {}
        self._calls: dict[str, list[tuple[str, Call]]] = {}
        self._gives: dict[tuple[str, str, str], bool] = {}

    def absolute(self, module: str, name: str) -> str:
        """Return the full name of a thing that `module` calls `name`; `package.module:definition` for our own."""
        if name.startswith(":"):
            return f"{module}{name}"
        if not name.startswith("."):
            return name
        rest = name.lstrip(".")
        level = len(name) - len(rest)
        parts = module.split(".") if module in self._packages else module.split(".")[:-1]
        return ".".join([*parts[: len(parts) - level + 1], *([rest] if rest else [])])

    def thing(self, module: str, name: str, depth: int = 0) -> Value:
        """Return what a thing is, followed through every module that merely passes it on."""
        key = (module, name)
        if key not in self._things:
            self._things[key] = Thing(self.absolute(module, name))
            if name == ":":
                self._things[key] = Constant(module)
            elif depth < MOST_DEPTH:
                self._things[key] = self._resolved(self.absolute(module, name), depth)
        return self._things[key]

    def _resolved(self, name: str, depth: int) -> Value:
        if ":" in name:
            return Thing(name)
        parts = name.split(".")
        for count in range(len(parts), 0, -1):
            module = ".".join(parts[:count])
            if module in self._records:
                rest = parts[count:]
                return self._in_module(module, rest, depth) if rest else Thing(name)
        return Thing(name)

    def _in_module(self, module: str, names: list[str], depth: int) -> Value:
        values = self._records[module].values
        for count in (2, 1):
            value = values.get(".".join(names[:count])) if len(names) >= count else None
            if value is not None:
                found = self.linked(value, module, depth=depth + 1)
                for name in names[count:]:
                    found = member(found, name)
                return found
        for fact in self._records[module].imports:
            if fact.names == ("*",) and depth < MOST_DEPTH:
                base = self.absolute(module, "." * fact.level + (fact.module or ""))
                if base in self._records and base != module:
                    found = self._in_module(base, names, depth + 1)
                    if found != Thing(f"{base}.{'.'.join(names)}"):
                        return found
        return Thing(f"{module}.{'.'.join(names)}")

    def linked(
        self, value: Value, module: str, given: Mapping[str, Value] | None = None, function: str = "", depth: int = 0
    ) -> Value:
        """Return a value of `module` with everything that other files, and what `function` is `given`, say of it."""
        if depth > MOST_DEPTH:
            return Unknown("it is passed on too often to be followed")
        return link(value, self._put(module, given or {}, function, depth))

    def _put(self, module: str, given: Mapping[str, Value], function: str, depth: int) -> Link:
        def put(value: Value) -> Value | None:
            self._links += 1
            if self._links > MOST_LINKS:
                return Unknown("there is too much to be followed")
            if isinstance(value, Thing):
                return value if _is_placed(value.name) else self.thing(module, value.name, depth)
            if isinstance(value, CodePath):
                own = value.base in ("", ":", ".")
                base = module if own else self.absolute(module, value.base)
                return CodePath(base, value.path, value.pattern)
            if isinstance(value, Parameter):
                if function and value.function == function:
                    return given.get(value.name, value)
                return value if ":" in value.function else Parameter(f"{module}:{value.function}", value.name)
            return self._returned(value, depth) if isinstance(value, CallResult) else None

        return put

    def _returned(self, value: CallResult, depth: int) -> Value | None:
        """Return what a call of one of our own functions returns."""
        name = self._own(value.function)
        module, _, function = name.partition(":")
        record = self._records.get(module)
        found = record.returns.get(function) if record and function else None
        if record is None or found is None or depth > MOST_DEPTH or not any(map(_tells, possible(found))):
            return None
        given = self._given(name, value.arguments, value.keywords)
        linked = self.linked(found, module, given, function, depth + 1)
        told = choose(each if isinstance(each, _TOLD) else UNKNOWN for each in possible(linked))
        return told if any(isinstance(each, _TOLD) for each in possible(told)) and is_small(told) else None

    def may_return_path(self, function: str, call: Call) -> bool:
        """Return whether `module:function` may return a path beside the code to a call."""
        if function not in self._paths:
            self._paths[function] = False  # until it is known
            module, _, name = function.partition(":")
            value = self._records[module].returns.get(name) if module in self._records else None
            kinds = possible(value) if value is not None else ()
            self._paths[function] = any(map(_begins_as_path, kinds)) or any(
                self.may_return_path(self.callee(module, each.function), call)
                for each in kinds
                if isinstance(each, CallResult)
            )
            if not self._paths[function] and any(isinstance(each, Parameter | Member) for each in kinds):
                return any(isinstance(each, CodePath) for value in call.arguments for each in parts_of(value))
        return self._paths[function]

    def _given(
        self, name: str, arguments: tuple[Value, ...], keywords: tuple[tuple[str, Value], ...]
    ) -> dict[str, Value]:
        """Return parameter → value of a call of `module:function`."""
        module, _, function = name.partition(":")
        record = self._records[module]
        names = record.parameters.get(function, ())
        given = {**dict(zip(names, arguments, strict=False)), **dict(keywords)}
        for each_name in names:
            if each_name not in given:
                default = record.defaults.get(f"{function}.{each_name}")
                given[each_name] = UNKNOWN if default is None else self.linked(default, module)
        return given

    def _own(self, function: Value) -> str:
        """Return `module:name` of a function or method of ours that a linked value is, "" for any other."""
        if isinstance(function, Thing):
            return self._constructor(function.name) if ":" in function.name else ""
        if (
            isinstance(function, Member)
            and isinstance(function.owner, CallResult)
            and isinstance(function.owner.function, Thing)
        ):
            name = f"{function.owner.function.name}.{function.name}"
            return name if ":" in name and self._is_function(name) else ""
        return ""

    def _constructor(self, name: str) -> str:
        return name if self._is_function(name) else f"{name}.__init__"

    def _is_function(self, name: str) -> bool:
        module, _, function = name.partition(":")
        return module in self._records and function in self._records[module].parameters

    def callee(self, module: str, function: Value) -> str:
        """Return what a call in `module` calls: a full name, or `.method` of something that is not known."""
        if isinstance(function, Thing):
            found = self.thing(module, function.name)
        elif isinstance(function, Choice | CallResult):
            found = self.linked(function, module)
        elif isinstance(function, Member):
            if not isinstance(function.owner, CallResult | Thing):
                return f".{function.name}"
            found = member(self.linked(function.owner, module), function.name)
        else:
            return ""
        own = self._own(found)
        if own:
            return own
        if isinstance(found, Thing):
            return found.name
        return f".{found.name}" if isinstance(found, Member) else ""

    def calls(self, module: str) -> list[tuple[str, Call]]:
        """Return every call of a module with what it calls; one with several possible functions once for each."""
        found = self._calls.get(module)
        if found is None:
            found = self._calls[module] = list(self._named_calls(module))
        return found

    def _named_calls(self, module: str) -> Iterator[tuple[str, Call]]:
        for call in self._records[module].calls:
            for function in possible(call.function):
                yield from _passed_on(self.callee(module, function), call, lambda value: self.callee(module, value))

    def callers(self, function: str) -> list[tuple[str, Call]]:
        """Return the calls of `module:function`, those of a method of that name on something unknown included."""
        if self._callers is None:
            self._callers = {}
            for module in self._records:
                for name, call in self.calls(module):
                    self._callers.setdefault(name, []).append((module, call))
        head, _, last = function.rpartition(".")
        by_name = self._callers.get(f".{last}", []) if head and ":" in head else []
        return [*self._callers.get(function, ()), *by_name]

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
            for module, call in self.callers(value.function):
                given = self._given(value.function, call.arguments, call.keywords).get(value.name)
                if given is not None and self.may_be(kind, test, given, module):
                    self._gives[key] = True
                    break
        return self._gives[key]

    def reached(
        self, value: Value, place: CodePlace, depth: int = 0, trail: frozenset[str] = frozenset()
    ) -> Iterator[tuple[Value, CodePlace]]:
        """Yield what a value of a place can be: one that a function is given, once for each caller, at the caller's place."""
        found = self.linked(value, place.module) if depth == 0 else value
        if depth == 0:
            self._reached = 0
        wanted = {each for each in parts_of(found) if isinstance(each, Parameter) and each.function not in trail}
        function = min((each.function for each in wanted), default=None)
        callers = self.callers(function) if function and depth < MOST_DEPTH else []
        if function is None or not callers or self._reached + len(callers) > MOST_CALLERS or not is_small(found):
            yield found, place
            return
        names = {each.name for each in wanted if each.function == function}
        self._reached += len(callers)
        for module, call in callers:
            given = self._given(function, call.arguments, call.keywords)
            linked = {name: self.linked(value, module) for name, value in given.items() if name in names}
            inner = link(found, _given_to(function, linked))
            around = call.around._replace(catches=(*call.around.catches, *place.around.catches))
            yield from self.reached(inner, CodePlace(module, call.line, around), depth + 1, trail | {function})


_TOLD = (Constant, CodePath, Text, SequenceValue, DictValue, Thing)


def _begins_as_path(value: Value) -> bool:
    """Return whether a value is a path beside the code with more behind it, or may become one."""
    return isinstance(value, CodePath) or (
        isinstance(value, Text) and not isinstance(value.parts[0], Constant | Unknown)
    )


def _tells(value: Value) -> bool:
    """Return whether a function that returns `value` can be known to return something by reading."""
    return isinstance(value, (*_TOLD, Parameter, CallResult))


def _given_to(function: str, given: Mapping[str, Value]) -> Link:
    def put(value: Value) -> Value | None:
        if isinstance(value, Parameter) and value.function == function:
            return given.get(value.name, UNKNOWN)
        return None

    return put


def _is_placed(name: str) -> bool:
    """Return whether a name says already which module it is of."""
    return ":" in name[1:]


def _passed_on(name: str, call: Call, callee: object) -> Iterator[tuple[str, Call]]:
    """Yield a call, and those that a call makes of a function that it is given."""
    yield name, call
    if name not in ("functools.partial", ".submit", "builtins.map", "asyncio.to_thread") or not call.arguments:
        return
    function, *rest = call.arguments
    arguments = tuple(each(value) for value in rest) if name == "builtins.map" else tuple(rest)
    inner = callee(function) if callable(callee) else ""
    if inner:
        yield inner, call._replace(function=function, arguments=arguments)


__all__ = ["CodePlace", "Program", "Said"]
