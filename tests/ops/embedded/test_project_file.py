"""What only the CLI reads of a project file is checked before it is asked, each mistake in one sentence at its place."""

from __future__ import annotations

import pytest

from blueprint import yamlsource
from ops.embedded.project_file import problems


def told(text: str) -> list[str]:
    tree, findings = yamlsource.loads(text, "Pulumi.yaml")
    assert tree is not None
    assert findings == []
    return [f"{finding.at.line}:{finding.at.column} {finding.message}" for finding in problems(tree)]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name: a", "1:1 The project has no runtime; add `runtime: python`."),
        ("runtime: nodejs", "1:10 The runtime is 'nodejs', and the program is written in Python; name it python."),
        (
            "runtime: {options: {}}",
            "1:10 The runtime is not named, and the program is written in Python; name it python.",
        ),
        (
            "runtime: {name: python, options: {virtualenv: venv}}",
            "1:47 The CLI would make an empty environment in 'venv'; the one that `make` fills is .venv.",
        ),
        (
            "runtime: {name: python, options: {virtualenvv: .venv}}",
            "1:35 `runtime.options` has the key 'virtualenvv', which says nothing there; did you mean 'virtualenv'?",
        ),
        (
            "runtime: python\nmian: .",
            "2:1 The project file has the key 'mian', which says nothing there; did you mean 'main'?",
        ),
        (
            "runtime: python\nconfig: {a: {typ: string}}",
            "2:14 The configuration key 'a' has the key 'typ', which says nothing there; did you mean 'type'?",
        ),
    ],
)
def test_a_mistake_is_told_at_its_place(text: str, sentence: str) -> None:
    assert told(text) == [sentence]


@pytest.mark.parametrize(
    "text",
    [
        "runtime: python",
        "name: a\nruntime: {name: python}",
        "runtime: {name: python, options: {virtualenv: ../.venv, typechecker: mypy}}",
        "runtime: python\nconfig: {a: x, b: {type: string, secret: true}}\nbackend: {url: gs://state}",
    ],
)
def test_what_the_cli_takes_passes(text: str) -> None:
    assert told(text) == []
