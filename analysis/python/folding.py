"""What calls and items are worth, and values with what other files say put in and folded again."""

from __future__ import annotations

from collections.abc import Callable

from analysis.python.builtin_calls import FUNCTIONS, method
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
    Value,
    choose,
    concat,
    member,
    over,
    up,
)


def item(owner: Value, key: Value) -> Value:
    """Return `owner[key]`."""
    if isinstance(owner, Choice):
        return over(owner, lambda each: item(each, key))
    index = key.value if isinstance(key, Constant) else None
    if isinstance(owner, SequenceValue):
        inside = isinstance(index, int) and -len(owner.items) <= index < len(owner.items)
        return owner.items[index] if inside else choose(owner.items)  # type: ignore[index]
    if isinstance(owner, DictValue):
        found = [value for each, value in zip(owner.keys, owner.values, strict=True) if each == key]
        return found[-1] if found else choose(owner.values)
    if isinstance(owner, Member) and owner.name == "parents" and isinstance(owner.owner, CodePath):
        path = owner.owner
        if not isinstance(index, int) or not 0 <= index < 20:
            return CodePath(path.base, None)
        for _ in range(index + 1):
            path = up(path)
        return path
    return call(member(owner, "__getitem__"), (key,))


def call(function: Value, arguments: tuple[Value, ...] = (), keywords: tuple[tuple[str, Value], ...] = ()) -> Value:
    """Return what a call returns."""
    if isinstance(function, Choice):
        return over(function, lambda each: call(each, arguments, keywords))
    if isinstance(function, Thing):
        fold = FUNCTIONS.get(function.name)
        found = fold(arguments, dict(keywords)) if fold else None
    elif isinstance(function, Member):
        found = over(function.owner, lambda each: method(each, function.name, arguments, dict(keywords)) or UNKNOWN)
        found = None if found is UNKNOWN else found
    elif isinstance(function, CallResult) and function.function == Thing("functools.partial") and function.arguments:
        target, *first = function.arguments
        return call(target, (*first, *arguments), (*function.keywords, *keywords))
    else:
        found = None
    return CallResult(function, arguments, keywords) if found is None else found


Link = Callable[[Value], Value | None]


def link(value: Value, put: Link) -> Value:
    """Return `value` with what `put` says of its things, parameters, paths and results, and everything folded again."""
    kind = value.__class__
    if not value.open:
        return value
    if kind is Thing or kind is Parameter or kind is CodePath:
        found = put(value)
        return value if found is None else found
    match value:
        case SequenceValue(items):
            return SequenceValue(tuple(link(each, put) for each in items))
        case Choice(values):
            return choose(link(each, put) for each in values)
        case Text(parts):
            return concat(link(each, put) for each in parts)
        case DictValue(keys, values):
            return DictValue(tuple(link(each, put) for each in keys), tuple(link(each, put) for each in values))
        case Member(owner, name):
            return member(link(owner, put), name)
        case CallResult(function, arguments, keywords):
            linked = tuple(link(each, put) for each in arguments)
            found = call(link(function, put), linked, tuple((name, link(each, put)) for name, each in keywords))
            return (put(found) or found) if isinstance(found, CallResult) else found
    return value
