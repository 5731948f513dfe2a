"""What methods of a text return, and texts that are formatted."""

from __future__ import annotations

import string
from collections.abc import Iterable
from pathlib import PurePosixPath

from analysis.python.text_values import concat
from analysis.python.values import (
    MOST_ITEMS,
    UNKNOWN,
    Arguments,
    Constant,
    DictValue,
    Keywords,
    SequenceValue,
    SomeOf,
    Unknown,
    Value,
    entries,
    exact,
    text_of,
)


def text_method(owner: str, name: str, arguments: Arguments, keywords: Keywords) -> Value | None:
    """Return what a method of a text returns; None where only running tells."""
    if name in ("strip", "lstrip", "rstrip", "lower", "upper", "removeprefix", "removesuffix", "replace"):
        texts = [text_of(each) for each in arguments]
        if None in texts or len(owner) * max((len(each or "") for each in texts), default=1) > MOST_ITEMS * 50:
            return UNKNOWN
        needed = {"removeprefix": 1, "removesuffix": 1, "replace": 2}.get(name)
        if (needed is None and len(texts) > 1) or (needed is not None and len(texts) != needed):
            return UNKNOWN
        return Constant(getattr(owner, name)(*texts))
    if name in _OF_PATHS:
        return _path_method(owner, name, [text_of(each) for each in arguments])
    if name == "format":
        return formatted(owner, arguments, keywords)
    if name == "join" and arguments:
        items = exact(arguments[0])
        return None if items is None else concat(_between(owner, items))
    if name in ("split", "splitlines") and all(text_of(each) is not None for each in arguments) and len(arguments) < 2:
        separator = text_of(arguments[0]) if arguments else None
        if arguments and not separator:
            return UNKNOWN
        words = owner.splitlines() if name == "splitlines" else owner.split(separator)
        return (
            SequenceValue(tuple(map(Constant, words))) if len(words) <= MOST_ITEMS else Unknown("the list is too long")
        )
    return None


_OF_PATHS = {"resolve", "absolute", "expanduser", "as_posix", "joinpath", "with_name", "with_suffix", "with_stem"}


def _path_method(owner: str, name: str, texts: list[str | None]) -> Value:
    """Return what a method of a path returns that is made of a text alone: one from the working folder on."""
    if None in texts or not hasattr(PurePosixPath, name):
        return UNKNOWN if texts else Constant(owner)
    try:
        return Constant(str(getattr(PurePosixPath(owner), name)(*texts)))
    except (TypeError, ValueError):
        return UNKNOWN


def _between(separator: str, items: Iterable[Value]) -> list[Value]:
    parts: list[Value] = []
    for item in items:
        parts += [Constant(separator), item] if parts else [item]
    return parts


def formatted(template: str, arguments: Arguments, keywords: Keywords) -> Value:
    """Return `template.format(...)`, as far as its fields are plain names or positions."""
    parts: list[Value] = []
    try:
        number = 0
        for text, field, spec, conversion in string.Formatter().parse(template):
            parts.append(Constant(text))
            if field is None:
                continue
            place = int(field) if field.isdecimal() else number
            number += 1
            if field and not field.isdecimal():
                found = keywords.get(field, UNKNOWN)
            else:
                found = arguments[place] if place < len(arguments) else UNKNOWN
            parts.append(UNKNOWN if spec or conversion not in (None, "s") else found)
    except ValueError:
        return UNKNOWN
    return concat(parts)


def interpolated(template: str, right: Value) -> Value:
    """Return `template % right`, as far as it asks for plain texts and numbers."""
    if isinstance(right, SomeOf):
        return UNKNOWN
    arguments = right.items if isinstance(right, SequenceValue) else (right,)
    table = right if isinstance(right, DictValue) else None
    parts: list[Value] = []
    rest, position = template, 0
    while "%" in rest:
        text, _, rest = rest.partition("%")
        parts.append(Constant(text))
        if rest.startswith("%"):
            parts.append(Constant("%"))
        elif rest.startswith("(") and ")" in rest and table:
            name, _, rest = rest[1:].partition(")")
            found = entries(table, Constant(name))
            parts.append(found[-1] if found and rest[:1] in ("s", "d") else UNKNOWN)
        else:
            plain = rest[:1] in ("s", "d") and position < len(arguments)
            parts.append(arguments[position] if plain else UNKNOWN)
            position += 1
            if not plain:
                return concat([*parts, UNKNOWN])
        rest = rest[1:]
    return concat([*parts, Constant(rest)])
