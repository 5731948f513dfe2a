"""Adding to YAML by lines: the text says the same as before, and the addition; no line is lost or moved."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.scaffolding.lines import with_comment, with_item, with_key

ROOT = Path(__file__).resolve().parents[3]
TEXTS = (
    ROOT / "pipeline.yaml",
    ROOT / "tests/pipelines/parcels/pipeline.yaml",
    ROOT / "ops/scaffolding/pipeline/pipeline.yaml",
)


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ("a:\n  b: 1  # one\n# next\nc: 2\n", ("a",), "a:\n  b: 1  # one\n  new: x\n# next\nc: 2\n"),
        ("a: {}\n", ("a",), "a: {new: x}\n"),
        ("a: {b: 1}  # end\n", ("a",), "a: {b: 1, new: x}  # end\n"),
        ("a: {b: 1,}\n", ("a",), "a: {b: 1, new: x}\n"),
        ("a:\n  b: 1\n", (), "a:\n  b: 1\nnew: x\n"),
        ("a:\n", ("a",), "a:\n  new: x\n"),
        ("a: 1\n", ("b", "c"), "a: 1\nb:\n  c:\n    new: x\n"),
        ("a:\n  b: |\n    text\n\nc: 2\n", ("a",), "a:\n  b: |\n    text\n  new: x\n\nc: 2\n"),
        (
            "z: &z {k: 1}\na:\n  b: *z\n  # of next\nc: 2\n",
            ("a",),
            "z: &z {k: 1}\na:\n  b: *z\n  new: x\n  # of next\nc: 2\n",
        ),
        ("a:\n  - x: 1\n    y: [1,\n      2]\nc: 1", (), "a:\n  - x: 1\n    y: [1,\n      2]\nc: 1\nnew: x"),
    ],
)
def test_a_key(text: str, path: tuple[str, ...], expected: str) -> None:
    assert with_key(text, path, "new", "x") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: [x, y]  # all\n", "a: [x, y, new]  # all\n"),
        ("a: []\n", "a: [new]\n"),
        ("a: [\n  x,\n  y\n]\n", "a: [\n  x,\n  y, new\n]\n"),
        ("a:\n  - x\n  - y  # last\n# next\nb: 1\n", "a:\n  - x\n  - y  # last\n  - new\n# next\nb: 1\n"),
        ("a:\n- x\n", "a:\n- x\n- new\n"),
    ],
)
def test_an_item(text: str, expected: str) -> None:
    assert with_item(text, ("a",), "new") == expected


@pytest.mark.parametrize("path", [("b",), ("a", "b"), ("c",)])
def test_no_list_is_not_made_one(path: tuple[str, ...]) -> None:
    with pytest.raises(LookupError):
        with_item("a: {b: 1}\nc: text\n", path, "new")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a:\n  b: 1\n# next\nc: 2\n", "a:\n  b: 1\n  # ? x\n  # y\n# next\nc: 2\n"),
        ("a:\n    b: 1\n    # ? w\nc: 2\n", "a:\n    b: 1\n    # ? w\n    # ? x\n    # y\nc: 2\n"),
        ("a: {}\nc: 2\n", "a: {}\n  # ? x\n  # y\nc: 2\n"),
        ("a: {b: 1}", "a: {b: 1}\n  # ? x\n  # y"),
        ("c: 2\n", "c: 2\n\n# a:\n#   # ? x\n#   y\n"),
        ("c: 2\n\n# a:\n#   # ? w\n", "c: 2\n\n# a:\n#   # ? w\n#   # ? x\n#   y\n"),
    ],
)
def test_a_comment(text: str, expected: str) -> None:
    after = with_comment(text, "a", ["# ? x", "# y"])
    assert after == expected
    assert yaml.safe_load(after) == yaml.safe_load(text)


def mappings(value: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if not isinstance(value, dict):
        return []
    return [path, *(found for key, inner in value.items() for found in mappings(inner, (*path, key)))]


def shared(one: list[str], other: list[str]) -> int:
    """Return how many lines are equal from the beginning on."""
    return next(
        (n for n, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), min(len(one), len(other))
    )


@pytest.mark.parametrize("file", TEXTS, ids=lambda file: file.parent.name)
def test_every_mapping_of_a_declaration_takes_a_key(file: Path) -> None:
    """What an anchor shares is shared: the key is then in each place that has it."""
    text = file.read_text(encoding="utf-8")
    before = yaml.safe_load(text)
    paths = mappings(before)
    for path in paths[:: len(paths) // 40 or 1]:
        after_text = with_key(text, path, "added", "1")
        found = yaml.safe_load(after_text)
        for key in path:
            found = found[key]
        assert found["added"] == 1, path
        before_lines, after_lines = text.splitlines(), after_text.splitlines()
        head = shared(before_lines, after_lines)
        tail = shared(before_lines[head:][::-1], after_lines[head:][::-1])
        assert len(before_lines) - head - tail <= 1, path


keys = st.text("abcdef", min_size=1, max_size=3)
values = st.recursive(
    st.one_of(st.integers(0, 99), keys, st.just("two\nlines\n")),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3)),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(keys, values, min_size=1, max_size=4), st.sampled_from([True, False, None]), st.data())
def test_any_yaml(content: dict[str, Any], flow: bool | None, data: st.DataObject) -> None:
    text = yaml.safe_dump(content, default_flow_style=flow, sort_keys=False)
    path = data.draw(st.sampled_from(mappings(content)))
    expected = copy.deepcopy(content)
    target = expected
    for key in path:
        target = target[key]
    target["new"] = {"x": [1]}
    assert yaml.safe_load(with_key(text, path, "new", "{x: [1]}")) == expected
