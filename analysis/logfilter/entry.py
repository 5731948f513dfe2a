"""Fields of a log entry as the Logging query language sees them: which exist, and how their values compare.

Holds what the LogEntry type defines. A field outside it is an error, a defined one that an entry lacks has
its default value, and one of the payload or of labels is missing: comparisons with it are false.
"""

from __future__ import annotations

import operator as operators
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

SEVERITIES = {
    "DEFAULT": 0,
    "DEBUG": 100,
    "INFO": 200,
    "NOTICE": 300,
    "WARNING": 400,
    "ERROR": 500,
    "CRITICAL": 600,
    "ALERT": 700,
    "EMERGENCY": 800,
}
_ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operators.eq,
    "!=": operators.ne,
    ">": operators.gt,
    ">=": operators.ge,
    "<": operators.lt,
    "<=": operators.le,
}
PAYLOADS = frozenset({"textPayload", "jsonPayload", "protoPayload"})
OPEN = frozenset({"jsonPayload", "protoPayload", "labels", "metadata"})
"""Fields below which any name may stand."""
FIELDS: Mapping[str, frozenset[str]] = {
    "logName": frozenset(),
    "resource": frozenset({"type", "labels"}),
    "timestamp": frozenset(),
    "receiveTimestamp": frozenset(),
    "severity": frozenset(),
    "insertId": frozenset(),
    "httpRequest": frozenset({
        "requestMethod", "requestUrl", "requestSize", "status", "responseSize", "userAgent", "remoteIp", "serverIp",
        "referer", "latency", "cacheLookup", "cacheHit", "cacheValidatedWithOriginServer", "cacheFillBytes", "protocol",
    }),
    "operation": frozenset({"id", "producer", "first", "last"}),
    "trace": frozenset(),
    "spanId": frozenset(),
    "traceSampled": frozenset(),
    "sourceLocation": frozenset({"file", "line", "function"}),
    "split": frozenset({"uid", "index", "totalSplits"}),
    "textPayload": frozenset(),
}  # fmt: skip


class _Default:
    """Stands for a defined field that an entry lacks."""


DEFAULT = _Default()
MAX_WALK = 100_000
"""Most values of one entry that a search looks at."""


def undefined(path: tuple[str, ...]) -> str | None:
    """Return why the LogEntry type has no such field, or None where it has."""
    if not path:
        return "A comparison names no field."
    if not all(path):
        return f"The field {'.'.join(path)!r} has an empty part."
    first, *rest = path
    if first in OPEN:
        return None
    if first not in FIELDS:
        return f"Log entries have no field {first!r}."
    if not rest or (first == "resource" and rest[0] == "labels"):
        return None
    if rest[0] not in FIELDS[first] or len(rest) > 1:
        return f"Log entries have no field {'.'.join(path)!r}."
    return None


def values_at(entry: Mapping[str, object], path: tuple[str, ...]) -> list[object]:
    """Return the values at `path`; a repeated field gives several, a missing one none."""
    found: list[object] = [entry]
    for part in path:
        below: list[object] = []
        for value in found:
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, Mapping) and part in item:
                    below.append(item[part])
        found = below
    flat = [item for value in found for item in (value if isinstance(value, list) else [value])]
    flat = [value for value in flat if value is not None]
    if flat or path[0] in PAYLOADS | OPEN or path[:2] == ("resource", "labels"):
        return flat
    return [DEFAULT]


def leaves(value: object) -> Iterator[object]:
    """Yield the scalar values inside `value`, at most `MAX_WALK` of them, without recursion."""
    stack, seen = [value], 0
    while stack and seen < MAX_WALK:
        item = stack.pop()
        seen += 1
        if isinstance(item, Mapping):
            stack.extend(item.values())
        elif isinstance(item, Sequence) and not isinstance(item, str):
            stack.extend(item)
        elif item is not None:
            yield item


def compare(actual: object, operator: str, expected: str, path: tuple[str, ...]) -> bool:
    """Say whether `actual operator expected` holds under the language's rules."""
    if actual is DEFAULT:
        actual = "DEFAULT" if path == ("severity",) else ""
    if operator == "=~":
        return re.search(expected, text_of(actual)) is not None
    if operator == "!~":
        return re.search(expected, text_of(actual)) is None
    if operator == ":":
        return _has(actual, expected, path)
    if path == ("severity",):
        return _ORDERS[operator](_severity(text_of(actual)), _severity(expected))
    number, wanted = _number(actual), _number(expected)
    if number is not None and wanted is not None:
        return _ORDERS[operator](number, wanted)
    if isinstance(actual, Mapping):
        return False
    return _ORDERS[operator](text_of(actual).lower(), expected.lower())


def _has(actual: object, expected: str, path: tuple[str, ...]) -> bool:
    if path == ("severity",):
        return _severity(text_of(actual)) == _severity(expected)
    if isinstance(actual, bool) or (_number(actual) is not None and not isinstance(actual, str)):
        return text_of(actual).lower() == expected.lower()
    return any(expected.lower() in text_of(leaf).lower() for leaf in leaves(actual))


def text_of(value: object) -> str:
    """Return a value as the language compares it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if number == number else None


def _severity(text: str) -> float:
    if text.upper() in SEVERITIES:
        return SEVERITIES[text.upper()]
    number = _number(text)
    return 0 if number is None else number


def value_problem(path: tuple[str, ...], value: str) -> str | None:
    """Return why `value` cannot be compared with the field, or None."""
    if path == ("severity",) and value.upper() not in SEVERITIES and _number(value) is None:
        return f"{value!r} is no severity; use one of {', '.join(SEVERITIES)}."
    return None


_NOT_RE2 = re.compile(r"\(\?(?:[=!>(#]|<[=!]|P=)|\\[1-9]|[*+?}]\+")
_LITERAL = re.compile(r"\\[^1-9]|\[\^?\]?(?:\\.|[^]\\])*\]", re.DOTALL)
"""An escaped character, or a class of characters."""
_REPEAT = re.compile(r"[()*+]|\{\d*,")


def pattern_problem(pattern: str) -> str | None:
    """Return why a regular expression is refused: not RE2, not readable, or slow in a backtracking engine."""
    bare = _LITERAL.sub("x", pattern)
    if _NOT_RE2.search(bare):
        return f"The pattern {pattern!r} uses what RE2 does not have (look-around, back-references, possessive)."
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return f"The pattern {pattern!r} cannot be read: {error}."
    if _nested_repeat(bare):
        return f"The pattern {pattern!r} repeats a repetition; write it without the inner one."
    return None


def _nested_repeat(pattern: str) -> bool:
    """Say whether a group that contains an unbounded repetition is itself repeated."""
    repeating: list[bool] = [False]
    for found in _REPEAT.finditer(pattern):
        if found[0] == "(":
            repeating.append(False)
        elif found[0] != ")":
            repeating[-1] = True
        elif len(repeating) > 1 and repeating.pop():
            if pattern[found.end() : found.end() + 1] in ("*", "+", "{"):
                return True
            repeating[-1] = True
    return False


Condition = tuple[tuple[str, ...], str, str, bool]


def contradiction(conditions: Iterable[Condition]) -> str | None:
    """Return why no entry satisfies all of the (path, operator, value, negated) conditions, or None."""
    wanted: dict[tuple[str, ...], str] = {}
    refused: set[tuple[tuple[str, ...], str]] = set()
    severities = set(SEVERITIES.values())
    payloads: set[str] = set()
    for path, operator, value, negated in conditions:
        if not path:
            continue
        if path == ("severity",) and operator not in ("=~", "!~"):
            relation = "=" if operator == ":" else operator
            severities = {s for s in severities if _ORDERS[relation](s, _severity(value)) is not negated}
        elif not negated and operator == "=":
            if wanted.setdefault(path, value.lower()) != value.lower():
                return f"{'.'.join(path)} cannot be both {wanted[path]!r} and {value.lower()!r}"
        elif (operator == "=" and negated) or (operator == "!=" and not negated):
            refused.add((path, value.lower()))
        if path[0] in PAYLOADS and not negated:
            payloads.add(path[0])
    if not severities:
        return "no severity satisfies all of its comparisons"
    if len(payloads) > 1:
        return f"an entry has only one of {' and '.join(sorted(payloads))}"
    for path, value in wanted.items():
        if (path, value) in refused:
            return f"{'.'.join(path)} is asked to be {value!r} and not to be"
    return None
