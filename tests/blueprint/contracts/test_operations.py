"""An answer to an operator's question gives the columns that the commands read, and takes what they give."""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprint.check import check
from tests.blueprint.contracts.test_wiring import STACK

FILE = "schemas/operators/attempts.sql"


def found(tree: Path, text: str) -> list[str]:
    (tree / FILE).write_text(text, encoding="utf-8")
    return [str(each) for each in check(tree, STACK).findings if each.rule == "operators-answered"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("SELECT @attempt AS attempts\n", [f"{FILE}:1:8: The query uses @attempt, which nobody gives; its parameters are @boundary, @date, @date_text."]),
        ("SELECT 1 AS attempted\n", [f"{FILE}:1:1: The query does not return attempts, which the commands read; select them."]),
        ("SELECT 1 AS attempts\n", []),
        ("SELECT LENGTH(@date_text) AS attempts\n", []),
    ],
)  # fmt: skip
def test_what_a_query_takes_and_gives_is_what_is_asked(tree: Path, text: str, says: list[str]) -> None:
    assert [said.removesuffix(" [operators-answered]") for said in found(tree, text)] == says


def test_what_changes_rows_returns_none(tree: Path) -> None:
    (message,) = found(tree, "DELETE FROM nba_orchestration.phase_execution_log WHERE TRUE\n")
    assert "does not return attempts" in message
