"""What calls and items are worth, and values with what other files say put in and folded again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from analysis.python.builtin_calls import FUNCTIONS, method
from analysis.python.path_methods import not_followed
from analysis.python.text_values import concat
from analysis.python.values import (
    OWN_FILE,
    UNKNOWN,
    CallResult,
    Choice,
    CodePath,
    Constant,
    DictValue,
    Member,
    Parameter,
    SequenceValue,
    SomeOf,
    Text,
    Thing,
    Unknown,
    Value,
    choose,
    entries,
    exact,
    member,
    over,
    possible,
    table,
    up,
)

_FILE = Constant("__file__")
_SLICE = Thing("builtins.slice")
_NAMESPACES = (Thing("builtins.globals"), Thing("builtins.vars"), Thing("builtins.locals"))


def item(owner: Value, key: Value) -> Value:
    """Return `owner[key]`."""
    if isinstance(owner, Choice):
        return over(owner, item, key)
    index = key.value if isinstance(key, Constant) else None
    if isinstance(owner, SequenceValue):
        items = exact(owner) or ()
        inside = isinstance(index, int) and -len(items) <= index < len(items)
        return items[index] if inside else choose(owner.items)  # type: ignore[index]
    if isinstance(owner, DictValue):
        found = entries(owner, key)
        return found[-1] if found else choose(owner.values)
    if isinstance(owner, Thing) and isinstance(index, str):
        name = owner.name.removesuffix(".__dict__")
        if name != owner.name or name == "builtins":
            return member(Thing(name), index)
        if name == "sys.modules":
            return Thing(index)
    if key == _FILE and isinstance(owner, CallResult) and owner.function in _NAMESPACES:
        return OWN_FILE
    if isinstance(owner, Member) and owner.name == "parents" and isinstance(owner.owner, CodePath):
        path = owner.owner
        if not isinstance(index, int) or not 0 <= index < 20:
            return CodePath(path.base, None)
        for _ in range(index + 1):
            path = up(path)
        return path
    return call(member(owner, "__getitem__"), (key,))


def part(owner: Value, bounds: tuple[Value, ...]) -> Value:
    """Return `owner[start:stop:step]`; of a path beside the code, the path without a suffix that is cut off."""
    numbers = [each.value for each in bounds if isinstance(each, Constant) and isinstance(each.value, int | None)]
    if len(numbers) < len(bounds) or numbers[2] == 0:
        return not_followed(owner)
    where: slice[Any, Any, Any] = slice(*numbers)
    if isinstance(owner, Choice):
        return over(owner, lambda each: part(each, bounds))
    if isinstance(owner, SequenceValue):
        return owner if isinstance(owner, SomeOf) else SequenceValue(owner.items[where])
    if isinstance(owner, Constant) and isinstance(owner.value, str | bytes):
        return Constant(owner.value[where])
    if isinstance(owner, Unknown | CodePath):
        return owner if isinstance(owner, Unknown) else not_followed(owner)
    return CallResult(_SLICE, (owner, *bounds))


def applied(
    function: Value, arguments: tuple[Value, ...], keywords: tuple[tuple[str, Value], ...]
) -> tuple[Value, tuple[Value, ...], tuple[tuple[str, Value], ...]]:
    """Return what a call calls at last: the function inside a `partial`, a method that is named by a text."""
    if not isinstance(function, CallResult) or not isinstance(function.function, Thing) or not function.arguments:
        return function, arguments, keywords
    first, *rest = function.arguments
    maker = function.function.name
    if maker == "functools.partial":
        return applied(first, (*rest, *arguments), (*function.keywords, *keywords))
    if maker == "operator.methodcaller" and isinstance(first, Constant) and arguments:
        return member(arguments[0], str(first.value)), tuple(rest), function.keywords
    return function, arguments, keywords


def call(function: Value, arguments: tuple[Value, ...] = (), keywords: tuple[tuple[str, Value], ...] = ()) -> Value:
    """Return what a call returns."""
    if isinstance(function, Choice):
        return over(function, lambda each: call(each, arguments, keywords))
    if isinstance(function, Thing):
        fold = FUNCTIONS.get(function.name)
        found = fold(arguments, dict(keywords)) if fold else None
        found = part(arguments[0], arguments[1:]) if function == _SLICE and len(arguments) == 4 else found
    elif isinstance(function, Member) and function.name == "__getitem__" and _has_items(function.owner):
        found = item(function.owner, *arguments)
    elif isinstance(function, Member):
        found = over(function.owner, lambda each: method(each, function.name, arguments, dict(keywords)) or UNKNOWN)
        found = None if found is UNKNOWN else found
        if found is None and isinstance(function.owner, Constant):
            found = next((each for each in arguments if isinstance(each, Unknown) and each.why), None)
    elif isinstance(function, CallResult):
        inner = applied(function, arguments, keywords)
        if inner[0] is not function:
            return call(*inner)
        found = _picked(function, arguments)
    else:
        found = None
    return CallResult(function, arguments, keywords) if found is None else found


def _has_items(value: Value) -> bool:
    return any(isinstance(each, SequenceValue | DictValue) for each in possible(value))


def _picked(function: CallResult, arguments: tuple[Value, ...]) -> Value | None:
    """Return what `attrgetter(name)(thing)` or `itemgetter(key)(thing)` takes."""
    if len(function.arguments) != 1 or len(arguments) != 1 or not isinstance(function.function, Thing):
        return None
    key, found = function.arguments[0], arguments[0]
    if function.function.name == "operator.itemgetter":
        return item(found, key)
    if function.function.name == "operator.attrgetter" and isinstance(key, Constant):
        for name in str(key.value).split("."):
            found = member(found, name)
        return found
    return None


Link = Callable[[Value], Value | None]


def link(value: Value, put: Link, given: frozenset[Parameter] | None = None) -> Value:
    """Return `value` with what `put` says of its things, parameters, paths and results, and everything folded again.

    Where `put` speaks of the parameters `given` only, what has none of them stays as it is. What stands in a value more
    than once is the same object and is looked at once.
    """
    done: dict[int, Value] = {}

    def linked(part: Value) -> Value:
        if not part.open or (given is not None and given.isdisjoint(part.given)):
            return part
        found = done.get(id(part))
        if found is None:
            found = done[id(part)] = _linked(part, put, linked)
        return found

    return linked(value)


def _linked(value: Value, put: Link, linked: Callable[[Value], Value]) -> Value:
    kind = value.__class__
    if kind is Thing or kind is Parameter or kind is CodePath:
        found = put(value)
        return value if found is None else found
    match value:
        case SequenceValue(items):
            return value.__class__(tuple(map(linked, items)))
        case Choice():
            return over(value, linked)
        case Text(parts):
            return concat(map(linked, parts))
        case DictValue(keys, values):
            return table(map(linked, keys), map(linked, values))
        case Member(owner, name):
            return member(linked(owner), name)
        case CallResult(function, arguments, keywords):
            named = tuple((name, linked(each)) for name, each in keywords)
            found = call(linked(function), tuple(map(linked, arguments)), named)
            return (put(found) or found) if isinstance(found, CallResult) else found
    return value
