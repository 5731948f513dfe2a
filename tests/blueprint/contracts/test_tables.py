"""Every statement beside the code is held to the tables, also those after one that cannot be read."""

from __future__ import annotations

from pathlib import Path

from tests.blueprint.contracts.test_wiring import checked

FOLDER = "functions/self_heal"


def found(tree: Path) -> list[str]:
    (result,) = [result for result in checked(tree).results if result.contract.id == "queries-resolve"]
    assert result.checked, "nothing was held to the rule"
    return [f"{finding.at}: {finding.message}" for finding in result.findings]


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
