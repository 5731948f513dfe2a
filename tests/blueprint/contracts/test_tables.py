"""Every statement beside the code is held to the tables, also those after one that cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.blueprint.contracts.test_wiring import checked, judged

FOLDER = "functions/self_heal"


def found(tree: Path) -> list[str]:
    return [f"{finding.at}: {finding.message}" for finding in judged(checked(tree), "queries-resolve").findings]


def test_a_file_that_cannot_be_read_hides_none_after_it(tree: Path) -> None:
    assert found(tree) == []
    (tree / FOLDER / "a_first.sql").write_bytes(b"SELECT \xff")
    (tree / FOLDER / "z_last.sql").write_text(
        "SELECT severity FROM nba_orchestration.servce_errors\n", encoding="utf-8"
    )
    first, last = found(tree)
    assert f"{FOLDER}/a_first.sql" in first
    assert f"{FOLDER}/z_last.sql" in last
    assert "servce_errors" in last


def test_a_statement_that_stands_in_two_files_is_checked_in_both(tree: Path) -> None:
    for name in ("a_first.sql", "z_last.sql"):
        (tree / FOLDER / name).write_text("SELECT severity FROM nba_orchestration.servce_errors\n", encoding="utf-8")
    assert len(found(tree)) == 2


@pytest.mark.parametrize(
    ("file", "text", "rule", "name"),
    [
        ("schemas/messages/completion.json", "{", "schemas-evolve", "completion"),
        ("schemas/bigquery/nba_orchestration/service_errors.sql", "CREATE", "schemas-evolve", "service_errors"),
    ],
)
def test_what_cannot_be_read_is_not_told_as_gone(tree: Path, file: str, text: str, rule: str, name: str) -> None:
    def said() -> list[str]:
        return [
            finding.message
            for result in checked(tree).results
            if result.contract.id == rule
            for finding in result.findings
            if name in finding.message
        ]

    (tree / file).write_text(text, encoding="utf-8")
    assert said() == []
    (tree / file).unlink()
    assert said() != []
