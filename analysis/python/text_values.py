"""Texts and paths put together of values, and values shown as text."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from functools import partial

from analysis.python.values import (
    MOST_CHOICES,
    MOST_ITEMS,
    MOST_TEXT,
    UNKNOWN,
    CallResult,
    Choice,
    CodePath,
    Constant,
    Member,
    Parameter,
    SequenceValue,
    SomeOf,
    Text,
    Thing,
    Unknown,
    Value,
    each,
    over,
    sequence,
)


def concat(parts: Iterable[Value]) -> Value:
    """Return parts put together to one text; of a path beside the code and texts, a path."""
    merged: list[Value] = []
    rest = iter(_bounded(list(parts)))
    for part in rest:
        if isinstance(part, Choice):
            return over(part, partial(_behind, tuple(merged)), *rest)
        if isinstance(part, Unknown) and part.why:
            return part
        last = merged[-1] if merged else None
        text = _plain_text(part)
        if isinstance(last, CodePath) and text is not None and last.path is not None:
            merged[-1] = _append(last, text)
        elif isinstance(last, Constant) and text is not None:
            merged[-1] = Constant((_plain_text(last) or "") + text)
        elif isinstance(part, Text):
            merged += part.parts
        else:
            merged.append(part if text is None else Constant(text))  # a number is said as text
        if (isinstance(merged[-1], Constant) and len(str(merged[-1].value)) > MOST_TEXT) or len(merged) > MOST_ITEMS:
            return Unknown("the text is too long to be followed")
    return merged[0] if len(merged) == 1 and not isinstance(merged[0], Unknown) else _text(merged)


def _behind(before: tuple[Value, ...], *parts: Value) -> Value:
    return concat((*before, *parts))


def _bounded(parts: list[Value]) -> list[Value]:
    """Return parts whose possible combinations are few enough to be followed; what is too much is not known."""
    combinations, loops = 1, set[object]()
    for place, part in enumerate(parts):
        if isinstance(part, Choice):
            together: set[object] = {loop for turns in part.turns for loop, _ in turns} or {part}
            combinations *= 1 if together <= loops else len(part.values)
            loops |= together
            if combinations > MOST_CHOICES:
                parts[place] = Unknown()
                combinations = MOST_CHOICES
    return parts


def _text(parts: list[Value]) -> Value:
    return Text(tuple(parts)) if parts else Constant("")


def _plain_text(value: Value) -> str | None:
    known = isinstance(value, Constant) and isinstance(value.value, str | int) and not isinstance(value.value, bool)
    return str(value.value) if known else None  # type: ignore[union-attr]


def _append(path: CodePath, text: str) -> CodePath:
    if text == "" or path.path is None:
        return path
    whole = f"{path.path}{text}" if path.path != "." else (f".{text}" if text[0] == "/" else None)
    return CodePath(path.base, whole and posixpath.normpath(whole) + ("/" if whole.endswith("/") else ""))


def join(path: Value, *parts: Value) -> Value:
    """Return a path with more parts behind it."""
    for part in parts:
        path = _joined(path, part)
    return path


def _joined(path: Value, part: Value) -> Value:
    if isinstance(path, Choice):
        return over(path, _joined, part)
    if isinstance(part, Choice):
        return over(part, lambda each: _joined(path, each))
    if isinstance(part, CodePath):
        return part
    text = part.value if isinstance(part, Constant) and isinstance(part.value, str) else None
    if isinstance(path, CodePath):
        if text is not None and text.startswith("/"):
            return part
        if path.path is None or path.pattern:
            return CodePath(path.base, None)
        if text is None:
            return _text([path, Constant("/"), part])
        return CodePath(path.base, posixpath.normpath(posixpath.join(path.path, text)))
    if isinstance(path, Constant) and isinstance(path.value, str):
        return Constant(posixpath.join(path.value, text)) if text is not None else concat((path, Constant("/"), part))
    return concat((path, Constant("/"), part))


def shown(value: Value) -> str:
    """Return a value as text, with `{name}` for what is not known."""
    text = _plain_text(value)
    if text is not None:
        return text
    if isinstance(value, Text):
        return "".join(map(shown, value.parts))
    return "{" + _named(value) + "}"


def _named(value: Value) -> str:
    if isinstance(value, Member):
        owner = _named(value.owner)
        return f"{owner}.{value.name}" if owner else value.name
    if isinstance(value, Parameter):
        return value.name
    if isinstance(value, Thing):
        return value.name.lstrip(":.").rpartition(":")[2]
    if isinstance(value, CallResult):
        if isinstance(value.function, Member | Thing) and _named(value.function).endswith("__getitem__"):
            return _named(value.arguments[0]) or "item"
        return f"{_named(value.function)}()"
    if isinstance(value, Constant):
        return str(value.value)
    return "value"


def plus(left: Value, right: Value) -> Value:
    """Return `left + right`."""
    if isinstance(left, SequenceValue) or isinstance(right, SequenceValue):
        one = left.items if isinstance(left, SequenceValue) else (each(left),)
        other = right.items if isinstance(right, SequenceValue) else (each(right),)
        return sequence((*one, *other), known=not isinstance(left, SomeOf) and not isinstance(right, SomeOf))
    if any(isinstance(side, Constant) and not isinstance(side.value, str) for side in (left, right)):
        return UNKNOWN
    return concat((left, right))
