"""The Logging query language: each rule of the language as the platform documents it, and no crash on anything."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analysis.logfilter import expression as logfilter
from analysis.logfilter.expression import FilterError, matches, never_true, parse

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
        "details": {"first": {"second": "deep value"}},
    },
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # equality ignores case, regular expressions do not
        ('severity="error"', True),
        ('resource.type="CLOUD_RUN_REVISION"', True),
        ('textPayload=~"modulenotfound"', False),
        ('textPayload=~"(?i)modulenotfound"', True),
        ('textPayload=~"^ModuleNotFoundError: "', True),
        ('textPayload!~"Import"', True),
        # `:` is a substring
        ('textPayload:"no module"', True),
        ('textPayload:"nothing of it"', False),
        ("textPayload:*", True),
        ("jsonPayload.event:*", False),
        # order
        ("severity>=ERROR", True),
        ("severity>ERROR", False),
        ("severity>=WARNING severity<CRITICAL", True),
        ("severity=500", True),
        ("httpRequest.status>=500", True),
        ('httpRequest.status="503"', True),
        ("httpRequest.status<500", False),
        ('timestamp>="2026-01-29T00:00:00Z"', True),
        ('timestamp>="2026-01-30T00:00:00Z"', False),
        # missing, defaulted
        ('jsonPayload.event="x"', False),
        ('jsonPayload.event!="x"', False),
        ('NOT jsonPayload.event="x"', True),
        ('-jsonPayload.event="x"', True),
        ('trace=""', True),
        ('trace!="abc"', True),
        ("trace:*", False),
        # precedence: NOT, then OR, then AND
        ("severity=INFO AND severity=INFO OR severity=ERROR", False),
        ("severity=ERROR AND severity=INFO OR severity=ERROR", True),
        ("severity=ERROR OR severity=ERROR AND severity=INFO", False),
        ("(severity=INFO AND severity=INFO) OR severity=ERROR", True),
        ("NOT severity=INFO OR severity=INFO", True),
        ("NOT (severity=INFO OR severity=ERROR)", False),
        ("NOT NOT severity=ERROR", True),
        # juxtaposition is AND, on one line or several, with comments
        ("severity=ERROR severity=INFO", False),
        ("severity=ERROR -- the level\nhttpRequest.status=503", True),
        ("-- only a comment", True),
        ("", True),
        # groups of values
        ("severity=(INFO OR ERROR)", True),
        ('textPayload:("No" AND "module")', True),
        ('textPayload:("No" "nothing")', False),
        ("severity=(NOT INFO)", True),
        ("severity:(INFO OR (WARNING OR ERROR))", True),
        # anywhere in the entry
        ('"no module named"', True),
        ("orchestrator", True),
        ("absent", False),
        # paths and quoting
        ('labels.execution-id="abc"', True),
        ('labels."execution-id"="abc"', True),
        ('log_id("run.googleapis.com/stderr")', True),
        ('log_id("run.googleapis.com/stdout")', False),
        (r'textPayload="ModuleNotFoundError: No module named \'shared\'"'.replace("\\'", "'"), True),
        (r'textPayload:"\x4eo"', True),
        (r'textPayload:"No"', True),
    ],
)
def test_language(text: str, expected: bool) -> None:
    assert matches(text, ENTRY) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("jsonPayload.count=3", True),
        ("jsonPayload.count>2.5", True),
        ("jsonPayload.count:3", True),
        ("jsonPayload.count:33", False),
        ("jsonPayload.share<1", True),
        ("jsonPayload.share=-1", False),
        ("jsonPayload.ok=false", True),
        ("jsonPayload.ok:true", False),
        ('jsonPayload.missing="b"', True),
        ('jsonPayload.missing:"c"', False),
        ('jsonPayload.items.name="y"', True),
        ('jsonPayload."@type"="T"', True),
        ("jsonPayload.@type=T", True),
        ("jsonPayload.nothing:*", False),
        ('jsonPayload.details:"deep"', True),
        ('jsonPayload.details="deep value"', False),
        ('jsonPayload.details.first.second="deep value"', True),
        ('jsonPayload.event.more="x"', False),
        ('textPayload=""', False),
    ],
)
def test_values(text: str, expected: bool) -> None:
    assert matches(text, EVENT) is expected


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('SEARCH("x")', "function SEARCH is not known"),
        ("sample(insertId, 0.1)", "function sample is not known"),
        ('ip_in_net(jsonPayload.ip, "10.0.0.0/8")', "not known"),
        ('thud="x"', "no field 'thud'"),
        ('operation.thud="x"', "no field 'operation.thud'"),
        ('textPayload.thud="x"', "no field 'textPayload.thud'"),
        ("severity>=LOUD", "is no severity"),
        ('textPayload="open', "does not end"),
        (r'textPayload="\q"', "escape"),
        ("(severity=ERROR", "not closed"),
        ("severity=ERROR)", "not expected here"),
        ("severity=", "A value is expected"),
        ("severity=AND", "A value is expected"),
        ("AND severity=ERROR", "A comparison is expected"),
        ("severity=ERROR OR", "A comparison is expected"),
        ('"text"="x"', "left side"),
        ("severity=()", "A value is expected between"),
        ('textPayload=~"("', "cannot be read"),
        ('textPayload=~"(?=x)"', "RE2"),
        ('textPayload=~"(a+)+$"', "repeats a repetition"),
        ("severity=ERROR; drop", "has no meaning here"),
        ("(" * 60 + "severity=ERROR" + ")" * 60, "nested deeper"),
        ("x" * 20_001, "20001 characters"),
        ('jsonPayload..x="1"', "empty part"),
    ],
)
def test_refuses_what_it_does_not_know(text: str, sentence: str) -> None:
    with pytest.raises(FilterError, match=r"\.") as caught:
        parse(text)
    assert sentence in str(caught.value)
    assert 0 <= caught.value.position <= len(text)


@pytest.mark.parametrize(
    ("text", "dead"),
    [
        ('resource.type="a" resource.type="b"', True),
        ('resource.type="a" (resource.type="b" OR resource.type="c")', True),
        ('resource.type="a" (resource.type="b" OR resource.type="A")', False),
        ("severity>ERROR severity<=WARNING", True),
        ("severity>EMERGENCY", True),
        ("NOT severity>=DEFAULT", True),
        ('textPayload:"a" protoPayload.x="b"', True),
        ('NOT (textPayload:"a" OR NOT textPayload:"a")', False),
        ('jsonPayload.a="x" jsonPayload.a!="x"', True),
        ('jsonPayload.a="x" NOT jsonPayload.a="y"', False),
        ("", False),
    ],
)
def test_knows_a_filter_that_no_entry_can_match(text: str, dead: bool) -> None:
    assert (never_true(parse(text)) is not None) is dead


def test_a_filter_of_many_alternatives_does_not_explode() -> None:
    text = " ".join(f'(jsonPayload.a{n}="1" OR jsonPayload.a{n}="2" OR jsonPayload.a{n}="3")' for n in range(40))
    assert never_true(parse(text)) is None


WORDS = st.sampled_from(
    [
        "severity",
        "textPayload",
        "jsonPayload.a",
        "=",
        "!=",
        ":",
        "=~",
        ">=",
        "(",
        ")",
        "AND",
        "OR",
        "NOT",
        "-",
        '"',
        "\\",
        "ERROR",
        '"x"',
        "*",
        "--",
        "\n",
        ".",
        "log_id",
        "'",
        "[",
        "{",
        "}",
        "é",
        "\x00",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(WORDS, max_size=25).map(" ".join) | st.lists(WORDS, max_size=25).map("".join) | st.text(max_size=60))
@example("-" * 500 + "x")
@example("NOT " * 3000 + "x")
@example("(" * 5000)
@settings(max_examples=400, deadline=None)
def test_no_text_crashes_the_reader(text: str) -> None:
    try:
        node = parse(text)
    except FilterError:
        return
    assert node.holds(ENTRY) in (True, False)
    never_true(node)


@given(st.dictionaries(st.sampled_from([*ENTRY, "jsonPayload", "protoPayload"]), JSON))
@settings(max_examples=200, deadline=None)
def test_no_entry_crashes_the_evaluator(entry: dict[str, Any]) -> None:
    for text in (
        'resource.labels.service_name="x" severity>=ERROR',
        'jsonPayload.a.b=~"x" OR textPayload!~"y"',
        "httpRequest.status>=500 NOT trace:* anything",
        "severity<ERROR jsonPayload:x",
    ):
        assert matches(text, entry) in (True, False)


def test_comparisons_are_listed() -> None:
    node = parse('resource.type="a" NOT (severity=ERROR OR textPayload:"x")')
    assert [c.path[0] for c in logfilter.comparisons(node)] == ["resource", "severity", "textPayload"]
