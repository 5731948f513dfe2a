"""YAML is read where every reader agrees on it, within bounds, and refused in a sentence of our own elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from blueprint.yamlsource import load, loads

WORDS = {
    "a:\n\tb: 1": ("f:2", "a tab stands where the line is indented"),
    "a: 1\n\tb: 2": ("f:2", "a tab stands where the line is indented"),
    "a:\n   b: 1\n  c: 2": ("f:3:3", "this line begins in column 3"),
    "a: b: c": ("f:1:5", "a colon follows a value that is complete already"),
    "a: 1\nfoo\nb: 2": ("f:3", "this line has no colon after its key"),
    'a: "x\nb: 1': ("f:1:4", "is never closed"),
    "a: [1, 2\nb: 3": ("f:1:4", "the list that begins here is not closed"),
    "a: {b: 1\nc: 2": ("f:1:4", "the mapping that begins here is not closed"),
    "a: @x": ("f:1:4", "no value begins with '@'"),
    'a: "\\q"': ("f:1", "escape that YAML does not know"),
    'a: "\\ud800"': ("f:1", "an escape names no character"),
    "a: *x": ("f:1:4", "repeats an anchor that nothing before it sets"),
    "a: &x 1\nb: &x 2": ("f:2:4", "is set before"),
    "a: &x {b: *x}": ("f:1:11", "refers to itself"),
    "a: 1\n---\nb: 2": ("f:2", "second document"),
    "a: \0": ("f:1", "U+0000"),
    "a: 1\na: 2": ("f:2:1", "'a' is given twice (first on line 1)"),
    "? [1, 2]\n: 3": ("f:1", "A key must be plain text"),
    "a: !!int 3": ("f:1:4", "says nothing here"),
    "a: yes": ("f:1:4", "'yes' is true or false to some readers"),
    "a: 010": ("f:1:4", "'010' is a number to some readers"),
    "a: 0o17": ("f:1:4", "'0o17' is a number to some readers"),
    "a: 1:30": ("f:1:4", "'1:30' is a number to some readers"),
    "a: 1_000": ("f:1:4", "'1_000' is a number to some readers"),
    "a: .nan": ("f:1:4", "'.nan' is a number to some readers"),
    "a: 2026-01-01": ("f:1:4", "'2026-01-01' is a date to some readers"),
    "a: " + "9" * 5000: ("f:1:4", "is a number to some readers"),
    "[" * 300_000: ("f:1:52", "nests more than 50 levels deep"),
    "- " * 300_000 + "x": ("f:1:103", "nests more than 50 levels deep"),
    "": ("f", "The file is empty"),
}


@pytest.mark.parametrize("text", WORDS, ids=[repr(text[:20]) for text in WORDS])
def test_each_slip_is_one_sentence_at_its_place(text: str) -> None:
    place, words = WORDS[text]
    _, findings = loads(text, "f")
    assert len(findings) == 1, findings
    assert str(findings[0]).startswith(place), findings
    assert words in findings[0].message


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1\r\nb: x\r\n", {"a": 1, "b": "x"}),
        ('a: "yes"\nb: \'010\'\nc: "2026-01-01"', {"a": "yes", "b": "010", "c": "2026-01-01"}),
        ("a: true\nb: False\nc: 1.5\nd: -3\ne: ~\nf:", {"a": True, "b": False, "c": 1.5, "d": -3, "e": None, "f": None}),
        ("1: x\nyes: y", {"1": "x", "yes": "y"}),
        ("a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}\nc: *x", {"a": {"p": 1, "q": 2}, "b": {"q": 3, "p": 1}, "c": {"p": 1, "q": 2}}),
        ("a: 1.2.3\nb: 30s\nc: é", {"a": "1.2.3", "b": "30s", "c": "é"}),
    ],
)  # fmt: skip
def test_what_every_reader_agrees_on_is_read(text: str, value: object) -> None:
    tree, findings = loads(text, "f")
    assert findings == []
    assert tree is not None
    assert tree.plain() == value


def bomb(level: str, first: str) -> str:
    lines = [first]
    lines += [f"a{n}: &a{n} " + level.format(", ".join([f"*a{n - 1}"] * 10)) for n in range(1, 9)]
    return "\n".join(lines)


def test_what_multiplies_ends_at_once() -> None:
    _, findings = loads(bomb("[{}]", "a0: &a0 [x]"), "f")
    assert "without a sensible end" in findings[0].message
    tree, findings = loads(bomb("{{<<: [{}]}}", "a0: &a0 {x: 1}"), "f")
    assert findings == []
    assert tree is not None
    assert isinstance(plain := tree.plain(), dict)
    assert plain["a8"] == {"x": 1}


def test_what_is_no_file_is_a_sentence_and_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "device.yaml").symlink_to("/dev/zero")
    (tmp_path / "gone.yaml").symlink_to(tmp_path / "nothing")
    told = {name: load(tmp_path / f"{name}.yaml", "f")[1][0].message for name in ("pipe", "folder", "device", "gone")}
    assert told == {
        "pipe": "This is a pipe where a file is wanted; put a file there.",
        "folder": "This is a folder where a file is wanted; put a file there.",
        "device": "This is a device where a file is wanted; put a file there.",
        "gone": "The file cannot be read: no such file or directory; correct that.",
    }


def test_a_second_document_leaves_nothing_to_judge() -> None:
    """What it took from the first is not said to be missing there."""
    assert loads("pipeline: x\n---\nphases: {}\n", "f")[0] is None
