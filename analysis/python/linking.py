"""What names are across the files of one program: followed through modules, functions and what they return."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from analysis.python.folding import Link, link
from analysis.python.record import FileRecord
from analysis.python.values import (
    KEYWORDS,
    REST,
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
    is_small,
    member,
    possible,
)

MOST_DEPTH = 6
"""How many functions or modules a value is followed through."""

MOST_COMPARED = 50
"""Of how many parts what a function is given may be for what it returns to be looked up: comparing takes time, too."""

MOST_LINKS = 500_000
"""How many names are looked up for one entry module; what is behind is not known."""


T = TypeVar("T")
Need = tuple[str, int, bool]
"""That a module has this record (its identity, 0 for none) and is a package or not."""
Needs = frozenset[Need]
Key = tuple[str, str, int, object]
_CUT: Need = ("", 0, False)
"""What a result rests on that is cut short: it holds for no other program. So does one that rests on an open question."""


class Links:
    """What programs of one tree found out, with the files that each result rests on: most share most of their files."""

    def __init__(self) -> None:
        self.found: dict[Key, list[tuple[Needs, Any]]] = {}
        self._values: dict[Value, Value] = {}

    def one(self, value: Value) -> Value:
        """Return the same object for equal values, which then need not be compared part by part each time."""
        return self._values.setdefault(value, value)


class Linker:
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
        if value.function == _NEXT and len(value.arguments) == 1:
            return self._member_of(value.arguments[0])
        name = self._own(value.function)
        module, _, function = name.partition(":")
        record = self._record(module) if name else None
        found = record.returns.get(function) if record and function else None
        if record is None or found is None or depth > MOST_DEPTH or not any(map(_tells, possible(found))):
            return None
        given = self._given(name, value.arguments, value.keywords)
        linked = self._with(found, module, given, function, depth)
        told = choose(each if isinstance(each, (*_TOLD, CallResult)) else UNKNOWN for each in possible(linked))
        return told if any(isinstance(each, _TOLD) for each in possible(told)) and is_small(told) else None

    def _with(self, found: Value, module: str, given: dict[str, Value], function: str, depth: int) -> Value:
        """Return what a function returns that is given this; once, where that is not larger than to do it again."""
        if sum(each.size for each in given.values()) > MOST_COMPARED:
            return self.linked(found, module, given, function, depth + 1)
        about = function, depth, tuple(given.items())
        until: Value = UNKNOWN
        return self.once(
            "returned", module, about, lambda: self.linked(found, module, given, function, depth + 1), until
        )

    def _member_of(self, value: Value) -> Value | None:
        """Return what a loop over a class of ours, an enumeration, sees."""
        module, _, name = value.name.partition(":") if isinstance(value, Thing) else ("", "", "")
        record = self._record(module) if name else None
        values = record.values.items() if record else ()
        found = [each for key, each in values if key.rpartition(".")[0] == name and isinstance(each, Constant)]
        return choose(found) if found else None

    def _given(
        self, name: str, arguments: tuple[Value, ...], keywords: tuple[tuple[str, Value], ...]
    ) -> dict[str, Value]:
        """Return parameter → value of a call of `module:function`."""
        module, _, function = name.partition(":")
        record = self._record(module)
        if record is None:
            return {}
        names = record.parameters.get(function, ())
        named = dict(keywords)
        places = names.index(REST) if REST in names else len(names)
        given = {**dict(zip(names[:places], arguments, strict=False)), REST: SequenceValue(arguments[places:]), **named}
        given[KEYWORDS] = _others(named, names)
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
        plain = self._is_function(name) or name.endswith(".__set__")
        return name if plain else f"{name}.__init__"

    def _is_function(self, name: str) -> bool:
        module, _, function = name.partition(":")
        record = self._record(module)
        return record is not None and function in record.parameters

    def callee(self, module: str, function: Value) -> str:
        """Return what a call in `module` calls first of all that it may call; see `callees`."""
        return next(iter(self.callees(module, function)), "")

    def callees(self, module: str, function: Value) -> list[str]:
        """Return what a call in `module` may call: full names, or `.method` of something that is not known."""
        if isinstance(function, Thing):
            found = self.thing(module, function.name)
        elif isinstance(function, Choice | CallResult):
            found = self.linked(function, module)
        elif isinstance(function, Member):
            if not isinstance(function.owner, CallResult | Thing):
                return [f".{function.name}"]
            found = member(self.linked(function.owner, module), function.name)
        elif isinstance(function, Parameter) and ":" not in function.function:
            record = self._record(module)
            found = record.defaults.get(f"{function.function}.{function.name}", UNKNOWN) if record else UNKNOWN
            return self.callees(module, found) if isinstance(found, Thing) else []
        else:
            return []
        return [name for name in dict.fromkeys(map(self._called, possible(found))) if name]

    def _called(self, found: Value) -> str:
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


def _others(named: Mapping[str, Value], names: tuple[str, ...]) -> Value:
    """Return what a function is given by names that are no parameters of its own."""
    rest = {Constant(name): value for name, value in named.items() if name not in names and name != KEYWORDS}
    more = named.get(KEYWORDS, DictValue((), ()))
    if not rest:
        return more
    keys, values = (more.keys, more.values) if isinstance(more, DictValue) else ((UNKNOWN,), (UNKNOWN,))
    return DictValue((*rest, *keys), (*rest.values(), *values))


_NEXT = Thing("builtins.next")
_TOLD = (Constant, CodePath, Text, SequenceValue, DictValue, Thing)


def _tells(value: Value) -> bool:
    """Return whether a function that returns `value` can be known to return something by reading."""
    return isinstance(value, (*_TOLD, Parameter, CallResult))


def _is_placed(name: str) -> bool:
    """Return whether a name says already which module it is of."""
    return ":" in name[1:]
