"""What an outsider writes into a plan stays text: no mention, link, HTML, new line or flood leaves its place."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprint.findings import Refused
from ops import diff
from ops.change import render
from ops.change.model import (
    ArchiveChange,
    Broken,
    FileChange,
    PlanDifference,
    PropertyChange,
    Resource,
    from_json,
)
from ops.terminal import Style
from ops.untrusted import Malformed

HOSTILE = (
    "`` @everyone <img src=x onerror=alert(1)> [x](https://evil.example)\n\n# Title\n---\n![](http://e)\r\n* ``` \u202e"
)
PLAIN = PlanDifference("a1", "b2", "prod")


def full(text: str, times: int = 1) -> PlanDifference:
    change = PropertyChange(text, text, text, replaces=True)
    resource = Resource("changed", "permission", text, text, text, text, (change,) * times)
    return PlanDifference(
        base=text,
        head=text,
        stack=text,
        broken=(Broken(text, text, text),),
        mended=(Broken(text, text, text),),
        resources=(resource,) * times,
        archives=(ArchiveChange("changed", text, (FileChange("added", text),) * times),),
    )


def outside_code(markdown: str) -> str:
    """Return what Markdown would interpret: the text without code spans (a run of backticks to the next equal run)."""
    return re.sub(r"(?<!`)(`+)(?!`)(?:.*?)(?<!`)\1(?!`)", "", markdown)


def test_outsiders_text_stays_in_code() -> None:
    shown = outside_code(render.markdown(full(HOSTILE)))
    assert not re.search(r"@|evil|img|onerror|Title|\u202e|`", shown)
    assert [line for line in shown.splitlines() if line.startswith("#")] == [
        "## Plan difference",
        "### Newly broken",
        "### No longer broken",
        "### Permissions",
        "### Archives",
    ]


@given(st.text(alphabet="`ab \n@<\\", max_size=40))
def test_code_spans_hold_whatever_they_are_given(text: str) -> None:
    span = render.code(text)
    assert "\n" not in span
    assert outside_code(f"before {span} after") == "before  after"


def test_one_name_within_the_other_is_no_way_out() -> None:
    broken = (Broken("r", "m", "f"),)
    shown = render.markdown(replace(PLAIN, base="@everyone h", head="h", broken=broken))
    assert "@" not in outside_code(shown)


def test_markdown_is_bounded_and_says_so() -> None:
    shown = render.markdown(full("x" * 1_000, times=200))
    assert len(shown) <= render.MAX_COMMENT
    assert "more lines; `make diff" in shown


def test_the_comment_can_be_found_again() -> None:
    assert render.markdown(PLAIN).startswith(render.MARK)
    assert "No difference: a deployment would change nothing." in render.markdown(PLAIN)


def test_text_names_every_property() -> None:
    change = PropertyChange("ackDeadlineSeconds", "10", "600")
    resource = Resource("changed", "other", "pubsub.Subscription", "s", "Function f", "s", (change,))
    lines = "\n".join(render.text(replace(PLAIN, resources=(resource,)), Style()))
    assert "~ pubsub.Subscription s" in lines
    assert "ackDeadlineSeconds: 10 → 600" in lines
    assert lines.endswith("1 resource differs (1 changed).")


def test_lost_data_is_said() -> None:
    lost = Resource("replaced", "stateful", "bigquery.Table", "t", "Dataset d", "t")
    assert "replaced **loses its data** `bigquery.Table`" in render.markdown(replace(PLAIN, resources=(lost,)))


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(max_size=5),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner),
    )
)
def test_nothing_else_is_read(document: object) -> None:
    with pytest.raises(Malformed):
        from_json(document)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("operation", "changed; rm"),
        ("weight", "none"),
        ("kind", 3),
        ("about", "x" * 2_001),
        ("changes", {"path": "x"}),
        ("extra", "x"),
    ],
)
def test_a_difference_with_one_wrong_value_is_refused(place: str, value: object) -> None:
    document = json.loads(json.dumps(full("x").as_json()))
    assert from_json(document) == full("x")
    document["resources"][0][place] = value
    with pytest.raises(Malformed):
        from_json(document)


def test_a_file_of_another_kind_is_refused_in_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "difference.json"
    for content in ("[" * 100_000, "{}", "not JSON", '{"base": NaN}'):
        file.write_text(content)
        with pytest.raises(Refused, match="holds no plan difference"):
            diff.read(file)
