"""What a value comes of: which call made the list, and whether the value is that list, one of its items, or deeper.

Followed through names, loops, comprehensions, own functions in both directions, and fields of own objects. What goes
another way (a data frame, a class that keeps it) is not followed: no origin is claimed then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from analysis.python.program import Program
from analysis.python.values import (
    CallResult,
    Choice,
    Constant,
    DictValue,
    Member,
    Parameter,
    SequenceValue,
    Thing,
    Value,
    possible,
)

MOST_STEPS = 20_000
"""How many values are looked at for one entry module; of what is behind, no origin is claimed."""
MOST_DEPTH = 60
_SAME = {
    "list",
    "tuple",
    "sorted",
    "reversed",
    "iter",
    "set",
    "frozenset",
    "dict",
    "slice",
    "copy",
    "deepcopy",
    "result",
}
_PAIRED = {"enumerate", "zip", "groupby"}
_TAKEN = {"next", "min", "max"}
_KEYED = {"__getitem__", "get", "pop", "setdefault"}


class Origin(NamedTuple):
    """The call that something comes of; `depth` 0 is all that it returned, 1 one of its items, -1 a list of such."""

    call: CallResult
    depth: int


class Flow:
    """Finds the origins of values in one program.

    Args:
        program: the records, put together.
        makes: whether a call is an origin.
    """

    def __init__(self, program: Program, makes: Callable[[CallResult], bool]) -> None:
        self._program, self._makes = program, makes
        self._given: dict[Parameter, frozenset[Origin]] = {}
        self._steps = 0

    def origins(self, value: Value, depth: int = 0) -> frozenset[Origin]:
        """Return what a linked value comes of."""
        self._steps += 1
        if self._steps > MOST_STEPS or depth > MOST_DEPTH or not value.open:
            return frozenset()
        return frozenset(self._origins(value, depth + 1))

    def _origins(self, value: Value, depth: int) -> Iterable[Origin]:
        match value:
            case Choice(values):
                return self._of_all(values, 0, depth)
            case SequenceValue(items):
                return self._of_all(items, -1, depth)
            case DictValue(_, values):
                return self._of_all(values, -1, depth)
            case Parameter():
                return self._of_parameter(value, depth)
            case Member(owner, name):
                return self._of_field(owner, name, depth)
            case CallResult():
                return self._of_call(value, depth)
        return ()

    def _of_all(self, values: Iterable[Value], deeper: int, depth: int) -> Iterator[Origin]:
        for value in values:
            yield from (Origin(each.call, each.depth + deeper) for each in self.origins(value, depth))

    def _of_parameter(self, value: Parameter, depth: int) -> frozenset[Origin]:
        if value not in self._given:
            self._given[value] = frozenset()  # until it is known
            self._given[value] = frozenset(self._of_all(self._program.given_for(value), 0, depth))
        return self._given[value]

    def _of_field(self, owner: Value, name: str, depth: int) -> Iterator[Origin]:
        """Yield the origins of an attribute that an object of ours was made with."""
        for found in self._fields(owner, name, depth):
            yield from self.origins(found, depth)

    def _fields(self, owner: Value, name: str, depth: int) -> Iterator[Value]:
        """Yield what an attribute is that an object of ours was made with."""
        for made in self._made(owner, depth):
            found = dict(made.keywords).get(name)
            if found is not None:
                yield found

    def _made(self, value: Value, depth: int) -> Iterator[CallResult]:
        """Yield the calls that make the object which a value is, as far as they are told."""
        self._steps += 1
        if depth > MOST_DEPTH or self._steps > MOST_STEPS:
            return
        if isinstance(value, Choice):
            for each in value.values:
                yield from self._made(each, depth + 1)
        elif isinstance(value, Parameter):
            for each in self._program.given_for(value):
                yield from self._made(each, depth + 1)
        elif isinstance(value, Member):
            for each in self._fields(value.owner, value.name, depth + 1):
                yield from self._made(each, depth + 1)
        elif isinstance(value, CallResult):
            returned = self._returned(value, depth)
            for each in returned:
                yield from self._made(each, depth + 1)
            if not returned:
                yield value

    def _returned(self, value: CallResult, depth: int) -> list[Value]:
        """Return what a call of ours may return; a method of something that is not known may be anybody's, so nothing."""
        function = value.function
        returned = self._program.returned(value)
        if returned or not isinstance(function, Member):
            return returned
        makers = [made.function for made in self._made(function.owner, depth + 1)]
        classes = [maker.name for maker in makers if isinstance(maker, Thing)]
        names = [f"{name}.{function.name}" for name in classes if ":" in name]
        return self._program.returned_by(names, value) if len(classes) == len(makers) else []

    def _of_call(self, value: CallResult, depth: int) -> Iterable[Origin]:
        if self._makes(value):
            return (Origin(value, 0),)
        function, arguments = value.function, value.arguments
        if isinstance(function, Member) and function.name in _KEYED and arguments:
            return self._of_item(function.owner, depth)
        returned = self._returned(value, depth)
        if returned:
            return self._of_all(returned, 0, depth)
        name = last_name(function)
        inner = arguments[:1] if arguments else (function.owner,) if isinstance(function, Member) else ()
        if name in _SAME or name == "values":
            return self._of_all(inner, 0, depth)
        if name in _PAIRED:
            return self._of_all(arguments, -1, depth)
        if name in _TAKEN and (len(arguments) == 1 or name == "next"):
            return self._of_all(inner, 1, depth)
        if name == "filter":
            return self._of_all(arguments[1:2], 0, depth)
        if name == "items" and isinstance(function, Member):
            found = self.origins(function.owner, depth)
            return [Origin(each.call, each.depth - (each.depth < 1)) for each in found]
        return ()

    def _of_item(self, owner: Value, depth: int) -> Iterator[Origin]:
        """Yield the origins of an item; what an item of the list has inside is something else."""
        return (Origin(each.call, each.depth + 1) for each in self.origins(owner, depth) if each.depth < 1)


def last_name(function: Value) -> str:
    """Return the last part of what is called, "" where it has no name."""
    return function.name.rpartition(".")[2] if isinstance(function, Member | Thing) else ""


def texts(value: Value) -> tuple[str, ...] | None:
    """Return the texts that a value can be; None where any of them is not known."""
    found = [each.value if isinstance(each, Constant) else None for each in possible(value)]
    known = tuple(each for each in found if isinstance(each, str))
    return known if len(known) == len(found) else None
