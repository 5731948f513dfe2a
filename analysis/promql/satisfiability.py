"""Why a PromQL condition can never be true on the platform, as far as its value and the metrics' kinds tell.

Each reason was a real dead alert or is one that the platform accepts without a word: a metric or label that
nobody emits, a resource type of gen1, a constant, labels that exclude each other, zero asked of a metric that
has no points while idle, absence longer than the platform remembers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from analysis.promql import metrics
from analysis.promql.expression import (
    AGGREGATIONS,
    COMPARISONS,
    FUNCTIONS,
    RANGE_FUNCTIONS,
    Binary,
    Expression,
    FunctionCall,
    Matcher,
    Number,
    Selector,
    selectors,
    walk,
)

MAX_ABSENCE = 84_600
"""Longest absence that the platform sees: 23.5 hours (pitfall 65)."""


def problems(expression: Expression, duration: int) -> list[str]:
    """Return every reason, as a sentence, for which the condition is dead or refused; `duration` in seconds."""
    found = [problem for selector in selectors(expression) for problem in _selector(selector)]
    found += [
        problem for item in walk(expression) if isinstance(item, FunctionCall) for problem in _call(item, duration)
    ]
    found += [problem for item in walk(expression) if isinstance(item, Binary) for problem in _asks_zero(item)]
    if dead := never_true(expression):
        found.append(f"The condition can never be true: {dead}.")
    return list(dict.fromkeys(found))


def _selector(selector: Selector) -> Iterator[str]:
    metric = metrics.by_promql().get(selector.metric)
    if metric is None:
        yield f"The metric {selector.metric} is emitted by nothing that is known here; see analysis/promql/metrics.py."
        return
    resource = [m.value for m in selector.matchers if m.label == "monitored_resource" and m.operator == "="]
    if not resource:
        yield f"The selector of {selector.metric} names no monitored_resource."
    for name in resource:
        if name in metrics.GEN1:
            yield f"The resource type {name} belongs to gen1; a gen2 function is a cloud_run_revision."
        elif name not in metric.resources:
            yield f"{metric.type} is not written for {name}."
    for matcher in selector.matchers:
        if matcher.label not in metric.label_names():
            yield f"{metric.type} has no label {matcher.label}."
        elif (known := metric.labels.get(matcher.label)) and not any(map(matcher.accepts, known)):
            yield f"No value of {matcher.label} passes {matcher.operator}{matcher.value!r} on {metric.type}."
    if metric.kind == "DELTA" and selector.range is None:
        yield f"{metric.type} has no points while idle; read it over a range, as in sum_over_time(...[10m])."


def _call(call: FunctionCall, duration: int) -> Iterator[str]:
    inner = call.arguments[-1] if call.arguments else None
    if call.function not in FUNCTIONS | AGGREGATIONS:
        yield f"The function {call.function} is not known here."
    if call.function in RANGE_FUNCTIONS and not (isinstance(inner, Selector) and inner.range):
        yield f"{call.function} needs a range, as in {call.function}(metric[10m])."
    if not isinstance(inner, Selector):
        return
    metric = metrics.by_promql().get(inner.metric)
    if metric and metric.kind == "GAUGE" and call.function in ("rate", "increase"):
        yield f"{call.function} reads counters, but {metric.type} is a gauge."
    if call.function.startswith("absent") and (inner.range or 0) + duration > MAX_ABSENCE:
        yield "Absence is seen for at most 23.5 hours; let a scheduled function look for daily things."


def _asks_zero(comparison: Binary) -> Iterator[str]:
    """Refuse a comparison that only zero satisfies, on metrics that have no points instead of zero."""
    if comparison.operator not in ("==", "<=", "<") or comparison.boolean or not isinstance(comparison.right, Number):
        return
    limit, strict = comparison.right.value, comparison.operator == "<"
    only_zero = limit <= 1 if strict else limit < 1
    inside = selectors(comparison.left)
    table = metrics.by_promql()
    sparse = bool(inside) and all(s.metric in table and table[s.metric].kind == "DELTA" for s in inside)
    counts = not any(
        (isinstance(item, Binary) and item.operator in ("/", "or"))
        or (isinstance(item, FunctionCall) and item.function in ("histogram_quantile", "absent", "absent_over_time"))
        for item in walk(comparison.left)
    )
    if only_zero and sparse and counts:
        yield (
            f"`{comparison.operator} {limit:g}` never holds on a metric without points while idle; add `or vector(0)` or use `unless`."
        )


def never_true(expression: Expression) -> str | None:
    """Return why the expression is always empty, or None where it may return something."""
    match expression:
        case Selector(matchers=matchers):
            return _excluded(matchers)
        case FunctionCall("absent" | "absent_over_time"):
            return None
        case FunctionCall(arguments=arguments):
            return next((reason for a in arguments if (reason := never_true(a))), None)
        case Binary("or", left, right):
            return never_true(left) and never_true(right)
        case Binary("unless", left, right):
            same = "everything is subtracted from itself" if left == right else None
            return never_true(left) or same
        case Binary("and", left, right):
            return never_true(left) or never_true(right) or _disjoint(expression)
        case Binary(operator, left, right, boolean=False) if operator in COMPARISONS:
            return never_true(left) or never_true(right) or _compared(expression) or _disjoint(expression)
        case Binary(_, left, right):
            return never_true(left) or never_true(right)
    return None


def _excluded(matchers: tuple[Matcher, ...]) -> str | None:
    for exact in matchers:
        if exact.operator != "=":
            continue
        for other in matchers:
            if other.label == exact.label and not other.accepts(exact.value):
                return f"{exact.label} cannot be {exact.value!r} and pass {other.operator}{other.value!r}"
    return None


def _compared(comparison: Binary) -> str | None:
    left, right = constant(comparison.left), constant(comparison.right)
    if left is not None and right is not None:
        if not _holds(left, comparison.operator, right):
            return f"{left:g} {comparison.operator} {right:g} is false"
    elif right is not None and _highest(comparison.operator, right) < 0 and _not_negative(comparison.left):
        return f"a count, an age or a share is never {comparison.operator} {right:g}"
    return None


def constant(expression: Expression) -> float | None:
    """Return the value of an expression of constants, None of any other."""
    match expression:
        case Number(value):
            return value
        case FunctionCall("vector", (argument,)):
            return constant(argument)
        case Binary(operator, left, right) if operator in ("+", "-", "*", "/"):
            a, b = constant(left), constant(right)
            if a is None or b is None or (operator == "/" and b == 0):
                return None
            return {"+": a + b, "-": a - b, "*": a * b}.get(operator, a / b if b else 0.0)
    return None


def _holds(left: float, operator: str, right: float) -> bool:
    return {
        "==": left == right,
        "!=": left != right,
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
    }[operator]


def _highest(operator: str, limit: float) -> float:
    """Return the largest value that satisfies the comparison; just below the limit for `<`."""
    if operator == "<":
        return math.nextafter(limit, -math.inf)
    return limit if operator in ("<=", "==") else math.inf


def _not_negative(expression: Expression) -> bool:
    match expression:
        case Number(value):
            return value >= 0
        case Selector():
            return True
        case FunctionCall(arguments=arguments):
            return all(_not_negative(argument) for argument in arguments)
        case Binary("-", _, _):
            return False
        case Binary(_, left, right):
            return _not_negative(left) and _not_negative(right)
    return False


def _bounds(expression: Expression) -> Iterator[tuple[Expression, str, float]]:
    """Yield (what, operator, limit) of every comparison that must hold together."""
    if not isinstance(expression, Binary):
        return
    if expression.operator == "and":
        for bound in (*_bounds(expression.left), *_bounds(expression.right)):
            if expression.on is None or _alone(bound[0], expression.on):
                yield bound
    elif _filters(expression) and isinstance(expression.right, Number):
        what = expression.left
        while isinstance(what, Binary) and _filters(what):
            what = what.left
        yield what, expression.operator, expression.right.value
        yield from _bounds(expression.left)


def _filters(expression: Binary) -> bool:
    return expression.operator in COMPARISONS and not expression.boolean


def _alone(expression: Expression, labels: tuple[str, ...]) -> bool:
    """Say whether no two series of the expression have the same values of the labels."""
    if isinstance(expression, FunctionCall) and expression.function in AGGREGATIONS:
        return {*expression.by} <= {*labels}
    return not selectors(expression)


def _disjoint(expression: Expression) -> str | None:
    limits: dict[Expression, tuple[float, float]] = {}
    for what, operator, limit in _bounds(expression):
        low, high = limits.get(what, (-math.inf, math.inf))
        if operator in (">", ">=", "=="):
            low = max(low, math.nextafter(limit, math.inf) if operator == ">" else limit)
        if operator in ("<", "<=", "=="):
            high = min(high, math.nextafter(limit, -math.inf) if operator == "<" else limit)
        if low > high:
            return "its bounds exclude each other"
        limits[what] = (low, high)
    return None
