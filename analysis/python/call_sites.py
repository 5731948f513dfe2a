"""Places of the code, what a call there is given, and the calls that it makes of a function that it is given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from analysis.python.events import Call
from analysis.python.folding import applied
from analysis.python.imports import Around
from analysis.python.values import UNKNOWN, Constant, DictValue, SequenceValue, Value, each


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


def passed_on(name: str, call: Call, callee: object) -> Iterator[tuple[str, Call]]:
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
        function, arguments, keywords = applied(function, arguments, call.keywords)
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
