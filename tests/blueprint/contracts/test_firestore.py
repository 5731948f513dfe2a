"""Fields of documents have indexes of their own only where a query asks for one of them alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprint.check import check
from blueprint.findings import Finding
from tests.blueprint.contracts.test_wiring import STACK

FILE = "schemas/firestore/completions.yaml"
QUERIED = "queried: [_triggered_at]"


def found(tree: Path, queried: str) -> list[Finding]:
    file = tree / FILE
    text = file.read_text(encoding="utf-8")
    assert QUERIED in text
    file.write_text(text.replace(QUERIED, queried), encoding="utf-8")
    return [one for one in check(tree, STACK).findings if one.rule in ("queries-indexed", "firestore-schema")]


@pytest.mark.parametrize(
    ("queried", "severity", "says"),
    [
        ("queried: []", "violation", "needs an index of `_triggered_at` alone, and no collection has one"),
        ("queried: [_triggered_at, _mode]", "warning", "No query asks for `_mode` of 'phase2_completion' alone"),
        ("queried: [_triggered_at, _expires_at]", "violation", "is the field of the `ttl`, whose indexes are off"),
        ("# nothing", "violation", "lacks the key 'queried'"),
    ],
)
def test_what_is_queried_has_an_index_and_nothing_else_has(tree: Path, queried: str, severity: str, says: str) -> None:
    findings = found(tree, queried)
    assert [one for one in findings if one.severity == severity and says in one.message], findings


def test_the_real_declaration_passes(tree: Path) -> None:
    assert found(tree, QUERIED) == []
