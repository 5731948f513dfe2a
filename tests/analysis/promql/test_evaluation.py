"""The evaluator says what Prometheus says, of conditions and samples that nobody thought of."""

from __future__ import annotations

import math
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.promql.evaluation import NotEvaluated, Samples, evaluate
from analysis.promql.expression import (
    Binary,
    Expression,
    FunctionCall,
    Matcher,
    Number,
    Selector,
    binary,
    render,
    together,
)

MOMENTS = (0, 7 * 60, 12 * 60, 19 * 60, 24 * 60)
LABELS = ({"a": "x", "b": "1"}, {"a": "x", "b": "2"}, {"a": "y", "b": "1"})
Notation = Sequence[int | None]

matchers = st.sampled_from([(), (Matcher("a", "=", "x"),), (Matcher("b", "!=", "2"),), (Matcher("a", "=~", "x|z"),)])
ranges = st.sampled_from([60, 180, 600])
limits = st.sampled_from([0, 0.5, 1, 2, 3, 5])
groupings = st.sampled_from([(), ("a",)])


@cache
def overs(by: tuple[str, ...]) -> st.SearchStrategy[Expression]:
    """Numbers by the same labels, so that any two of them can be matched; made once, for it is checked when it is made."""
    read = st.builds(Selector, st.just("m"), matchers, ranges, st.sampled_from([0, 120]))
    functions = st.sampled_from(["sum_over_time", "max_over_time", "min_over_time", "count_over_time"])
    inner = st.builds(lambda function, selector: FunctionCall(function, (selector,)), functions, read)
    grouped = st.builds(
        lambda name, item: FunctionCall(name, (item,), by), st.sampled_from(["sum", "max", "min", "count"]), inner
    )
    return st.recursive(
        grouped,
        lambda deeper: (
            st.builds(Binary, st.sampled_from(["+", "-", "*", "/", "%"]), deeper, deeper)
            | st.builds(binary, deeper, st.sampled_from(["+", "-", "*", "/", "%"]), limits)
        ),
        max_leaves=3,
    )


@cache
def comparisons(by: tuple[str, ...]) -> st.SearchStrategy[Expression]:
    operators = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
    plain = st.builds(binary, overs(by), operators, limits)
    between = st.builds(Binary, operators, overs(by), overs(by))
    flags = st.builds(lambda o, left, limit: Binary(o, left, Number(limit), boolean=True), operators, overs(by), limits)
    clock = st.builds(
        lambda function, operator, limit: binary(
            FunctionCall(function, (FunctionCall("vector", (FunctionCall("time"),)),)), operator, limit
        ),
        st.sampled_from(["month", "day_of_month", "day_of_week"]),
        operators,
        limits,
    )
    shares = st.builds(
        lambda least, operator, limit: binary(
            binary(FunctionCall("vector", (binary(FunctionCall("time"), "-", least),)), "%", 700), operator, limit * 100
        ),
        limits,
        operators,
        limits,
    )
    return plain | between | flags | (clock | shares if not by else plain)


@st.composite
def conditions(draw: st.DrawFn) -> Expression:
    by = draw(groupings)
    found = draw(comparisons(by))
    for _ in range(draw(st.integers(0, 3))):
        operator, on = draw(st.sampled_from(["and", "or", "unless"])), draw(st.sampled_from([None, ()]))
        found = Binary(operator, found, draw(comparisons(by)), on)
    return found


notations = st.lists(st.none() | st.integers(0, 4), min_size=25, max_size=25)


def known(values: Sequence[Notation]) -> list[Samples]:
    found = []
    for labels, column in zip(LABELS, values, strict=True):
        there = [(60.0 * at, float(value)) for at, value in enumerate(column) if value is not None]
        found.append(Samples("m", labels, [t for t, _ in there], [v for _, v in there]))
    return found


def document(items: Sequence[Expression], values: Sequence[Notation]) -> dict[str, object]:
    """Ask Prometheus how many series each condition gives at each moment, expecting what the evaluator says."""
    series = known(values)
    asked = [
        {
            "expr": f"count({render(item)}) or vector(0)",
            "eval_time": f"{moment}s",
            "exp_samples": [{"labels": "{}", "value": len(evaluate(item, series, moment))}],  # type: ignore[arg-type]
        }
        for item in items
        for moment in MOMENTS
    ]
    inputs = [
        {
            "series": f'm{{a="{labels["a"]}",b="{labels["b"]}"}}',
            "values": " ".join("_" if v is None else str(v) for v in c),
        }
        for labels, c in zip(LABELS, values, strict=True)
    ]
    return {"tests": [{"interval": "1m", "input_series": inputs, "promql_expr_test": asked}]}


@pytest.mark.slow
@given(st.lists(conditions(), min_size=12, max_size=12), st.lists(notations, min_size=3, max_size=3))
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_prometheus_says_the_same(
    tmp_path_factory: pytest.TempPathFactory, items: list[Expression], values: list[Notation]
) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed; on Debian: apt-get install prometheus")
    path = tmp_path_factory.mktemp("conditions") / "test.yaml"
    path.write_text(yaml.safe_dump(document(items, values), width=100_000))
    done = subprocess.run([promtool, "test", "rules", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:3000]


def test_quantiles_are_those_of_prometheus(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed; on Debian: apt-get install prometheus")
    counts = {"0.1": 2, "0.5": 6, "1": 9, "+Inf": 10}
    series = [Samples("b", {"le": le}, [0.0], [float(count)]) for le, count in counts.items()]
    asked = []
    for share in (0.05, 0.2, 0.5, 0.77, 0.9, 0.99):
        item = FunctionCall("histogram_quantile", (Number(share), Selector("b")))
        ((_, value),) = evaluate(item, series, 0).items()  # type: ignore[union-attr]
        asked.append({"expr": render(item), "eval_time": "0s", "exp_samples": [{"labels": "{}", "value": value}]})
    inputs = [{"series": f'b{{le="{le}"}}', "values": str(count)} for le, count in counts.items()]
    tests = [{"interval": "1m", "input_series": inputs, "promql_expr_test": asked}]
    (tmp_path / "test.yaml").write_text(yaml.safe_dump({"tests": tests}))
    done = subprocess.run(
        [promtool, "test", "rules", "test.yaml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (value,) = evaluate(FunctionCall("histogram_quantile", (Number(0.5), Selector("b"))), series[:1], 0).values()  # type: ignore[union-attr]
    assert math.isnan(value)


@pytest.mark.parametrize(
    "item",
    [
        FunctionCall("rate", (Selector("m", (), 300),)),
        FunctionCall("vector", (Selector("m"),)),
        binary(Number(1), ">", 2),
        together("and", Number(1), Selector("m")),
        FunctionCall("sum", (Number(1),)),
        Binary("+", Selector("m"), FunctionCall("sum_over_time", (Selector("m", (), 300),)), on=()),
    ],
)
def test_what_is_not_evaluated_is_refused(item: Expression) -> None:
    with pytest.raises(NotEvaluated, match=r"^[A-Z].*\.$"):
        evaluate(item, known([[1, 2, 3]] * 3), 120)


M = Selector("m")
TIME = FunctionCall("time")
ALL: Mapping[str, float] = {"x1": 3, "x2": 6, "y1": 9}


def over(name: str, seconds: int = 60, offset: int = 0) -> FunctionCall:
    return FunctionCall(name, (M.over(seconds, offset),))


def grouped(name: str, *by: str) -> FunctionCall:
    return FunctionCall(name, (M,), by)


def vector(inner: Expression | float) -> FunctionCall:
    return FunctionCall("vector", (Number(inner) if isinstance(inner, int | float) else inner,))


@pytest.mark.parametrize(
    ("item", "value"),
    [
        (M, ALL),
        (Selector("n"), {}),
        (Selector("m", (Matcher("a", "=", "x"),)), {"x1": 3, "x2": 6}),
        (Selector("m", (Matcher("c", "=", ""),)), ALL),
        (Selector("m", (), None, 60), {"x1": 2, "x2": 5, "y1": 8}),
        (over("sum_over_time"), {"x1": 5, "x2": 11, "y1": 17}),
        (over("max_over_time", 120), ALL),
        (over("min_over_time", 120), {"x1": 1, "x2": 4, "y1": 7}),
        (over("count_over_time", 600), {"x1": 3, "x2": 3, "y1": 3}),
        (over("sum_over_time", 60, 60), {"x1": 3, "x2": 9, "y1": 15}),
        (grouped("sum"), {"": 18}),
        (grouped("sum", "a"), {"x": 9, "y": 9}),
        (grouped("max", "a"), {"x": 6, "y": 9}),
        (grouped("min", "a"), {"x": 3, "y": 9}),
        (grouped("count", "a"), {"x": 2, "y": 1}),
        (binary(M, "+", 1), {"x1": 4, "x2": 7, "y1": 10}),
        (binary(Number(10), "-", M), {"x1": 7, "x2": 4, "y1": 1}),
        (binary(M, "*", M), {"x1": 9, "x2": 36, "y1": 81}),
        (binary(M, "%", 4), {"x1": 3, "x2": 2, "y1": 1}),
        (binary(M, "/", 0), dict.fromkeys(ALL, math.inf)),
        (binary(binary(Number(0), "-", M), "/", 0), dict.fromkeys(ALL, -math.inf)),
        (binary(grouped("sum", "a"), "+", grouped("max", "a")), {"x": 15, "y": 18}),
        (Binary("-", grouped("sum", "a"), grouped("sum", "a", "c"), ("a",)), {"x": 0, "y": 0}),
        (binary(M, ">", 5), {"x2": 6, "y1": 9}),
        (binary(Number(5), "<", M), {"x2": 6, "y1": 9}),
        (binary(M, ">=", binary(M, "%", 4)), ALL),
        (binary(M, "==", binary(M, "%", 4)), {"x1": 3}),
        (Binary(">", M, Number(5), boolean=True), {"x1": 0, "x2": 1, "y1": 1}),
        (Binary("and", M, binary(M, ">", 5)), {"x2": 6, "y1": 9}),
        (Binary("unless", M, binary(M, ">", 5)), {"x1": 3}),
        (Binary("or", binary(M, ">", 5), binary(M, "+", 100)), {"x1": 103, "x2": 6, "y1": 9}),
        (together("and", M, binary(grouped("sum"), ">", 17)), ALL),
        (together("and", M, binary(grouped("sum"), ">", 18)), {}),
        (together("unless", M, binary(grouped("sum"), ">", 17)), {}),
        (together("unless", M, binary(grouped("sum"), ">", 18)), ALL),
        (together("or", binary(M, ">", 8), M), {"y1": 9}),
        (together("or", binary(M, ">", 9), vector(0)), {"": 0}),
        (vector(TIME), {"": 120}),
        (FunctionCall("month", (vector(TIME),)), {"": 1}),
        (FunctionCall("day_of_month", (vector(31 * 86400),)), {"": 1}),
        (FunctionCall("month", (vector(31 * 86400),)), {"": 2}),
        (FunctionCall("day_of_week", (vector(TIME),)), {"": 4}),
        (FunctionCall("day_of_week", (vector(3 * 86400),)), {"": 0}),
    ],
    ids=lambda each: "" if isinstance(each, dict) else render(each),
)
def test_series_have_their_values(item: Expression, value: Mapping[str, float]) -> None:
    found = evaluate(item, known([[1, 2, 3], [4, 5, 6], [7, 8, 9]]), 120)
    assert isinstance(found, dict)
    assert {"".join(text for _, text in sorted(key)): each for key, each in found.items()} == value


@pytest.mark.parametrize(
    ("item", "value"),
    [
        (Number(2), 2),
        (TIME, 120),
        (binary(Number(7), "%", 4), 3),
        (binary(Number(-7), "%", 4), -3),
        (binary(Number(7), "/", 2), 3.5),
        (binary(Number(7), "-", 2), 5),
        (binary(Number(-1), "/", 0), -math.inf),
        (Binary(">", Number(1), Number(2), boolean=True), 0),
        (Binary("<", Number(1), Number(2), boolean=True), 1),
    ],
    ids=lambda each: render(each) if isinstance(each, Binary | FunctionCall | Number) else "",
)
def test_numbers_have_theirs(item: Expression, value: float) -> None:
    assert evaluate(item, [], 120) == value


@pytest.mark.parametrize("item", [binary(Number(0), "/", 0), binary(Number(7), "%", 0)], ids=render)
def test_what_has_no_value_is_not_a_number(item: Expression) -> None:
    assert math.isnan(evaluate(item, [], 0))  # type: ignore[arg-type]


def test_a_sample_stands_for_five_minutes() -> None:
    series = [Samples("m", {}, [0.0], [1.0])]
    assert evaluate(M, series, 299)
    assert not evaluate(M, series, 301)


@pytest.mark.parametrize(
    ("share", "counts", "value"),
    [
        (0.05, {"0.1": 2, "0.5": 6, "1": 9, "+Inf": 10}, 0.025),
        (0.2, {"0.1": 2, "0.5": 6, "1": 9, "+Inf": 10}, 0.1),
        (0.5, {"0.1": 2, "0.5": 6, "1": 9, "+Inf": 10}, 0.4),
        (0.99, {"0.1": 2, "0.5": 6, "1": 9, "+Inf": 10}, 1),
        (0.5, {"0": 5, "1": 5, "+Inf": 5}, 0),
        (0.5, {"1": 4, "+Inf": 4}, 0.5),
        (0.5, {"+Inf": 4}, None),
        (0.5, {"0.1": 2, "1": 4}, None),
        (0.5, {"1": 0, "+Inf": 0}, None),
    ],
)
def test_a_quantile_lies_within_its_bucket(share: float, counts: Mapping[str, float], value: float | None) -> None:
    series = [Samples("b", {"a": "x", "le": le}, [0.0], [count]) for le, count in counts.items()]
    found = evaluate(FunctionCall("histogram_quantile", (Number(share), Selector("b"))), series, 0)
    assert isinstance(found, dict)
    assert [*found] == [frozenset({("a", "x")})]
    assert found[frozenset({("a", "x")})] == pytest.approx(math.nan if value is None else value, nan_ok=True)
