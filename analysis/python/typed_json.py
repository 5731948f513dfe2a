"""Frozen values as JSON and back, by the types of their fields: what caches keep."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

Read = Callable[[Any], Any]
_READERS: dict[object, Read] = {}


def register(kind: object, read: Read) -> None:
    """Let `read` make a value of a type out of JSON, whatever its fields are."""
    _READERS[kind] = read


def dumps(value: object, told: Callable[[Any], object] = lambda value: value) -> bytes:
    """Return a value as JSON: named tuples as lists, dataclasses as objects, others as `told` tells them."""
    return json.dumps(value, default=lambda each: _plain(told(each)), separators=(",", ":")).encode()


def _plain(value: Any) -> object:
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, frozenset):
        return sorted(value)
    return dict(value) if isinstance(value, Mapping) else value


@cache
def reader_of(kind: Any) -> Read:
    """Return what makes a value of a type out of what `dumps` made of it."""
    if kind in _READERS:
        return _READERS[kind]
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is tuple and arguments[-1] is ...:
        read = reader_of(arguments[0])
        return lambda raw: tuple(map(read, raw))
    if origin is tuple:
        return _in_order(arguments, lambda *parts: parts)
    if origin is Mapping:
        read = reader_of(arguments[1])
        return lambda raw: {name: read(value) for name, value in raw.items()}
    if origin in (Union, UnionType):
        (inner,) = {*arguments} - {NoneType}
        read = reader_of(inner)
        return lambda raw: None if raw is None else read(raw)
    if is_dataclass(kind):
        make: Any = kind

        @cache
        def readers() -> dict[str, Read]:  # asked for late, since a class may hold its like
            hints = get_type_hints(kind)
            return {field.name: reader_of(hints[field.name]) for field in fields(kind)}

        return lambda raw: make(**{name: readers()[name](value) for name, value in raw.items()})
    if isinstance(kind, type) and issubclass(kind, tuple):
        return _in_order(tuple(get_type_hints(kind).values()), kind)
    if origin is frozenset:
        return frozenset
    return kind if isinstance(kind, type) and issubclass(kind, Enum) else _as_it_is


def _in_order(kinds: tuple[Any, ...], make: Callable[..., Any]) -> Read:
    readers = [reader_of(each) for each in kinds]
    return lambda raw: make(*(read(value) for read, value in zip(readers, raw, strict=True)))


def _as_it_is(raw: Any) -> Any:
    return raw
