"""What an expression is worth as far as reading tells: a value, a set of possible values, or not known.

A value may name what another file holds (`Thing`) or what a caller gives (`Parameter`): `link` puts those in later, and
every operation here folds again with what came of it. So one file is read once, whoever imports it.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

MOST_CHOICES, MOST_TEXT, MOST_ITEMS, MOST_PARTS = 64, 100_000, 2_000, 3_000
"""How many possible values are followed, how long a text or list, and of how many parts in all: more is not known."""

Plain = str | int | float | bool | bytes | None


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A value that is made of no others."""

    size: ClassVar[int] = 1
    given: ClassVar[frozenset[Parameter]] = frozenset()
    open: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Constant(_Leaf):
    """A constant."""

    value: Plain
    open: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class Thing(_Leaf):
    """What an import or definition makes: `os.environ`, `.sibling.name` (relative), `:name` (the file's own)."""

    name: str


@dataclass(frozen=True, slots=True)
class Parameter(_Leaf):
    """What a function of the file is given."""

    function: str
    name: str

    @property
    def given(self) -> frozenset[Parameter]:  # type: ignore[override]
        """Return the parameter."""
        return frozenset((self,))


@dataclass(frozen=True, slots=True)
class CodePath(_Leaf):
    """A path beside the code.

    Attributes:
        base: the module whose folder it starts from; "" is the file's own.
        path: from there; None where only running the code tells. `__file__` stands for the file's name, `__stem__` for
            that without its suffix; `*`, `?` and `[` match names when `pattern`.
        pattern: whether `path` stands for every file that it matches.
    """

    base: str
    path: str | None
    pattern: bool = False


@dataclass(frozen=True, slots=True)
class Unknown(_Leaf):
    """What only running the code tells, with the reason."""

    why: str = ""
    open: ClassVar[bool] = False


_NONE: frozenset[Parameter] = frozenset()


class _Whole:
    """A value that is made of others. It is asked about these often, so it knows from the start what it is asked.

    Attributes:
        size: how many values it is made of, all the way down.
        given: the parameters among them.
        open: whether other files can say more of any of them.
    """

    __slots__ = ("_hash", "given", "open", "size")
    size: int
    given: frozenset[Parameter]
    open: bool
    _hash: int
    __match_args__: tuple[str, ...] = ()

    def _count(self, parts: Iterable[Value]) -> None:
        size, given, opened = 1, _NONE, False
        for part in parts:
            size += part.size
            if part.given:
                given = given | part.given if given else part.given
            opened = opened or part.open
        self.size, self.given, self.open, self._hash = size, given, opened, 0

    def _fields(self) -> tuple[object, ...]:
        return tuple([getattr(self, name) for name in self.__match_args__])

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        same = self.__class__ is other.__class__ and hash(self) == hash(other)
        return same and self._fields() == other._fields()  # type: ignore[attr-defined]

    def __hash__(self) -> int:
        if not self._hash:
            self._hash = hash(self._fields()) or 1
        return self._hash

    def __repr__(self) -> str:
        return f"{self.__class__.__name__}{self._fields()}"


class SequenceValue(_Whole):
    """A list, tuple or set."""

    __slots__ = __match_args__ = ("items",)

    def __init__(self, items: tuple[Value, ...]) -> None:
        self.items = items
        self._count(items)


class SomeOf(SequenceValue):
    """A list, tuple or set of which it is known what may be in it, but not how many there are or in which order."""

    __slots__ = ()


class Text(_Whole):
    """A text put together, of which some parts are not known yet."""

    __slots__ = __match_args__ = ("parts",)

    def __init__(self, parts: tuple[Value, ...]) -> None:
        self.parts = parts
        self._count(parts)


Turns = tuple[tuple[str, int], ...]
"""Which turn it is of which loops."""


class Choice(_Whole):
    """One of several values; where loops give them, `turns` says of each in which turn it is that one."""

    __slots__ = __match_args__ = ("values", "turns")

    def __init__(self, values: tuple[Value, ...], turns: tuple[Turns, ...] = ()) -> None:
        self.values, self.turns = values, turns
        self._count(values)


class DictValue(_Whole):
    """A dictionary."""

    __slots__ = __match_args__ = ("keys", "values")

    def __init__(self, keys: tuple[Value, ...], values: tuple[Value, ...]) -> None:
        self.keys, self.values = keys, values
        self._count((*keys, *values))


class Member(_Whole):
    """An attribute of something."""

    __slots__ = __match_args__ = ("owner", "name")

    def __init__(self, owner: Value, name: str) -> None:
        self.owner, self.name = owner, name
        self.size, self.given, self.open, self._hash = owner.size + 1, owner.given, owner.open, 0


class CallResult(_Whole):
    """What a call returns."""

    __slots__ = __match_args__ = ("function", "arguments", "keywords")

    def __init__(
        self, function: Value, arguments: tuple[Value, ...] = (), keywords: tuple[tuple[str, Value], ...] = ()
    ) -> None:
        self.function, self.arguments, self.keywords = function, arguments, keywords
        self._count((function, *arguments, *[each for _, each in keywords]))


Value = (
    Constant | SequenceValue | DictValue | Thing | Parameter | Member | CallResult | Text | CodePath | Choice | Unknown
)
FILE, STEM = "__file__", "__stem__"
REST, KEYWORDS = "*", "**"
"""Name what a function is given beyond its parameters: by place, and by names of the caller's choice."""
LOOP = "loop"
"""Names the loop that takes items one by one of what is not known yet."""
UNKNOWN = Unknown()
OWN_FILE = CodePath("", FILE)


def choose(values: Iterable[Value]) -> Value:
    """Return one of `values`."""
    return _one_of(each for value in values for each in _in_turns(value))


def _one_of(values: Iterable[tuple[Value, Turns]]) -> Value:
    found: dict[tuple[Value, Turns], None] = {}
    for each in values:
        found[each] = None
        if len(found) > MOST_CHOICES:
            return Unknown("it has too many possible values")
    distinct = tuple(dict.fromkeys(value for value, _ in found))
    if len(distinct) < 2:
        return distinct[0] if distinct else UNKNOWN
    timed = any(turns for _, turns in found)
    return Choice(*zip(*found, strict=True)) if timed else Choice(distinct)


def _in_turns(value: Value) -> Iterable[tuple[Value, Turns]]:
    """Return what a value can be, each with the turns of loops in which it is that."""
    if not isinstance(value, Choice):
        return ((value, ()),)
    return zip(value.values, value.turns or ((),) * len(value.values), strict=True)


def during(value: Value, turns: Turns) -> Value:
    """Return what a value can be in some turns of loops."""
    if not turns or not isinstance(value, Choice) or not value.turns:
        return value
    now = dict(turns)
    return _one_of(each for each in _in_turns(value) if all(now.get(loop, turn) == turn for loop, turn in each[1]))


def untimed(value: Value) -> Value:
    """Return a value that may be kept from one turn of a loop to another."""
    return choose(value.values) if isinstance(value, Choice) and value.turns else value


_FIXED: dict[str, Value] = {
    **dict.fromkeys(("os.sep", "os.path.sep", "posixpath.sep"), Constant("/")),
    **dict.fromkeys(("os.curdir", "os.path.curdir"), Constant(".")),
    **dict.fromkeys(("os.pardir", "os.path.pardir"), Constant("..")),
    "os.extsep": Constant("."),
    "os.linesep": Constant("\n"),
}


def thing(name: str) -> Value:
    """Return what an import makes of a full name: a constant of the platform, or where a module lies."""
    if name in _FIXED:
        return _FIXED[name]
    module, _, last = name.rpartition(".")
    if last == "__file__" and module and not module.startswith(":"):
        return CodePath(module, FILE)
    if name.endswith("__spec__.origin"):
        return CodePath(name.removesuffix("__spec__.origin").strip(":."), FILE)
    if last == "__path__" and module:
        return SequenceValue((CodePath(module, "."),))
    return Thing(name)


def possible(value: Value) -> tuple[Value, ...]:
    """Return the values that `value` may have."""
    return value.values if isinstance(value, Choice) else (value,)


def over(value: Value, operation: Callable[..., Value], *others: Value) -> Value:
    """Apply an operation to every possible value, with what the others are when it is that one."""
    if not isinstance(value, Choice):
        return operation(value, *others)
    return _one_of(
        (made, tuple(sorted({*turns, *inner})))
        for each, turns in _in_turns(value)
        for made, inner in _in_turns(
            operation(each, *(each if other == value else during(other, turns) for other in others))
        )
    )


def together(values: tuple[Value, ...]) -> Iterator[tuple[Value, ...]]:
    """Yield what several values can be at the same time."""
    pairs = over(SequenceValue(()), _paired, *values)
    yield from (each.items for each in possible(pairs) if isinstance(each, SequenceValue))


def _paired(before: Value, *values: Value) -> Value:
    if not values or not isinstance(before, SequenceValue):
        return before
    return over(values[0], lambda value, *rest: _paired(SequenceValue((*before.items, value)), *rest), *values[1:])


def member(owner: Value, name: str) -> Value:
    """Return an attribute."""
    kind = owner.__class__
    if kind is Thing:
        return thing(f"{owner.name}.{name}")  # type: ignore[union-attr]
    if kind is Choice:
        return over(owner, lambda each: member(each, name))
    if kind is Unknown and owner.why:  # type: ignore[union-attr]
        return owner
    if kind is Constant and name == "value":  # of an enumeration
        return owner
    if kind is CodePath and name in ("parent", "name", "stem"):
        return up(owner) if name == "parent" else UNKNOWN  # type: ignore[arg-type]
    if isinstance(owner, Constant) and isinstance(owner.value, str) and name in ("parent", "name", "stem", "suffix"):
        head, tail = posixpath.split(owner.value)
        stem, suffix = posixpath.splitext(tail)
        return Constant({"parent": head or ".", "name": tail, "stem": stem, "suffix": suffix}[name])
    return Member(owner, name)


def each(value: Value, loop: str = "") -> Value:
    """Return what a loop over `value` sees; `loop` tells it from others, so that what one turn gives stays together."""
    if isinstance(value, Choice):
        return over(value, lambda one: each(one, loop))
    if isinstance(value, SequenceValue | DictValue):
        items = value.items if isinstance(value, SequenceValue) else value.keys
        return _one_of((item, ((loop, turn),) if loop else ()) for turn, item in enumerate(items))
    if isinstance(value, CodePath):
        return value
    if isinstance(value, Member) and value.name == "parents" and isinstance(value.owner, CodePath):
        return CodePath(value.owner.base, None)
    if isinstance(value, Constant | Unknown):
        return UNKNOWN
    return CallResult(Thing("builtins.next"), (value,), ((LOOP, Constant(loop)),) if loop else ())


def exact(value: Value) -> tuple[Value, ...] | None:
    """Return the items of a list; None where it is not known how many there are, or in which order."""
    return value.items if isinstance(value, SequenceValue) and not isinstance(value, SomeOf) else None


def sequence(items: Iterable[Value], *, known: bool) -> SequenceValue:
    """Return a list of these items; where it is not `known` how many there are, or in which order, of some of them."""
    return (SequenceValue if known else SomeOf)(tuple(items))


def entries(owner: DictValue, key: Value) -> list[Value]:
    """Return what stands in a table under a key."""
    return [value for each, value in zip(owner.keys, owner.values, strict=True) if each == key]


def table(keys: Iterable[Value], values: Iterable[Value]) -> Value:
    """Return a table of these entries; of two with the same constant as key the later one counts, at the earlier's place."""
    found: dict[object, tuple[Value, Value]] = {}
    for place, (key, value) in enumerate(zip(keys, values, strict=True)):
        name = key if isinstance(key, Constant) else place
        found[name] = (found[name][0] if name in found else key, value)
    return DictValue(tuple(key for key, _ in found.values()), tuple(value for _, value in found.values()))


def listed(value: DictValue, items: Iterable[Value]) -> Value:
    """Return what stands in a table, of whose keys two may be the same where they are not constants."""
    return sequence(items, known=all(isinstance(key, Constant) for key in value.keys))


def up(path: CodePath) -> CodePath:
    """Return the folder that a path is in."""
    if path.path is None or path.pattern:
        return CodePath(path.base, None)
    if path.path in (".", "") or path.path.endswith(".."):
        return CodePath(path.base, posixpath.normpath(path.path + "/.."))
    return CodePath(path.base, posixpath.dirname(path.path) or ".")


def parts_of(value: Value) -> Iterator[Value]:
    """Yield a value and everything that it is made of, what stands in it more than once only once."""
    waiting, seen = [value], {id(value)}
    while waiting:
        found = waiting.pop()
        yield found
        new = {id(each): each for each in reversed(_children(found)) if id(each) not in seen}
        seen |= new.keys()
        waiting += new.values()


def is_small(value: Value) -> bool:
    """Return whether a value has few enough parts to be carried on."""
    return value.size < MOST_PARTS


def _children(value: Value) -> tuple[Value, ...]:
    match value:
        case SequenceValue(items) | Choice(items) | Text(items):
            return items
        case DictValue(keys, values):
            return (*keys, *values)
        case Member(owner):
            return (owner,)
        case CallResult(function, arguments, keywords):
            return (function, *arguments, *(each for _, each in keywords))
    return ()


Arguments = tuple[Value, ...]


Keywords = Mapping[str, Value]


def text_of(value: Value) -> str | None:
    """Return the text that a value is; None for anything else."""
    return value.value if isinstance(value, Constant) and isinstance(value.value, str) else None
