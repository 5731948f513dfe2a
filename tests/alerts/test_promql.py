"""PromQL as conditions use it: read as Prometheus reads it, and no crash on anything."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analysis.promql import deadness, metrics
from analysis.promql.expression import Binary, Call, Number, QueryError, Selector, parse


def test_reads_a_selector() -> None:
    found = parse("""a:b{x="1",y!~'2|3',} [1h30m] offset 5m""")
    assert isinstance(found, Selector)
    assert (found.metric, found.range, found.offset) == ("a:b", 5400, 300)
    assert [(m.label, m.operator, m.value) for m in found.matchers] == [("x", "=", "1"), ("y", "!~", "2|3")]


@pytest.mark.parametrize(
    ("query", "same"),
    [
        ("1 + 2 * 3", "1 + (2 * 3)"),
        ("1 - 2 - 3", "(1 - 2) - 3"),
        ("2 ^ 3 ^ 2", "2 ^ (3 ^ 2)"),
        ("a and b or c", "(a and b) or c"),
        ("a or b unless c", "a or (b unless c)"),
        ("a / b > 1 and c", "((a / b) > 1) and c"),
        ("sum by (x) (a)", "sum(a) by (x)"),
        ("- 1 + a", "(0 - 1) + a"),
        ("a # a comment", "a"),
    ],
)
def test_precedence(query: str, same: str) -> None:
    assert parse(query) == parse(same)


def test_reads_functions_and_matching() -> None:
    found = parse("histogram_quantile(0.99, sum by (le) (rate(m_bucket[5m]))) > bool 1")
    assert isinstance(found, Binary)
    assert found.boolean
    assert isinstance(found.left, Call)
    assert found.left.arguments[0] == Number(0.99)
    joined = parse("a unless on (x, y) b")
    assert isinstance(joined, Binary)
    assert joined.matching == ("on", "x", "y")


@pytest.mark.parametrize(
    "query",
    [
        "",
        "a[5m:1m]",
        "a @ 5",
        "a * on (x) group_left b",
        '{x="1"}',
        "a{x=1}",
        "a[5]",
        "sum(",
        "a b",
        "a{",
        "a)",
        "nope(a)",
        "a offset 5",
        "(a + b)[5m]",
        'a{x=~"("}',
        "a[1y]",
        "a $ b",
    ],
)
def test_refuses_what_it_does_not_know(query: str) -> None:
    with pytest.raises(QueryError, match=r"[A-Z{'].*\.$"):
        parse(query)


PIECES = st.sampled_from(
    [
        "a",
        "b:c",
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        "5m",
        "1",
        '"x"',
        "=",
        "=~",
        "==",
        ">",
        "and",
        "or",
        "unless",
        "on",
        "by",
        "sum",
        "rate",
        "offset",
        ",",
        "-",
        "+",
        "/",
        "^",
        "@",
        "bool",
        "#",
        "é",
    ]
)


@given(st.lists(PIECES, max_size=20).map(" ".join) | st.text(max_size=40))
@example("(" * 3000)
@example("-" * 3000 + "1")
@example("sum(" * 3000)
@settings(max_examples=400, deadline=None)
def test_no_query_crashes_the_reader(query: str) -> None:
    try:
        found = parse(query)
    except QueryError:
        return
    deadness.problems(found, 60)


@pytest.mark.parametrize("metric", metrics.METRICS, ids=lambda metric: metric.type)
def test_metrics_map_to_promql_names(metric: metrics.Metric) -> None:
    domain, path = metric.promql.split(":")
    assert domain.endswith("_googleapis_com")
    assert path == metric.type.partition("/")[2].replace("/", "_")
    assert set(metric.resources) <= set(metrics.RESOURCES)
    assert metric.source.startswith("https://")


def test_constants_are_folded() -> None:
    assert deadness.constant(parse("(1 + 2) * 3 - 4 / 2")) == 7
    assert deadness.constant(parse("vector(2) + a")) is None
    assert deadness.constant(parse("1 / 0")) is None
