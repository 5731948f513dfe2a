"""Of which class of ours an object is, across the files of one program, and what objects of that class have."""

from __future__ import annotations

import abc
import builtins
import enum
import functools
import itertools
import re
import typing
from collections.abc import Iterator, Mapping

from analysis.python.graph import Closure
from analysis.python.linking import MOST_DEPTH
from analysis.python.member_reads import NEXT
from analysis.python.members import OF, RESULT, VALUE, ClassMembers
from analysis.python.program import Program
from analysis.python.values import (
    UNKNOWN,
    CallResult,
    Choice,
    Constant,
    Member,
    Parameter,
    Thing,
    Value,
    choose,
    possible,
)

_NOT_KNOWN, _NOTHING = UNKNOWN, ClassMembers(())


class _Named(typing.NamedTuple):
    pass


_BASES: dict[str, type] = {
    **{f"builtins.{name}": each for name, each in vars(builtins).items() if isinstance(each, type)},
    **{f"enum.{name}": getattr(enum, name) for name in ("Enum", "IntEnum", "StrEnum", "Flag", "IntFlag")},
    "typing.NamedTuple": _Named,
    "typing.Generic": object,
    "abc.ABC": abc.ABC,
}
"""Classes of Python that ours may be derived from, and that give objects what they show."""
_OF_CLASSES = {*dir(type), *dir(enum.EnumMeta), *dir(property), *dir(functools.cached_property)}
"""What classes have, and what a class has where its objects have a property."""
_OF_MEMBERS = {"name", "value", "_name_", "_value_", "_sort_order_"}
_LISTS = ("Iterable", "Iterator", "Sequence", "Collection", "Set", "MutableSequence", "MutableSet", "Generator")
_ITEMS = {f"{module}.{name}" for module in ("typing", "collections.abc") for name in (*_LISTS, "List", "FrozenSet")}
_ITEMS |= {"builtins.list", "builtins.set", "builtins.frozenset", "collections.deque"}
_TABLES = {f"{module}.{name}" for module in ("typing", "collections.abc") for name in ("Mapping", "MutableMapping")}
_TABLES |= {"typing.Dict", "builtins.dict", "collections.defaultdict", "types.MappingProxyType"}
_TUPLES = {"builtins.tuple", "typing.Tuple"}
_TAKES = {"pop", "get", "setdefault", "__getitem__"}
MOST_KIN = 100
"""How many classes may be derived from one; of an object of more it is not known what it has."""


class ObjectTypes:
    """Tells classes by `package.module:Class`; what is not known, or is not of ours, has none."""

    def __init__(self, closure: Closure, program: Program) -> None:
        self._closure, self._program = closure, program
        self._lines: dict[str, list[tuple[str, ClassMembers]] | None] = {}
        self._has: dict[str, frozenset[str] | None] = {}
        self._below: dict[str, list[str]] | None = None
        self._owned: dict[str, frozenset[str]] = {}
        self._given: frozenset[str] | None = None
        self._known: dict[tuple[Value, str], Value] = {}

    def classes(self, value: Value, module: str) -> list[str] | None:
        """Return the classes of ours of which an object may be, or which an object is; None where that is not known."""
        of = [each for each in possible(self._of(value, module, 0)) if each != Constant(None)]
        return self._named([_argument(each, 1) if _base(each) == "builtins.type" else each for each in of])

    def objects(self, value: Value, module: str) -> list[str] | None:
        """Return the classes of ours of which an object is; None where that is not known, and where it is a class."""
        return self._named([each for each in possible(self._of(value, module, 0)) if each != Constant(None)])

    def _named(self, types: list[Value]) -> list[str] | None:
        found = []
        for named in types:
            if not isinstance(named, Thing) or self._members(named.name) is None:
                return None
            found.append(named.name)
        return found or None

    def lacks(self, name: str, attribute: str) -> bool:
        """Return whether no object of a class, and the class neither, has an attribute, and none may get it.

        Special names (`__name__`), and private ones (`__name`), are Python's to make.
        """
        if "__" in attribute or self.may_be_given(re.split("[.:]", name)[-1]):
            return False
        has = self._all(name)
        return has is not None and attribute not in has

    def may_be_given(self, attribute: str) -> bool:
        """Return whether code may give an object of whatever class an attribute."""
        return bool({attribute, "*"} & self._given_to_any())

    def derived(self, name: str) -> list[str]:
        """Return a class and every class of the program that is derived from it."""
        if self._below is None:
            self._below = {}
            for each, bases in self._bases():
                for base in bases:
                    if isinstance(base, Thing):
                        self._below.setdefault(base.name, []).append(each)
        found = {name: None}
        waiting = [name]
        for each in waiting:  # grows
            new = [below for below in self._below.get(each, ()) if below not in found]
            found |= dict.fromkeys(new)
            waiting += new
        return [*found]

    def _bases(self) -> Iterator[tuple[str, list[Value]]]:
        """Yield each class with what it is derived from."""
        for module, record in self._closure.records.items():
            for name, members in record.members.items():
                yield f"{module}:{name}", [self._program.linked(each, module) for each in members.bases]

    def _members(self, name: str) -> ClassMembers | None:
        module, _, inner = name.partition(":")
        record = self._closure.records.get(module)
        return record.members.get(inner) if record is not None else None

    def _all(self, name: str) -> frozenset[str] | None:
        """Return everything that objects of a class, or of one derived from it, may have; None where that is not known."""
        if name not in self._has:
            self._has[name] = self._found(name)
        return self._has[name]

    def _found(self, name: str) -> frozenset[str] | None:
        found = {*self._given_to_any(), *_OF_CLASSES}
        kin = self.derived(name)
        lines = [self._line(below) for below in kin] if len(kin) <= MOST_KIN else [None]
        for line in lines:
            if line is None:
                return None
            for each, members in line:
                found |= self._own(each, members)
        return None if "*" in found else frozenset(found)

    def _own(self, name: str, members: ClassMembers) -> frozenset[str]:
        """Return what objects have by one class and by those of Python that it is derived from."""
        if name not in self._owned:
            module, _, inner = name.partition(":")
            kinds = [_BASES.get(_plain(self._program.linked(base, module)), object) for base in members.bases]
            given = self._closure.records[module].given.get(inner, ())
            shown = [dir(kind) for kind in (object, *kinds)]
            counted = _OF_MEMBERS if any(issubclass(kind, enum.Enum) for kind in kinds) else ()
            self._owned[name] = frozenset((*members.names, *given, *counted, *itertools.chain(*shown)))
        return self._owned[name]

    def _given_to_any(self) -> frozenset[str]:
        """Return what code may give objects of whatever class, and what those have whose class is derived from who knows what."""
        if self._given is None:
            records = self._closure.records
            found = {each for record in records.values() for each in record.given.get("", ())}
            for name, bases in self._bases():
                if not all(_plain(base) for base in bases):
                    module, _, inner = name.partition(":")
                    found |= {*records[module].members[inner].names, *records[module].given.get(inner, ())} - {"*"}
            self._given = frozenset(found)
        return self._given

    def _line(self, name: str) -> list[tuple[str, ClassMembers]] | None:
        """Return a class and all that it is derived from; None where that is not all ours or plain Python's."""
        if name not in self._lines:
            self._lines[name] = None  # until it is known, and where it goes in a circle
            self._lines[name] = self._followed(name)
        return self._lines[name]

    def _followed(self, name: str) -> list[tuple[str, ClassMembers]] | None:
        module = name.partition(":")[0]
        record, members = self._closure.settled(module), self._members(name)
        if record is None or members is None or not members.closed:
            return None
        found = {name: members}
        for base in members.bases:
            linked = self._program.linked(base, module)
            if _plain(linked) in _BASES:
                continue
            line = self._line(linked.name) if isinstance(linked, Thing) else None
            if line is None:
                return None
            found |= dict(line)
        return [*found.items()]

    def _of(self, value: Value, module: str, depth: int) -> Value:
        """Return what an object is as an annotation says it: a class, one of several, or a type `OF` others."""
        key = (value, module)
        if key not in self._known:
            self._known[key] = _NOT_KNOWN  # until it is known
            self._known[key] = self._asked(value, module, depth) if depth <= MOST_DEPTH else _NOT_KNOWN
        return self._known[key]

    def _asked(self, value: Value, module: str, depth: int) -> Value:
        if isinstance(value, Choice):
            return choose(self._of(each, module, depth) for each in value.values)
        if isinstance(value, Parameter):
            home, _, function = value.function.rpartition(":")
            return self._told(home or module, f"{function}.{value.name}", depth)
        if isinstance(value, Thing):
            return self._of_thing(value, module, depth)
        if isinstance(value, Member):
            return self._each_field(self._of(value.owner, module, depth + 1), value.name, depth)
        if isinstance(value, CallResult):
            return self._of_call(value, module, depth)
        return value if value == Constant(None) else _NOT_KNOWN

    def _of_thing(self, value: Thing, module: str, depth: int) -> Value:
        """Return what a class, a field of one's own object, or a name of a module is."""
        linked = self._program.linked(value, module)
        if linked != value and not isinstance(linked, Thing):
            return self._of(linked, module, depth + 1)
        name = linked.name if isinstance(linked, Thing) else ""
        if self._members(name) is not None:
            return CallResult(OF, (Thing("builtins.type"), linked))
        owner, _, field = name.rpartition(".")
        home, _, inner = name.partition(":")
        if inner in self._types(home):
            return self._told(home, inner, depth)
        if ":" not in owner:
            return _NOT_KNOWN
        above = Thing(owner)
        of = above if self._members(owner) is not None else self._of_thing(above, module, depth + 1)
        return self._each_field(of, field, depth)

    def _types(self, module: str) -> Mapping[str, Value]:
        record = self._closure.records.get(module)
        return record.types if record is not None else {}

    def _told(self, module: str, name: str, depth: int) -> Value:
        """Return what a file says of a parameter, field or result."""
        told = self._types(module).get(name)
        if told is None:
            return _NOT_KNOWN
        if isinstance(told, CallResult) and told.function == VALUE:
            field = name.rpartition(".")[2]
            return _NOT_KNOWN if field in self._given_to_any() else self._of(told.arguments[0], module, depth + 1)
        return self._linked(told, module)

    def _linked(self, told: Value, module: str) -> Value:
        """Return what an annotation of a module says, with the full names of classes."""
        if isinstance(told, Choice):
            return choose(self._linked(each, module) for each in told.values)
        if isinstance(told, CallResult):
            return CallResult(OF, tuple(self._linked(each, module) for each in told.arguments))
        return self._program.linked(told, module) if isinstance(told, Thing) else told

    def _each_field(self, of: Value, name: str, depth: int) -> Value:
        found = []
        for each in possible(of):
            if each == Constant(None):
                continue
            named = _argument(each, 1) if _base(each) == "builtins.type" else each
            found.append(self._field(named.name, name, name, depth) if isinstance(named, Thing) else _NOT_KNOWN)
        return choose(found) if found else _NOT_KNOWN

    def _field(self, owner: str, name: str, told: str, depth: int) -> Value:
        """Return what an annotation tells by the name `told` where a class has its field, property or method."""
        if any(name in (self._members(each) or _NOTHING).names for each in self.derived(owner) if each != owner):
            return _NOT_KNOWN
        for each, members in self._line(owner) or ():
            module, _, inner = each.partition(":")
            if f"{inner}.{told}" in self._types(module):
                return self._told(module, f"{inner}.{told}", depth + 1)
            if name in members.names:
                break
        return _NOT_KNOWN

    def _of_call(self, value: CallResult, module: str, depth: int) -> Value:
        function = value.function
        if isinstance(function, Thing) and function.name.startswith("builtins."):
            inner = self._of(value.arguments[0], module, depth + 1) if value.arguments else _NOT_KNOWN
            return _item(inner) if function.name == NEXT else CallResult(OF, (Thing("builtins.list"), _item(inner)))
        if isinstance(function, Member):
            of = self._of(function.owner, module, depth + 1)
            table = _base(of) in _TABLES
            if function.name in _TAKES and (table or _base(of) in _ITEMS):
                return _argument(of, 2 if table else 1)
            if function.name == "values" and table:
                return CallResult(OF, (Thing("builtins.list"), _argument(of, 2)))
            owner = of.name if isinstance(of, Thing) else ""
            return self._field(owner, function.name, f"{function.name}.{RESULT}", depth)
        of = self._of(function, module, depth + 1)
        if _base(of) == "builtins.type":
            return self._made(_argument(of, 1))
        linked = self._program.linked(function, module)
        name = linked.name if isinstance(linked, Thing) else ""
        owner, _, method = name.rpartition(".")
        if self._members(owner) is not None:
            return self._field(owner, method, f"{method}.{RESULT}", depth)
        home, _, path = name.partition(":")
        return self._told(home, f"{path}.{RESULT}", depth + 1)

    def _made(self, of: Value) -> Value:
        """Return what a call of a class makes: an object of it, unless that enters as something else, or `__new__` decides."""
        line = self._line(of.name) if isinstance(of, Thing) else None
        if line is None or any({"__new__", "__enter__", "__aenter__"} & {*members.names} for _, members in line):
            return _NOT_KNOWN
        return of


def _plain(base: Value) -> str:
    """Return the name of a class that another is derived from, without what it is made of."""
    while isinstance(base, CallResult) and isinstance(base.function, Member) and base.function.name == "__getitem__":
        base = base.function.owner
    return base.name if isinstance(base, Thing) else ""


def _base(of: Value) -> str:
    """Return what a type is that is made of others; "" for any other."""
    first = _argument(of, 0)
    return first.name if isinstance(first, Thing) else ""


def _argument(of: Value, place: int) -> Value:
    arguments = of.arguments if isinstance(of, CallResult) and of.function == OF else ()
    return arguments[place] if place < len(arguments) else _NOT_KNOWN


def _item(of: Value) -> Value:
    """Return what a loop over an object sees."""
    if isinstance(of, Choice):
        return choose(_item(each) for each in of.values if each != Constant(None))
    base = _base(of)
    alike = base in _ITEMS or base in _TABLES or (base in _TUPLES and _is_rest(of))
    return _argument(of, 1) if alike else _NOT_KNOWN


def _is_rest(of: Value) -> bool:
    return isinstance(of, CallResult) and len(of.arguments) == 3 and of.arguments[2] == _NOT_KNOWN
