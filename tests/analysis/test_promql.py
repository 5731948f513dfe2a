"""PromQL as conditions use it: rendered as Prometheus reads it, and judged dead or alive by its value."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from analysis.promql import metrics, satisfiability
from analysis.promql.expression import (
    Binary,
    Expression,
    FunctionCall,
    Matcher,
    Number,
    Selector,
    binary,
    render,
    selectors,
    shifted,
    together,
)
from tests.analysis.promql.test_evaluation import conditions

A, B, C = Selector("a"), Selector("b"), Selector("c")
TIME = FunctionCall("time")
WRITTEN: list[tuple[Expression, str]] = [
    (Selector("a:b", (Matcher("x", "!~", "2|3"),), 5400, 90), 'a:b{x!~"2|3"}[90m] offset 90s'),
    (Selector("a", (Matcher("x", "=", 'q"\\\n'),)), 'a{x="q\\"\\\\\\n"}'),
    (binary(binary(A, "+", B), "*", C), "(a{} + b{}) * c{}"),
    (binary(A, "+", binary(B, "*", C)), "a{} + b{} * c{}"),
    (binary(A, "-", binary(B, "-", C)), "a{} - (b{} - c{})"),
    (binary(binary(A, "-", B), "-", C), "a{} - b{} - c{}"),
    (binary(A, "/", binary(B, "*", C)), "a{} / (b{} * c{})"),
    (binary(binary(A, ">=", 2), "<", 5), "(a{} >= 2) < 5"),
    (together("or", together("and", A, B), C), "(a{} and on () b{}) or on () c{}"),
    (Binary("unless", A, B, ("x", "y")), "a{} unless on (x, y) b{}"),
    (Binary(">", A, Number(0.05), boolean=True), "a{} > bool 0.05"),
    (binary(A, ">", -3), "a{} > -3"),
    (binary(A, ">", 1772953200), "a{} > 1772953200"),
    (FunctionCall("sum", (A,), ("x", "y")), "sum by (x, y) (a{})"),
    (FunctionCall("vector", (binary(TIME, "%", 60),)), "vector(time() % 60)"),
]


@pytest.mark.parametrize(("expression", "text"), WRITTEN, ids=[text for _, text in WRITTEN])
def test_renders(expression: Expression, text: str) -> None:
    assert render(expression) == text


def test_the_clock_alone_is_set_forward() -> None:
    moved = shifted(together("and", binary(FunctionCall("vector", (TIME,)), ">", 5), A), 60)
    assert render(moved) == "(vector(time() + 60) > 5) and on () a{}"
    assert shifted(moved, 0) == moved


PUSHES = "pubsub_googleapis_com:subscription_push_request_count"
RESOURCE = Matcher("monitored_resource", "=", "pubsub_subscription")
ACKS = Selector(PUSHES, (RESOURCE, Matcher("response_class", "=", "ack")))
OLDEST = Selector("pubsub_googleapis_com:subscription_oldest_unacked_message_age", (RESOURCE,))


@given(conditions())
@settings(max_examples=200, deadline=None)
def test_no_condition_stops_the_linter(condition: Expression) -> None:
    assert any("emitted by nothing" in problem for problem in satisfiability.problems(condition, 60)) is bool(
        selectors(condition)
    )


@pytest.mark.parametrize(
    "condition",
    [
        binary(OLDEST, ">", 300),
        binary(binary(OLDEST, ">", 3), "<", 5),
        binary(FunctionCall("sum", (FunctionCall("sum_over_time", (ACKS.over(600),)),)), ">", 0),
        together("unless", FunctionCall("vector", (Number(1),)), FunctionCall("sum_over_time", (ACKS.over(600),))),
        binary(FunctionCall("day_of_week", (FunctionCall("vector", (TIME,)),)), "==", 0),
    ],
    ids=render,
)
def test_a_condition_that_can_hold_passes(condition: Expression) -> None:
    assert satisfiability.problems(condition, 60) == []


@pytest.mark.parametrize("metric", metrics.METRICS, ids=lambda metric: metric.type)
def test_metrics_map_to_promql_names(metric: metrics.Metric) -> None:
    domain, path = metric.promql.split(":")
    assert domain.endswith("_googleapis_com")
    assert path == metric.type.partition("/")[2].replace("/", "_")
    assert set(metric.resources) <= set(metrics.RESOURCES)
    assert metric.source.startswith("https://")


def test_constants_are_folded() -> None:
    seven = binary(binary(binary(Number(1), "+", 2), "*", 3), "-", binary(Number(4), "/", 2))
    assert satisfiability.constant(seven) == 7
    assert satisfiability.constant(binary(FunctionCall("vector", (Number(2),)), "+", A)) is None
    assert satisfiability.constant(binary(Number(1), "/", 0)) is None


@pytest.mark.parametrize("left", [1, 2, 3])
def test_a_comparison_of_constants_that_is_false_is_dead(left: int) -> None:
    true = {"==": left == 2, "!=": left != 2, "<": left < 2, "<=": left <= 2, ">": left > 2, ">=": left >= 2}
    for operator, holds in true.items():
        dead = None if holds else f"{left} {operator} 2 is false"
        assert satisfiability.never_true(binary(Number(left), operator, 2)) == dead
        assert satisfiability.never_true(Binary(operator, Number(left), Number(2), boolean=True)) is None


@pytest.mark.parametrize(
    ("operator", "limit", "dead"),
    [
        ("<", 0, True),
        ("<=", 0, False),
        ("<", 1, False),
        ("<=", -1, True),
        ("==", -1, True),
        ("==", 0, False),
        (">", -1, False),
    ],
)
def test_what_counts_is_never_below_zero(operator: str, limit: int, dead: bool) -> None:
    said = f"a count, an age or a share is never {operator} {limit}" if dead else None
    assert satisfiability.never_true(binary(FunctionCall("sum", (A,)), operator, limit)) == said
    assert satisfiability.never_true(binary(binary(A, "-", B), operator, limit)) is None
    assert satisfiability.never_true(binary(binary(A, "/", B), operator, limit)) == said


@pytest.mark.parametrize(
    ("window", "duration", "seen"),
    [(None, 84_600, True), (None, 84_601, False), (600, 84_000, True), (600, 84_001, False)],
)
def test_absence_is_seen_for_23_hours_and_a_half(window: int | None, duration: int, seen: bool) -> None:
    absent = FunctionCall("absent_over_time" if window else "absent", (replace(OLDEST, range=window),))
    refused = "Absence is seen for at most 23.5 hours; let a scheduled function look for daily things."
    assert satisfiability.problems(absent, duration) == ([] if seen else [refused])


SENT = FunctionCall("sum", (FunctionCall("sum_over_time", (ACKS.over(600),)),))
LATENCY = Selector("pubsub_googleapis_com:subscription_push_request_latencies_bucket", (RESOURCE,), 600)
SLOW = FunctionCall("histogram_quantile", (Number(0.99), FunctionCall("sum_over_time", (LATENCY,))))
NOTHING = FunctionCall("vector", (Number(0),))


@pytest.mark.parametrize(
    ("condition", "dead"),
    [
        (binary(SENT, "==", 0), True),
        (binary(SENT, "<=", 0), True),
        (binary(SENT, "<", 1), True),
        (binary(SENT, "==", 1), False),
        (binary(SENT, "<=", 1), False),
        (binary(SENT, "<", 2), False),
        (binary(SENT, ">", 0), False),
        (binary(SENT, "<", SENT), False),
        (binary(binary(SENT, "+", SENT), "==", 0), True),
        (binary(binary(SENT, "/", SENT), "==", 0), False),
        (binary(together("or", SENT, NOTHING), "==", 0), False),
        (binary(binary(SENT, "*", FunctionCall("max", (OLDEST,))), "==", 0), False),
        (binary(SLOW, "<", 1), False),
        (binary(FunctionCall("vector", (TIME,)), "<", 1), False),
    ],
    ids=lambda each: render(each) if isinstance(each, Binary) else str(each),
)
def test_zero_is_not_asked_of_what_has_no_points_instead(condition: Expression, dead: bool) -> None:
    found = satisfiability.problems(condition, 60)
    assert [each.endswith("use `unless`.") for each in found] == [True] * dead
