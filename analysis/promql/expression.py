"""PromQL, as far as alert conditions use it: a parser, and the reasons for which a query can never fire.

Reads selectors with matchers, ranges and offsets, functions, aggregations, arithmetic, comparisons and the
set operators with `on` and `ignoring`. Sub-queries, `@` and grouped vector matching are refused, not guessed.
The platform evaluates the query; this module only keeps a dead one from being deployed (incident 73, pitfall
102).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

RANGE_FUNCTIONS = frozenset(
    {
        "rate",
        "increase",
        "sum_over_time",
        "max_over_time",
        "min_over_time",
        "avg_over_time",
        "count_over_time",
        "absent_over_time",
    }
)
FUNCTIONS = RANGE_FUNCTIONS | {
    "absent",
    "vector",
    "histogram_quantile",
    "hour",
    "minute",
    "day_of_week",
    "time",
    "abs",
    "clamp_min",
    "clamp_max",
}
AGGREGATIONS = frozenset({"sum", "max", "min", "avg", "count"})
PRECEDENCE = {
    "or": 1,
    "and": 2,
    "unless": 2,
    "==": 3,
    "!=": 3,
    "<=": 3,
    "<": 3,
    ">=": 3,
    ">": 3,
    "+": 4,
    "-": 4,
    "*": 5,
    "/": 5,
    "%": 5,
    "^": 6,
}
COMPARISONS = frozenset({"==", "!=", "<=", "<", ">=", ">"})
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
MAX_DEPTH = 50


class QueryError(ValueError):
    """The query cannot be read; the message is a sentence."""


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


@dataclass(frozen=True)
class Call:
    """A function or an aggregation over its arguments; `by` is the grouping of an aggregation."""

    function: str
    arguments: tuple[Expression, ...]
    by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Binary:
    """An operator between two expressions; `matching` keeps `on (...)` or `ignoring (...)` as written."""

    operator: str
    left: Expression
    right: Expression
    matching: tuple[str, ...] = ()
    boolean: bool = False


Expression = Number | Selector | Call | Binary


def parse(query: str) -> Expression:
    """Return the query as a tree; raises `QueryError` for what cannot be read or is not known here."""
    return _Parser(query).query()


def walk(expression: Expression) -> Iterator[Expression]:
    """Yield the expression and everything inside it."""
    yield expression
    match expression:
        case Call(_, arguments):
            for argument in arguments:
                yield from walk(argument)
        case Binary(_, left, right):
            yield from walk(left)
            yield from walk(right)


def selectors(expression: Expression) -> tuple[Selector, ...]:
    """Return every selector of a query."""
    return tuple(item for item in walk(expression) if isinstance(item, Selector))


_TOKEN = re.compile(
    r"""(?P<space>(?:\s|\#[^\n]*)+)
    |(?P<duration>\d+(?:ms|[smhdwy])(?:\d+(?:ms|[smhdwy]))*)
    |(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    |(?P<word>[A-Za-z_:][A-Za-z0-9_:]*)
    |(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<sign>=~|!~|==|!=|<=|>=|[-+*/%^<>=(){}\[\],@])""",
    re.VERBOSE,
)


def _tokens(query: str) -> list[tuple[str, str]]:
    tokens, at = [], 0
    while at < len(query):
        match = _TOKEN.match(query, at)
        if not match:
            raise QueryError(f"The character {query[at]!r} at position {at} has no meaning in PromQL.")
        if match.lastgroup != "space":
            tokens.append((str(match.lastgroup), match.group()))
        at = match.end()
    return [*tokens, ("end", "")]


def _seconds(text: str) -> int:
    total = 0
    for number, unit in re.findall(r"(\d+)(ms|[smhdwy])", text):
        if unit not in UNITS:
            raise QueryError(f"The duration {text} is not whole seconds to weeks.")
        total += int(number) * UNITS[unit]
    return total


class _Parser:
    """Precedence climbing over the tokens."""

    def __init__(self, query: str) -> None:
        self.tokens = _tokens(query)
        self.at = 0
        self.depth = 0

    @property
    def kind(self) -> str:
        return self.tokens[self.at][0]

    @property
    def text(self) -> str:
        return self.tokens[self.at][1]

    def take(self, expected: str | None = None) -> str:
        if expected is not None and self.text != expected:
            raise QueryError(f"{expected!r} is expected instead of {self.text or 'the end'!r}.")
        text = self.text
        if self.kind != "end":
            self.at += 1
        return text

    def query(self) -> Expression:
        expression = self.expression(1)
        if self.kind != "end":
            raise QueryError(f"{self.text!r} is not expected here.")
        return expression

    def expression(self, level: int) -> Expression:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise QueryError(f"The query is nested deeper than {MAX_DEPTH}.")
        left = self.unary()
        while PRECEDENCE.get(self.text.lower(), 0) >= level and self.kind in ("word", "sign"):
            operator = self.take().lower()
            boolean = self.text == "bool" and bool(self.take())
            matching = self.matching()
            above = PRECEDENCE[operator] + (operator != "^")
            left = Binary(operator, left, self.expression(above), matching, boolean)
        self.depth -= 1
        return left

    def matching(self) -> tuple[str, ...]:
        if self.text not in ("on", "ignoring"):
            return ()
        keyword = self.take()
        labels = self.labels()
        if self.text in ("group_left", "group_right"):
            raise QueryError("Grouped vector matching is not used in alert conditions here.")
        return (keyword, *labels)

    def labels(self) -> tuple[str, ...]:
        self.take("(")
        names = []
        while self.text != ")":
            names.append(self.take())
            if self.text == ",":
                self.take()
            elif self.text != ")":
                raise QueryError(f"')' is expected instead of {self.text!r}.")
        self.take(")")
        return tuple(names)

    def unary(self) -> Expression:
        negative = False
        while self.text in ("-", "+"):
            negative ^= self.take() == "-"
        value = self.postfix(self.primary())
        return Binary("-", Number(0), value) if negative else value

    def primary(self) -> Expression:
        if self.text == "(":
            self.take()
            inner = self.expression(1)
            self.take(")")
            return inner
        if self.kind == "number":
            return Number(float(self.take()))
        if self.text == "{":
            raise QueryError("A selector must begin with the name of its metric.")
        if self.kind != "word":
            raise QueryError(f"A value is expected instead of {self.text or 'the end'!r}.")
        name = self.take()
        if name in AGGREGATIONS and self.text in ("by", "without", "("):
            return self.aggregation(name)
        if self.text == "(":
            return self.call(name)
        return Selector(name, self.matchers() if self.text == "{" else ())

    def aggregation(self, name: str) -> Expression:
        by = self.grouping()
        arguments = self.arguments()
        return Call(name, arguments, by or self.grouping())

    def grouping(self) -> tuple[str, ...]:
        if self.text not in ("by", "without"):
            return ()
        return (self.take(), *self.labels())

    def call(self, name: str) -> Expression:
        if name not in FUNCTIONS:
            raise QueryError(f"The function {name} is not known here.")
        return Call(name, self.arguments())

    def arguments(self) -> tuple[Expression, ...]:
        self.take("(")
        found = []
        while self.text != ")":
            found.append(self.expression(1))
            if self.text == ",":
                self.take()
            elif self.text != ")":
                raise QueryError(f"')' is expected instead of {self.text or 'the end'!r}.")
        self.take(")")
        return tuple(found)

    def matchers(self) -> tuple[Matcher, ...]:
        self.take("{")
        found = []
        while self.text != "}":
            label, operator = self.take(), self.take()
            if operator not in ("=", "!=", "=~", "!~") or self.kind != "text":
                raise QueryError(f"The matcher on {label!r} is not label, operator and quoted value.")
            found.append(Matcher(label, operator, _unquote(self.take())))
            if operator in ("=~", "!~"):
                _check_pattern(found[-1].value)
            if self.text == ",":
                self.take()
            elif self.text != "}":
                raise QueryError(f"'}}' is expected instead of {self.text or 'the end'!r}.")
        self.take("}")
        return tuple(found)

    def postfix(self, expression: Expression) -> Expression:
        if self.text == "[":
            self.take()
            if self.kind != "duration" or not isinstance(expression, Selector):
                raise QueryError("A range follows a selector and is a duration such as 5m.")
            expression = Selector(expression.metric, expression.matchers, _seconds(self.take()))
            self.take("]")
        if self.text == "offset":
            self.take()
            if self.kind != "duration" or not isinstance(expression, Selector):
                raise QueryError("An offset follows a selector and is a duration such as 5m.")
            expression = Selector(expression.metric, expression.matchers, expression.range, _seconds(self.take()))
        if self.text == "@":
            raise QueryError("The modifier @ fixes a time and has no place in an alert.")
        return expression


def _unquote(text: str) -> str:
    return re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t"}.get(m[1], m[1]), text[1:-1])


def _check_pattern(pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise QueryError(f"The pattern {pattern!r} cannot be read: {error}.") from None
