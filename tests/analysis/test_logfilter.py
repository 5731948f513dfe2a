"""The Logging query language: each rule of the language as the platform documents it, and no crash on anything."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.logfilter.expression import (
    OPERATORS,
    AllOf,
    AnyOf,
    Compare,
    Filter,
    Not,
    comparisons,
    never_true,
    problems,
    render,
    required,
)
from analysis.logfilter.expression import compare as c

ENTRY: dict[str, Any] = {
    "logName": "projects/p/logs/run.googleapis.com%2Fstderr",
    "resource": {"type": "cloud_run_revision", "labels": {"service_name": "orchestrator"}},
    "severity": "ERROR",
    "timestamp": "2026-01-29T17:36:04Z",
    "textPayload": "ModuleNotFoundError: No module named 'shared'",
    "httpRequest": {"status": 503, "requestUrl": "https://x/y", "latency": "0.5s"},
    "labels": {"execution-id": "abc"},
}
EVENT: dict[str, Any] = {
    "resource": {"type": "cloud_run_revision", "labels": {}},
    "severity": "WARNING",
    "jsonPayload": {
        "event": "gate_blocked",
        "count": 3,
        "share": 0.6,
        "ok": False,
        "missing": ["a", "b"],
        "items": [{"name": "x"}, {"name": "y"}],
        "@type": "T",
        "nothing": None,
        "build": "20260129",
        "word": "nan",
        "details": {"first": {"second": "deep value"}},
    },
}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        # equality ignores case, regular expressions do not
        (c("severity", "=", "error"), True),
        (c("resource.type", "=", "CLOUD_RUN_REVISION"), True),
        (c("textPayload", "=~", "modulenotfound"), False),
        (c("textPayload", "=~", "(?i)modulenotfound"), True),
        (c("textPayload", "=~", "^ModuleNotFoundError: "), True),
        (c("textPayload", "!~", "Import"), True),
        # `:` is a substring
        (c("textPayload", ":", "no module"), True),
        (c("textPayload", ":", "nothing of it"), False),
        # order
        (c("severity", ">=", "ERROR"), True),
        (c("severity", ">", "ERROR"), False),
        (AllOf((c("severity", ">=", "WARNING"), c("severity", "<", "CRITICAL"))), True),
        (c("severity", "=", "500"), True),
        (c("httpRequest.status", ">=", "500"), True),
        (c("httpRequest.status", "<", "500"), False),
        (c("timestamp", ">=", "2026-01-29T00:00:00Z"), True),
        (c("timestamp", ">=", "2026-01-30T00:00:00Z"), False),
        # missing, defaulted
        (c("jsonPayload.event", "=", "x"), False),
        (c("jsonPayload.event", "!=", "x"), False),
        (Not(c("jsonPayload.event", "=", "x")), True),
        (c("trace", "=", ""), True),
        (c("trace", "!=", "abc"), True),
        (c("labels.execution-id", "=", "abc"), True),
        (c("labels.nobody", "!=", "abc"), False),
        (c("metadata.nobody", "!=", "abc"), False),
        (c("resource.labels.nobody", "!=", "abc"), False),
        (c("resource.labels.service_name", "!=", "abc"), True),
        (c("protoPayload.labels", "!=", "abc"), False),
        (c("operation.id", "!=", "abc"), True),
        (c("sourceLocation.file", "=", ""), True),
        (AnyOf((c("severity", "=", "INFO"), c("severity", "=", "ERROR"))), True),
        (c("severity", "=", "INFO", "ERROR"), True),
        (AllOf(()), True),
        (AnyOf(()), False),
    ],
)
def test_language(found: Filter, expected: bool) -> None:
    assert found.holds(ENTRY) is expected


@pytest.mark.parametrize(
    ("path", "operator", "value", "expected"),
    [
        ("jsonPayload.count", "=", "3", True),
        ("jsonPayload.count", ">", "2.5", True),
        ("jsonPayload.count", ":", "3", True),
        ("jsonPayload.count", ":", "33", False),
        ("jsonPayload.share", "<", "1", True),
        ("jsonPayload.share", "=", "-1", False),
        ("jsonPayload.ok", "=", "false", True),
        ("jsonPayload.ok", ":", "true", False),
        ("jsonPayload.missing", "=", "b", True),
        ("jsonPayload.missing", ":", "c", False),
        ("jsonPayload.items.name", "=", "y", True),
        ("jsonPayload.@type", "=", "T", True),
        ("jsonPayload.nothing", "=", "", False),
        ("jsonPayload.details", ":", "deep", True),
        ("jsonPayload.share", ":", "0", False),
        ("jsonPayload.ok", ":", "false", True),
        ("jsonPayload.ok", ":", "fal", False),
        ("jsonPayload.build", ":", "2026", True),
        ("jsonPayload.word", "=", "NaN", True),
        ("jsonPayload.word", "=", "2", False),
        ("jsonPayload.details", "=", "deep value", False),
        ("jsonPayload.details", "!=", "deep value", False),
        ("jsonPayload.details.first.second", "=", "deep value", True),
        ("jsonPayload.event.more", "=", "x", False),
        ("textPayload", "=", "", False),
    ],
)
def test_values(path: str, operator: str, value: str, expected: bool) -> None:
    assert c(path, operator, value).holds(EVENT) is expected


@pytest.mark.parametrize(
    ("entry", "value", "expected"),
    [
        ({}, "DEFAULT", True),
        ({}, "INFO", False),
        ({"severity": "odd"}, "DEFAULT", True),
        ({"severity": "odd"}, "1", False),
        ({"severity": "info"}, "INFO", True),
        ({"severity": 200}, "INFO", True),
    ],
)
@pytest.mark.parametrize("operator", ["=", ":"])
def test_a_severity_that_is_none_is_the_default(
    entry: dict[str, Any], operator: str, value: str, expected: bool
) -> None:
    assert c("severity", operator, value).holds(entry) is expected


WRITTEN: list[tuple[Filter, str]] = [
    (c("resource.type", "=", "cloud_run_revision"), 'resource.type="cloud_run_revision"'),
    (c("severity", ">=", "ERROR"), "severity>=ERROR"),
    (c("jsonPayload.@type", "=", "T"), 'jsonPayload."@type"="T"'),
    (c("labels.execution-id", "=", "a"), 'labels."execution-id"="a"'),
    (c("textPayload", "=~", 'a"\\.\n'), 'textPayload=~"a\\"\\\\.\\n"'),
    (c("jsonPayload.event", "=", "a", "b"), 'jsonPayload.event=("a" OR "b")'),
    (AnyOf((c("trace", "=", "a"), c("spanId", "=", "b"))), '(trace="a" OR spanId="b")'),
    (AllOf((c("trace", "=", "a"), Not(c("severity", "=", "INFO")))), 'trace="a"\nNOT (severity=INFO)'),
    (
        AllOf(
            (c("trace", "=", "a"), AnyOf((AllOf((c("spanId", "=", "b"), c("spanId", "=", "c"))), c("trace", "=", "d"))))
        ),
        'trace="a"\n((spanId="b" AND spanId="c") OR trace="d")',
    ),
]


@pytest.mark.parametrize(("found", "text"), WRITTEN, ids=[text for _, text in WRITTEN])
def test_renders(found: Filter, text: str) -> None:
    assert render(found) == text


texts = st.text(max_size=8)
leaves = st.builds(
    lambda path, operator, value: Compare(tuple(path.split(".")), operator, value),
    st.sampled_from(["textPayload", "jsonPayload.a", "severity", "labels.x-y", "resource.type", "httpRequest.status"]),
    st.sampled_from(OPERATORS),
    texts | st.sampled_from(["ERROR", "500", ".*"]),
)
filters = st.recursive(
    leaves,
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(AllOf, st.lists(inner, min_size=1, max_size=3).map(tuple))
        | st.builds(AnyOf, st.lists(inner, min_size=1, max_size=3).map(tuple))
    ),
    max_leaves=6,
)


@given(filters)
@settings(max_examples=300, deadline=None)
def test_every_value_stands_in_the_text_and_every_alternative_in_parentheses(found: Filter) -> None:
    """Texts are literals of JSON's kind, so what is between them is grammar only."""
    written = render(found)
    literal = re.compile(r'"(?:[^"\\\n]|\\.)*"')
    spoken = [json.loads(text, strict=False) for text in literal.findall(written)]
    for item in comparisons(found):
        assert (
            item.value in spoken
            or (item.path == ("severity",) and f"severity{item.operator}{item.value}" in written)
            or (item.path == ("severity",) and item.value in written)
        )
    bare = literal.sub("", written)
    assert bare.count("(") == bare.count(")")
    depth = 0
    for piece in re.split(r"([()])", bare):
        depth += {"(": 1, ")": -1}.get(piece, 0)
        assert " OR " not in piece or depth > 0


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (c("thud", "=", "x"), "no field 'thud'"),
        (c("operation.thud", "=", "x"), "no field 'operation.thud'"),
        (c("operation.id.thud", "=", "x"), "no field 'operation.id.thud'"),
        (c("resource.thud", "=", "x"), "no field 'resource.thud'"),
        (c("textPayload.thud", "=", "x"), "no field 'textPayload.thud'"),
        (c("severity", ">=", "LOUD"), "is no severity"),
        (c("textPayload", "=~", "("), "cannot be read"),
        (c("textPayload", "=~", "(?=x)"), "RE2"),
        (c("textPayload", "=~", "(a+)+$"), "repeats a repetition"),
        (c("jsonPayload..x", "=", "1"), "empty part"),
        (Compare((), "=", "ERROR"), "names no field"),
        (c("textPayload", "~", "1"), "none of the language's"),
        (AllOf((c("severity", ">", "ERROR"), c("severity", "<", "ERROR"))), "No entry can match"),
    ],
)
def test_what_the_platform_would_refuse_is_named(found: Filter, sentence: str) -> None:
    assert any(sentence in problem for problem in problems(found))
    assert all(re.match(r"[A-Z{'].*\.$", problem) for problem in problems(found))


@pytest.mark.parametrize(
    "path",
    [
        "operation.id",
        "resource.type",
        "resource.labels.thud",
        "labels.a.b",
        "metadata.a",
        "jsonPayload.a.b",
        "severity",
    ],
)
def test_a_field_that_entries_have_is_asked(path: str) -> None:
    assert [*problems(c(path, "=", "ERROR"))] == []


@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [
        ("(a+)*", "repeats a repetition"),
        ("(a*){2,}", "repeats a repetition"),
        ("(a{10,})+", "repeats a repetition"),
        ("((a+)b)+", "repeats a repetition"),
        ("(a+(b))+", "repeats a repetition"),
        ("([ab]+)+", "repeats a repetition"),
        ("(a+)+", "repeats a repetition"),
        ("(a)+(b+)c", ""),
        ("((a)(b))+", ""),
        ("(a{3}b,c)+", ""),
        (r"(a\+)+", ""),
        (r"(a\)+", "cannot be read"),
        ("([+*])+", ""),
        ("([]+])+", ""),
        ("([^]+])+", ""),
        (r"([\]+])+", ""),
        ("(?x)a # )\nb+", ""),
        ("a++", "RE2"),
        (r"a\++", ""),
        ("[*+]+", ""),
        ("(?=a)", "RE2"),
        (r"\(?=a", ""),
        ("(?P<a>b)(?P=a)", "RE2"),
        (r"(a)\1", "RE2"),
        (r"(a)\\1", ""),
    ],
)
def test_a_pattern_is_one_of_re2_and_repeats_no_repetition(pattern: str, sentence: str) -> None:
    found = [*problems(c("textPayload", "=~", pattern))]
    assert [sentence in each for each in found] == [True] * bool(sentence)


@pytest.mark.parametrize(
    ("found", "dead"),
    [
        (AllOf((c("resource.type", "=", "a"), c("resource.type", "=", "b"))), True),
        (AllOf((c("resource.type", "=", "a"), c("resource.type", "=", "b", "c"))), True),
        (AllOf((c("resource.type", "=", "a"), c("resource.type", "=", "b", "A"))), False),
        (AllOf((c("severity", ">", "ERROR"), c("severity", "<=", "WARNING"))), True),
        (c("severity", ">", "EMERGENCY"), True),
        (Not(c("severity", ">=", "DEFAULT")), True),
        (AllOf((c("textPayload", ":", "a"), c("protoPayload.x", "=", "b"))), True),
        (Not(AnyOf((c("textPayload", ":", "a"), Not(c("textPayload", ":", "a"))))), False),
        (AllOf((c("textPayload", ":", "a"), Not(c("jsonPayload.x", "=", "b")))), False),
        (AllOf((c("textPayload", ":", "a"), c("resource.type", "=", "b"))), False),
        (AllOf((c("jsonPayload.a", "=", "x"), c("jsonPayload.a", "!=", "x"))), True),
        (AllOf((c("jsonPayload.a", "=", "x"), Not(c("jsonPayload.a", "=", "y")))), False),
        (AllOf(()), False),
    ],
)
def test_knows_a_filter_that_no_entry_can_match(found: Filter, dead: bool) -> None:
    assert (never_true(found) is not None) is dead


def test_a_filter_of_many_alternatives_does_not_explode() -> None:
    assert never_true(AllOf(tuple(c(f"jsonPayload.a{n}", "=", "1", "2", "3") for n in range(40)))) is None


def test_of_two_thousand_alternatives_each_is_looked_at_and_of_more_none_is_accused() -> None:
    dead = c("severity", ">", "EMERGENCY")
    assert never_true(AnyOf((dead,) * 2000)) == "no severity satisfies all of its comparisons"
    assert never_true(AnyOf((dead,) * 2001)) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(filters, st.dictionaries(st.sampled_from([*ENTRY, "jsonPayload", "protoPayload"]), JSON))
@settings(max_examples=300, deadline=None)
def test_no_filter_and_no_entry_crash_the_evaluator(found: Filter, entry: dict[str, Any]) -> None:
    list(problems(found))
    if not any(item.operator in ("=~", "!~") for item in comparisons(found)):
        assert found.holds(entry) in (True, False)


def test_comparisons_are_listed() -> None:
    found = AllOf((c("resource.type", "=", "a"), Not(c("severity", "=", "ERROR", "INFO"))))
    assert [item.path[0] for item in comparisons(found)] == ["resource", "severity", "severity"]
    assert list(required(found)) == [Compare(("resource", "type"), "=", "a")]
