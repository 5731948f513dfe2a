"""What a PromQL expression gives at a moment over known samples, without a server.

For what needs thousands of evaluations, such as a rule in every time zone, or a day that was played on this machine;
whether it agrees with Prometheus is tested with Prometheus. Does not extrapolate (`rate`, `increase`) and refuses what it
cannot give with `NotEvaluated`.
"""

from __future__ import annotations

import math
import operator
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from analysis.promql.expression import (
    AGGREGATIONS,
    CLOCK_FUNCTIONS,
    SETS,
    Binary,
    Expression,
    FunctionCall,
    Number,
    Selector,
)

LOOKBACK = 300
"""Seconds for which the last sample stands for a series (Prometheus)."""

Labels = frozenset[tuple[str, str]]
Vector = dict[Labels, float]
Value = float | Vector


class NotEvaluated(ValueError):
    """The expression uses something that this module does not evaluate; the message is a sentence."""


@dataclass(frozen=True)
class Samples:
    """The samples of one series, by time in seconds."""

    metric: str
    labels: Mapping[str, str]
    times: Sequence[float]
    values: Sequence[float]
    key: Labels = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", frozenset(self.labels.items()))

    def between(self, first: float, last: float) -> Sequence[float]:
        """Return the values from `first` to `last`, both included."""
        return self.values[bisect_left(self.times, first) : bisect_right(self.times, last)]


_OVER_TIME: Mapping[str, Callable[[Sequence[float]], float]] = {
    "sum_over_time": math.fsum,
    "max_over_time": max,
    "min_over_time": min,
    "count_over_time": len,
}
_AGGREGATE: Mapping[str, Callable[[Sequence[float]], float]] = {"sum": math.fsum, "max": max, "min": min, "count": len}
_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _over_zero(number: float) -> float:
    """Return a number divided by zero, as floating point has it and Python refuses."""
    return math.nan if not number or math.isnan(number) else math.copysign(math.inf, number)


_ARITHMETIC: Mapping[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": lambda left, right: left / right if right else _over_zero(left),
    "%": lambda left, right: math.fmod(left, right) if right and math.isfinite(left) else math.nan,
}


def evaluate(expression: Expression, series: Sequence[Samples], at: float) -> Value:
    """Return the value at a moment: a number for a scalar, otherwise the values by their labels."""
    if isinstance(expression, Binary):
        return _combined(expression, evaluate(expression.left, series, at), evaluate(expression.right, series, at))
    if isinstance(expression, Number):
        return expression.value
    if isinstance(expression, FunctionCall):
        return _called(expression, series, at)
    return {s.key: found[-1] for s, found in _read(expression, series, at, LOOKBACK)}


def _read(
    selector: Selector, series: Sequence[Samples], at: float, window: float
) -> Iterable[tuple[Samples, Sequence[float]]]:
    """Yield the series that pass and have samples in the window that ends at the moment less the offset."""
    end = at - selector.offset
    for item in series:
        if item.metric == selector.metric and all(m.accepts(item.labels.get(m.label, "")) for m in selector.matchers):
            found = item.between(end - window, end)
            if found:
                yield item, found


def _called(call: FunctionCall, series: Sequence[Samples], at: float) -> Value:
    if call.function == "time" and not call.arguments:
        return at
    match call.function, call.arguments:
        case name, (Selector() as inner,) if name in _OVER_TIME and inner.range:
            return {s.key: float(_OVER_TIME[name](found)) for s, found in _read(inner, series, at, inner.range)}
        case "vector", (inner,):
            return {frozenset(): _scalar(evaluate(inner, series, at))}
        case name, (inner,) if name in CLOCK_FUNCTIONS:
            return {key: _calendar(name, value) for key, value in _vector(evaluate(inner, series, at)).items()}
        case name, (inner,) if name in AGGREGATIONS:
            return _aggregated(call, _vector(evaluate(inner, series, at)))
        case "histogram_quantile", (share, inner):
            return _quantiles(_scalar(evaluate(share, series, at)), _vector(evaluate(inner, series, at)))
    raise NotEvaluated(f"The function {call.function} is not evaluated here for these arguments.")


def _scalar(value: Value) -> float:
    if isinstance(value, dict):
        raise NotEvaluated("A number is expected instead of series.")
    return value


def _vector(value: Value) -> Vector:
    if not isinstance(value, dict):
        raise NotEvaluated("Series are expected instead of a number.")
    return value


def _calendar(name: str, seconds: float) -> float:
    moment = datetime.fromtimestamp(seconds, UTC)
    return {"month": moment.month, "day_of_month": moment.day, "day_of_week": moment.isoweekday() % 7}[name]


def _aggregated(call: FunctionCall, vector: Vector) -> Vector:
    groups: dict[Labels, list[float]] = {}
    for labels, value in vector.items():
        groups.setdefault(frozenset(item for item in labels if item[0] in call.by), []).append(value)
    return {labels: float(_AGGREGATE[call.function](values)) for labels, values in groups.items()}


def _quantiles(share: float, vector: Vector) -> Vector:
    groups: dict[Labels, list[tuple[float, float]]] = {}
    for labels, count in vector.items():
        bound = dict(labels).get("le")
        if bound is not None:
            rest = frozenset(item for item in labels if item[0] != "le")
            groups.setdefault(rest, []).append((float(bound), count))
    return {labels: _quantile(share, sorted(buckets)) for labels, buckets in groups.items()}


def _quantile(share: float, buckets: Sequence[tuple[float, float]]) -> float:
    """Return a quantile of cumulative counts, interpolated within its bucket."""
    if len(buckets) < 2 or buckets[-1][0] != math.inf or not buckets[-1][1]:
        return math.nan
    rank = share * buckets[-1][1]
    at = next(number for number, (_, count) in enumerate(buckets) if count >= rank)
    if at == len(buckets) - 1:
        return buckets[-2][0]
    bound, count = buckets[at]
    if at == 0:
        return bound if bound <= 0 else bound * rank / count
    low, before = buckets[at - 1]
    return low + (bound - low) * (rank - before) / (count - before)


def _combined(expression: Binary, left: Value, right: Value) -> Value:
    name = expression.operator
    if name in SETS:
        return _set(expression, _vector(left), _vector(right))
    compares = _COMPARE.get(name)
    if not isinstance(left, dict) and not isinstance(right, dict):
        if compares is None:
            return _ARITHMETIC[name](left, right)
        if not expression.boolean:
            raise NotEvaluated("A comparison of two numbers needs bool.")
        return float(compares(left, right))
    found: dict[Labels, float] = {}
    for key, a, b in _pairs(expression, left, right):
        if compares is None:
            found[key] = _ARITHMETIC[name](a, b)
        elif expression.boolean:
            found[key] = float(compares(a, b))
        elif compares(a, b):
            found[key] = a if isinstance(left, dict) else b
    return found


def _pairs(expression: Binary, left: Value, right: Value) -> Iterable[tuple[Labels, float, float]]:
    if not isinstance(left, dict):
        yield from ((key, left, value) for key, value in _vector(right).items())
    elif not isinstance(right, dict):
        yield from ((key, value, right) for key, value in left.items())
    else:
        others = {_matched(expression, key): value for key, value in right.items()}
        groups = {_matched(expression, key) for key in left}
        if len(others) < len(right) or len(groups) < len(left):
            raise NotEvaluated("More than one series matches; only one to one is evaluated here.")
        for key, value in left.items():
            group = _matched(expression, key)
            if group in others:
                yield group, value, others[group]


def _set(expression: Binary, left: Vector, right: Vector) -> Vector:
    theirs = {_matched(expression, key) for key in right}
    if expression.operator == "or":
        mine = {_matched(expression, key) for key in left}
        return {**left, **{key: value for key, value in right.items() if _matched(expression, key) not in mine}}
    wanted = expression.operator == "and"
    return {key: value for key, value in left.items() if (_matched(expression, key) in theirs) is wanted}


def _matched(expression: Binary, labels: Labels) -> Labels:
    return labels if expression.on is None else frozenset(item for item in labels if item[0] in expression.on)
