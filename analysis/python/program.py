"""Records of several files put together: what a name is, whoever defines it, and what a function is given by its callers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Set
from typing import Any, NamedTuple, TypeVar

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
MOST_CALLERS = 2000
"""How many places that give a value to a function, and to those around it, are looked at for one value."""

MOST_LINKS = 500_000
"""How many names are looked up for one entry module; what is behind is not known."""


T = TypeVar("T")
Need = tuple[str, int, bool]
"""That a module has this record (its identity, 0 for none) and is a package or not."""
Needs = frozenset[Need]
Key = tuple[str, str, int, object]
_CUT: Need = ("", 0, False)
"""What a result rests on that is cut short: it holds for no other program. So does one that rests on an open question."""


class CodePlace(NamedTuple):
    """Where something happens."""

    module: str
    line: int
    around: Around = Around()


def argument(call: Call, position: int, name: str) -> Value | None:
    """Return an argument by its place or its name."""
    if position < len(call.arguments):
        return call.arguments[position]
    return next((value for each, value in call.keywords if each == name), None)


class Gift(NamedTuple):
    """What a call gives for some parameters, and where it stands."""

    values: tuple[Value, ...]
    module: str
    line: int
    around: Around


class Links:
    """What programs of one tree found out, with the files that each result rests on: most share most of their files."""

    def __init__(self) -> None:
        self.found: dict[Key, list[tuple[Needs, Any]]] = {}


class Program:
    """Looks up what names are across files.

    Args:
        records: module → its record.
        packages: those modules that are packages.
        links: what other programs of the tree found out.
    """

    def __init__(
        self, records: Mapping[str, FileRecord], packages: Collection[str], links: Links | None = None
    ) -> None:
        self._records, self._packages = records, packages
        self._links = links or Links()
        self._found: dict[Key, tuple[Needs, Any]] = {}
        self._looked: set[Need] = set()
        self._sure: Needs = frozenset()
        self._steps = self._questions = 0
        self._callers: dict[str, list[str]] | None = None
        self._given_by_callers: dict[tuple[str, tuple[str, ...]], list[Gift]] = {}
        self._gives: dict[tuple[str, str, str], bool] = {}

    def _record(self, module: str) -> FileRecord | None:
        """Return a record, and note that what is being found out rests on it."""
        record = self._records.get(module)
        self._looked.add((module, id(record) if record is not None else 0, module in self._packages))
        return record

    def once(self, kind: str, module: str, about: object, find: Callable[[], T], until: T) -> T:
        """Return what `find` says about something in a module: from another program where it rests on the same files.

        Args:
            kind: names the question.
            module: where it is asked.
            about: what it is asked about.
            find: finds the answer.
            until: the answer where the question comes up while it is being answered.
        """
        key = (kind, module, id(self._records.get(module)), about)
        known = self._found.get(key)
        if known is None:
            known = next((each for each in self._links.found.get(key, ()) if self._holds(each[0])), None)
            self._found[key] = known = known or self._find(key, find, until)
        self._looked |= known[0]
        found: T = known[1]
        return found

    def _find(self, key: Key, find: Callable[[], T], until: T) -> tuple[Needs, T]:
        self._questions += 1
        unanswered = ("", self._questions, False)
        self._found[key] = frozenset({unanswered}), until
        outer, self._looked = self._looked, set()
        found = find()
        self._looked.discard(unanswered)
        needs, self._looked = frozenset(self._looked), outer
        if all(module for module, _, _ in needs):
            self._links.found.setdefault(key, []).append((needs, found))
        return needs, found

    def _holds(self, needs: Needs) -> bool:
        """Return whether what a result rests on is the same here."""
        for module, record, package in needs - self._sure:
            mine = self._records.get(module)
            if (id(mine) if mine is not None else 0) != record or (module in self._packages) != package:
                return False
        self._sure |= needs
        return True

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
        if name == ":":
            return Constant(module)
        whole = self.absolute(module, name)
        if ":" in whole or depth >= MOST_DEPTH:
            if ":" not in whole:
                self._looked.add(_CUT)
            return Thing(whole)
        until: Value = Thing(whole)
        return self.once("thing", module, name, lambda: self._resolved(whole, depth), until)

    def _resolved(self, name: str, depth: int) -> Value:
        parts = name.split(".")
        for count in range(len(parts), 0, -1):
            module = ".".join(parts[:count])
            if self._record(module) is not None:
                rest = parts[count:]
                return self._in_module(module, rest, depth) if rest else Thing(name)
        return Thing(name)

    def _in_module(self, module: str, names: list[str], depth: int) -> Value:
        record = self._record(module)
        values = record.values if record else {}
        for count in (2, 1):
            value = values.get(".".join(names[:count])) if len(names) >= count else None
            if value is not None:
                found = self.linked(value, module, depth=depth + 1)
                for name in names[count:]:
                    found = member(found, name)
                return found
        for fact in record.imports if record else ():
            if fact.names == ("*",) and depth < MOST_DEPTH:
                base = self.absolute(module, "." * fact.level + (fact.module or ""))
                if self._record(base) is not None and base != module:
                    found = self._in_module(base, names, depth + 1)
                    if found != Thing(f"{base}.{'.'.join(names)}"):
                        return found
        return Thing(f"{module}.{'.'.join(names)}")

    def linked(
        self, value: Value, module: str, given: Mapping[str, Value] | None = None, function: str = "", depth: int = 0
    ) -> Value:
        """Return a value of `module` with everything that other files, and what `function` is `given`, say of it."""
        if not value.open:
            return value
        if depth > MOST_DEPTH:
            self._looked.add(_CUT)
            return Unknown("it is passed on too often to be followed")
        if given or function:
            return link(value, self._put(module, given or {}, function, depth))
        return self.once("value", module, value, lambda: link(value, self._put(module, {}, "", depth)), value)

    def _put(self, module: str, given: Mapping[str, Value], function: str, depth: int) -> Link:
        def put(value: Value) -> Value | None:
            self._steps += 1
            if self._steps > MOST_LINKS:
                self._looked.add(_CUT)
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
        record = self._record(module) if name else None
        found = record.returns.get(function) if record and function else None
        if record is None or found is None or depth > MOST_DEPTH or not any(map(_tells, possible(found))):
            return None
        given = self._given(name, value.arguments, value.keywords)
        linked = self.linked(found, module, given, function, depth + 1)
        told = choose(each if isinstance(each, _TOLD) else UNKNOWN for each in possible(linked))
        return told if any(isinstance(each, _TOLD) for each in possible(told)) and is_small(told) else None

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

    def _given(
        self, name: str, arguments: tuple[Value, ...], keywords: tuple[tuple[str, Value], ...]
    ) -> dict[str, Value]:
        """Return parameter → value of a call of `module:function`."""
        module, _, function = name.partition(":")
        record = self._record(module)
        if record is None:
            return {}
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
        record = self._record(module)
        return record is not None and function in record.parameters

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
        elif isinstance(function, Parameter) and ":" not in function.function:
            record = self._record(module)
            found = record.defaults.get(f"{function.function}.{function.name}", UNKNOWN) if record else UNKNOWN
            return self.callee(module, found) if isinstance(found, Thing) else ""
        else:
            return ""
        own = self._own(found)
        if own:
            return own
        if isinstance(found, Thing):
            return found.name
        if not isinstance(found, Member):
            return ""
        maker = found.owner.function if isinstance(found.owner, CallResult) else None
        if found.name == "__init__" and isinstance(maker, Thing):
            return f"{maker.name}.__init__"  # of a class that is not ours, which ours is derived from
        return f".{found.name}"

    def calls(self, module: str) -> list[tuple[str, Call]]:
        """Return every call of a module with what it calls; one with several possible functions once for each."""
        return self.once("calls", module, "", lambda: list(self._named_calls(module)), [])

    def _named_calls(self, module: str) -> Iterator[tuple[str, Call]]:
        record = self._record(module)
        for call in record.calls if record else ():
            for function in possible(call.function):
                one = call if function is call.function else call._replace(function=function)
                yield from _passed_on(self.callee(module, function), one, lambda value: self.callee(module, value))

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

    def asked(self, package: str) -> list[Gift]:
        """Return the names that a module is asked for and has not from the start, which its `__getattr__` is given."""
        own = self._record(package)
        found: dict[Gift, None] = {}
        for module in list(self._records):
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
        names = own.names if own else frozenset()
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
            names = tuple(sorted(each.name for each in wanted if each.function == function))
            gifts = self._gifts(function, names) if function and len(trail) < MOST_DEPTH else []
            looked += len(gifts)
            if not gifts or looked > MOST_CALLERS:
                yield Unknown("too many places give it") if gifts else found, where
                continue
            made: dict[tuple[Value, ...], Value] = {}
            for values, module, line, around in gifts:
                if values not in made:
                    made[values] = link(found, _given_to(function, dict(zip(names, values, strict=True))))
                catches = (*around.catches, *where.around.catches)
                key = (made[values], module, line, catches)
                if key not in seen:
                    seen.add(key)
                    at = CodePlace(module, line, around._replace(catches=catches) if where.around.catches else around)
                    queue.append((made[values], at, trail | {function}))


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


def _indexed(calls: list[tuple[str, Call]]) -> dict[str, list[tuple[int, str, Call]]]:
    found: dict[str, list[tuple[int, str, Call]]] = {}
    for place, (name, call) in enumerate(calls):
        found.setdefault(name, []).append((place, name, call))
    return found


def _is_placed(name: str) -> bool:
    """Return whether a name says already which module it is of."""
    return ":" in name[1:]


def _passed_on(name: str, call: Call, callee: object) -> Iterator[tuple[str, Call]]:
    """Yield a call, and those that a call makes of a function that it is given."""
    yield name, call
    named = dict(call.keywords)
    if name in _THREADS:
        function, given = named.get("target", UNKNOWN), named.get("args", SequenceValue(()))
        arguments = given.items if isinstance(given, SequenceValue) else (UNKNOWN,)
        keywords = tuple((str(key), value) for key, value in _pairs(named.get("kwargs")))
    elif name in PASSES_ON and len(call.arguments) > PASSES_ON[name]:
        function, *rest = call.arguments[PASSES_ON[name] :]
        arguments = tuple(each(value) for value in rest) if name in _MAPS else tuple(rest)
        keywords = call.keywords
    else:
        return
    inner = callee(function) if callable(callee) else ""
    if inner:
        yield inner, call._replace(function=function, arguments=arguments, keywords=keywords)


def _pairs(value: Value | None) -> Iterator[tuple[object, Value]]:
    if isinstance(value, DictValue):
        pairs = zip(value.keys, value.values, strict=True)
        yield from ((key.value, inner) for key, inner in pairs if isinstance(key, Constant))


_THREADS = {"threading.Thread", "multiprocessing.Process"}
_MAPS = {"builtins.map", ".map"}
PASSES_ON: Mapping[str, int] = {
    **dict.fromkeys(("functools.partial", ".submit", "asyncio.to_thread", *_MAPS), 0),
    ".run_in_executor": 1,
}
"""Calls that call what they are given, and which argument that is."""
