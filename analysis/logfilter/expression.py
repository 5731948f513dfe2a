"""Filters of the Logging query language as values: rendered to its text, and held against log entries.

A log alert is judged by the value that is deployed, on recorded entries and before release: an old filter that gen2
entries never match was a silently dead alert (incident 73, pitfall 63). Follows the platform's rules: text comparisons
ignore case, regular expressions do not; a comparison with a missing field is false whatever its operator. Rendering
puts every alternative in parentheses, so that nobody has to know that OR binds before AND (pitfall 103). There is no
value for a search over all fields, for sampling or for functions.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from analysis.logfilter import entry as fields

OPERATORS = ("!=", "!~", "=~", ">=", "<=", "=", ">", "<", ":")
MAX_BRANCHES = 2_000
"""Most alternatives that `never_true` looks at; a larger filter counts as satisfiable."""


@dataclass(frozen=True)
class Compare:
    """`path operator value`; the path is given part by part, as a part may hold any character."""

    path: tuple[str, ...]
    operator: str
    value: str

    def holds(self, entry: Mapping[str, object]) -> bool:
        """Say whether `entry` satisfies the comparison."""
        values = fields.values_at(entry, self.path)
        return any(fields.compare(value, self.operator, self.value, self.path) for value in values)


@dataclass(frozen=True)
class Not:
    """The opposite of `item`."""

    item: Filter

    def holds(self, entry: Mapping[str, object]) -> bool:
        """Say whether `item` does not hold."""
        return not self.item.holds(entry)


@dataclass(frozen=True)
class AllOf:
    """Every item; without items it matches every entry."""

    items: tuple[Filter, ...]

    def holds(self, entry: Mapping[str, object]) -> bool:
        """Say whether every item holds."""
        return all(item.holds(entry) for item in self.items)


@dataclass(frozen=True)
class AnyOf:
    """At least one item."""

    items: tuple[Filter, ...]

    def holds(self, entry: Mapping[str, object]) -> bool:
        """Say whether one item holds."""
        return any(item.holds(entry) for item in self.items)


Filter = Compare | Not | AllOf | AnyOf


def compare(path: str, operator: str, *values: str) -> Filter:
    """Return the comparison of a dotted path with one of the values."""
    found = tuple(Compare(tuple(path.split(".")), operator, value) for value in values)
    return found[0] if len(found) == 1 else AnyOf(found)


def render(node: Filter) -> str:
    """Return the filter as text, one line for each of the conditions that must hold together."""
    return "\n".join(map(_part, node.items)) if isinstance(node, AllOf) else _part(node)


def _part(node: Filter) -> str:
    match node:
        case Compare(path, operator, value):
            return f"{_path(path)}{operator}{_value(path, value)}"
        case Not(item):
            return f"NOT ({_part(item)})"
        case AllOf(items):
            return f"({' AND '.join(map(_part, items))})"
        case AnyOf(items):
            alike = {(item.path, item.operator) for item in items if isinstance(item, Compare)}
            if len(alike) == 1 and all(isinstance(item, Compare) for item in items):
                ((path, operator),) = alike
                values = (_value(path, item.value) for item in items if isinstance(item, Compare))
                return f"{_path(path)}{operator}({' OR '.join(values)})"
            return f"({' OR '.join(map(_part, items))})"


def _path(path: tuple[str, ...]) -> str:
    return ".".join(part if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", part) else quoted(part) for part in path)


def _value(path: tuple[str, ...], value: str) -> str:
    return value if path == ("severity",) and value in fields.SEVERITIES else quoted(value)


def quoted(value: str) -> str:
    """Return a text as a literal."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def comparisons(node: Filter) -> Iterator[Compare]:
    """Yield every comparison of a filter, negated ones included."""
    match node:
        case Compare():
            yield node
        case Not(item):
            yield from comparisons(item)
        case AllOf(items) | AnyOf(items):
            for item in items:
                yield from comparisons(item)


def problems(node: Filter) -> Iterator[str]:
    """Yield why the platform would refuse the filter or never find an entry for it, as sentences."""
    for found in comparisons(node):
        if found.operator not in OPERATORS:
            yield f"The operator {found.operator!r} is none of the language's."
        if problem := fields.undefined(found.path):
            yield problem
        if found.operator in ("=~", "!~"):
            problem = fields.pattern_problem(found.value)
        else:
            problem = fields.value_problem(found.path, found.value)
        if problem:
            yield problem
    if reason := never_true(node):
        yield f"No entry can match its filter: {reason}."


def never_true(node: Filter) -> str | None:
    """Return why no entry can match the filter, or None where one may."""
    reason = None
    for number, branch in enumerate(_branches(node, negated=False)):
        if number >= MAX_BRANCHES:
            return None
        reason = fields.contradiction((c.path, c.operator, c.value, negated) for c, negated in branch)
        if reason is None:
            return None
    return reason or "no alternative is left"


Branch = tuple[tuple[Compare, bool], ...]


def _branches(node: Filter, *, negated: bool) -> Iterator[Branch]:
    """Yield the alternatives of a filter, each a conjunction of comparisons and whether they are negated."""
    match node:
        case Compare():
            yield ((node, negated),)
        case Not(item):
            yield from _branches(item, negated=not negated)
        case AllOf(items) | AnyOf(items):
            if isinstance(node, AllOf) is negated:
                for item in items:
                    yield from _branches(item, negated=negated)
                return
            parts = [list(itertools.islice(_branches(i, negated=negated), MAX_BRANCHES)) for i in items]
            for combination in itertools.product(*parts):
                yield tuple(itertools.chain.from_iterable(combination))


def required(node: Filter) -> Iterable[Compare]:
    """Return the comparisons that every matching entry satisfies: those that must hold together at the top."""
    if isinstance(node, AllOf):
        return itertools.chain.from_iterable(required(item) for item in node.items)
    return (node,) if isinstance(node, Compare) else ()
