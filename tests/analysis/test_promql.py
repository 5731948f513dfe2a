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
    (binary(binary(A, "-", B), "*", C), "(a{} - b{}) * c{}"),
    (binary(binary(A, "%", B), "-", C), "a{} % b{} - c{}"),
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
        (Binary("==", SENT, Number(0), boolean=True), False),
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


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (FunctionCall("rate", (OLDEST.over(600),)), "rate reads counters, but pubsub.googleapis.com/subscription/oldest_unacked_message_age is a gauge."),
        (FunctionCall("increase", (OLDEST.over(600),)), "increase reads counters, but pubsub.googleapis.com/subscription/oldest_unacked_message_age is a gauge."),
        (FunctionCall("max_over_time", (OLDEST.over(600),)), None),
        (FunctionCall("rate", (ACKS.over(600),)), None),
        (FunctionCall("max_over_time", (OLDEST,)), "max_over_time needs a range, as in max_over_time(metric[10m])."),
        (FunctionCall("max", (OLDEST,)), None),
        (FunctionCall("median", (OLDEST,)), "The function median is not known here."),
    ],
)  # fmt: skip
def test_a_function_reads_what_it_is_for(condition: Expression, said: str | None) -> None:
    assert satisfiability.problems(condition, 60) == ([said] if said else [])


EXCLUDED = "its bounds exclude each other"
BOTH = Binary("and", binary(A, ">", 5), binary(A, "<", 3))
NEVER = binary(Number(1), ">", 2)
FALSE = "1 > 2 is false"


def labelled(*matchers: Matcher) -> Selector:
    return Selector("a", matchers)


def both(one: Expression, other: Expression, on: tuple[str, ...] | None = None) -> Expression:
    return Binary("and", binary(one, ">", 5), binary(other, "<", 3), on)


def summed(*by: str) -> Expression:
    return FunctionCall("sum", (A,), by)


@pytest.mark.parametrize(
    ("condition", "dead"),
    [
        (labelled(Matcher("x", "=", "1"), Matcher("x", "=~", "2|3")), "x cannot be '1' and pass =~'2|3'"),
        (labelled(Matcher("x", "=", "2"), Matcher("x", "=~", "2|3")), None),
        (labelled(Matcher("x", "!=", "1"), Matcher("x", "=~", "1|2")), None),
        (labelled(Matcher("x", "=", "1"), Matcher("y", "=", "2")), None),
        (Binary("and", binary(A, ">=", 5), binary(A, "<=", 5)), None),
        (Binary("and", binary(A, ">", 5), binary(A, "<=", 5)), EXCLUDED),
        (Binary("and", binary(A, ">=", 5), binary(A, "<", 5)), EXCLUDED),
        (Binary("and", binary(A, "==", 5), binary(A, "==", 6)), EXCLUDED),
        (Binary("and", binary(A, "==", 5), binary(A, ">", 5)), EXCLUDED),
        (Binary("and", binary(A, "==", 5), binary(A, "<", 5)), EXCLUDED),
        (Binary("and", binary(A, "==", 5), binary(A, ">=", 5)), None),
        (Binary("and", binary(A, "!=", 5), binary(A, "==", 5)), None),
        (binary(binary(A, ">", 5), "<", 3), EXCLUDED),
        (binary(binary(A, ">", 3), "<", 5), None),
        (binary(binary(binary(A, ">", 3), "!=", 4), "<", 2), EXCLUDED),
        (binary(binary(A, ">", 5), "<", B), None),
        (both(A, A), EXCLUDED),
        (both(A, B), None),
        (Binary("and", binary(B, ">", 1), BOTH), EXCLUDED),
        (Binary("and", binary(A, ">", 5), Binary("and", binary(B, ">", 1), binary(A, "<", 3))), EXCLUDED),
        # other series may be what satisfies the other side
        (both(A, A, ()), None),
        (both(A, A, ("x",)), None),
        (both(summed(), summed(), ()), EXCLUDED),
        (both(summed("x"), summed("x"), ("x", "y")), EXCLUDED),
        (both(summed("x"), summed("x"), ()), None),
        (both(FunctionCall("vector", (TIME,)), FunctionCall("vector", (TIME,)), ()), EXCLUDED),
        # what gives 0 where it does not hold is there all the same
        (binary(Binary(">", A, Number(5), boolean=True), "<", 3), None),
        (Binary("and", Binary(">", A, Number(5), boolean=True), binary(A, "<", 3)), None),
        (Binary("<", A, Number(0), boolean=True), None),
        (Binary("<", NEVER, Number(0), boolean=True), FALSE),
        # what is made of something dead
        (together("or", NEVER, A), None),
        (together("or", A, NEVER), None),
        (together("or", NEVER, NEVER), FALSE),
        (together("and", A, NEVER), FALSE),
        (together("and", NEVER, A), FALSE),
        (together("unless", NEVER, A), FALSE),
        (together("unless", A, NEVER), None),
        (together("unless", A, B), None),
        (together("unless", A, A), "everything is subtracted from itself"),
        (binary(A, "+", NEVER), FALSE),
        (binary(NEVER, "+", A), FALSE),
        (FunctionCall("sum", (NEVER,)), FALSE),
        (FunctionCall("absent", (NEVER,)), None),
        # what cannot be negative
        (binary(binary(A, "+", 0), "<", 0), "a count, an age or a share is never < 0"),
        (binary(binary(A, "%", 60), "<", 0), "a count, an age or a share is never < 0"),
        (binary(binary(A, "+", -1), "<", 0), None),
        (binary(binary(Number(-1), "*", A), "<", 0), None),
    ],
    ids=lambda each: render(each) if isinstance(each, Binary | FunctionCall | Selector) else "",
)  # fmt: skip
def test_a_condition_is_dead_where_nothing_satisfies_it(condition: Expression, dead: str | None) -> None:
    assert satisfiability.never_true(condition) == dead
