"""PromQL expressions as values, as far as alert conditions and charts use the language.

A condition is built from these values and rendered once, where it leaves the program; whatever judges it (the linter,
the replay, the evaluator) takes the value, so nothing here reads PromQL. Sub-queries, `@` and grouped matching have no
value on purpose: no condition needs them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

RANGE_FUNCTIONS = frozenset(
    {"rate", "increase", "sum_over_time", "max_over_time", "min_over_time", "count_over_time", "absent_over_time"}
)
"""Functions that take a range of samples."""
CLOCK_FUNCTIONS = frozenset({"month", "day_of_month", "day_of_week"})
"""Functions that take the UTC calendar's part of each value, read as seconds since 1970."""
FUNCTIONS = RANGE_FUNCTIONS | CLOCK_FUNCTIONS | {"absent", "vector", "time", "histogram_quantile"}
AGGREGATIONS = frozenset({"sum", "max", "min", "count"})
SETS = frozenset({"and", "or", "unless"})
COMPARISONS = frozenset({"==", "!=", "<=", "<", ">=", ">"})
_PRECEDENCE = {"or": 1, "and": 2, "unless": 2, **dict.fromkeys(COMPARISONS, 3), "+": 4, "-": 4, "*": 5, "/": 5, "%": 5}


@dataclass(frozen=True)
class Number:
    """A constant."""

    value: float


@dataclass(frozen=True)
class Matcher:
    """One `label operator "value"` of a selector."""

    label: str
    operator: str
    value: str

    def accepts(self, value: str) -> bool:
        """Say whether a series with this value of the label passes."""
        if self.operator in ("=", "!="):
            return (value == self.value) is (self.operator == "=")
        return (re.fullmatch(self.value, value) is not None) is (self.operator == "=~")


@dataclass(frozen=True)
class Selector:
    """Series of a metric; `range` and `offset` are in seconds."""

    metric: str
    matchers: tuple[Matcher, ...] = ()
    range: int | None = None
    offset: int = 0

    def over(self, seconds: int, offset: int = 0) -> Selector:
        """Return the same series over a range that ends `offset` seconds ago."""
        return replace(self, range=seconds, offset=offset)


@dataclass(frozen=True)
class FunctionCall:
    """A function or an aggregation over its arguments; `by` is the grouping of an aggregation."""

    function: str
    arguments: tuple[Expression, ...] = ()
    by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Binary:
    """An operator between two expressions; `on` names the labels that are matched, None for all of them.

    With `boolean` a comparison of scalars gives 0 or 1; without it, it keeps the series for which it holds.
    """

    operator: str
    left: Expression
    right: Expression
    on: tuple[str, ...] | None = None
    boolean: bool = False


Expression = Number | Selector | FunctionCall | Binary


def binary(left: Expression, operator: str, right: Expression | float) -> Binary:
    """Return `left operator right`; a number stands for itself."""
    return Binary(
        operator, left, right if isinstance(right, Number | Selector | FunctionCall | Binary) else Number(right)
    )


def together(operator: str, *items: Expression) -> Expression:
    """Return the items joined by a set operator that looks at no label, from left to right."""
    joined, *rest = items
    for item in rest:
        joined = Binary(operator, joined, item, on=())
    return joined


def walk(expression: Expression) -> Iterator[Expression]:
    """Yield the expression and everything inside it."""
    yield expression
    inside = expression.arguments if isinstance(expression, FunctionCall) else ()
    for item in (expression.left, expression.right) if isinstance(expression, Binary) else inside:
        yield from walk(item)


def selectors(expression: Expression) -> tuple[Selector, ...]:
    """Return every selector of an expression."""
    return tuple(item for item in walk(expression) if isinstance(item, Selector))


def shifted(expression: Expression, seconds: int) -> Expression:
    """Return the expression with its clock set forward, so that it can be tried on another day."""
    match expression:
        case FunctionCall("time") if seconds:
            return binary(expression, "+", seconds)
        case FunctionCall(arguments=arguments):
            return replace(expression, arguments=tuple(shifted(argument, seconds) for argument in arguments))
        case Binary(left=left, right=right):
            return replace(expression, left=shifted(left, seconds), right=shifted(right, seconds))
    return expression


def render(expression: Expression) -> str:
    """Return the expression as PromQL; parentheses stand wherever precedence would have to be remembered."""
    match expression:
        case Number(value):
            return str(int(value)) if value == int(value) else repr(value)
        case Selector():
            return _selector(expression)
        case FunctionCall(function, arguments, by):
            grouping = f" by ({', '.join(by)}) " if by else ""
            return f"{function}{grouping}({', '.join(map(render, arguments))})"
        case Binary(operator, left, right, on, boolean):
            matching = "" if on is None else f" on ({', '.join(on)})"
            above = _PRECEDENCE[operator]
            joined = f"{operator}{' bool' if boolean else ''}{matching}"
            return f"{_operand(left, above)} {joined} {_operand(right, above + 1)}"


def _operand(expression: Expression, least: int) -> str:
    """Return an operand, in parentheses where it binds no tighter than `least` or is a condition of its own."""
    text = render(expression)
    if not isinstance(expression, Binary):
        return text
    bare = _PRECEDENCE[expression.operator] >= least and expression.operator not in SETS | COMPARISONS
    return text if bare else f"({text})"


def _selector(selector: Selector) -> str:
    matchers = ",".join(f"{m.label}{m.operator}{quoted(m.value)}" for m in selector.matchers)
    window = f"[{duration(selector.range)}]" if selector.range else ""
    offset = f" offset {duration(selector.offset)}" if selector.offset else ""
    return f"{selector.metric}{{{matchers}}}{window}{offset}"


def quoted(value: str) -> str:
    """Return a text as a literal."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def duration(seconds: int) -> str:
    """Return seconds as a duration: whole minutes where they are."""
    return f"{seconds}s" if seconds % 60 else f"{seconds // 60}m"
