"""What a gate makes of rows: enough, too few, and an answer that says nothing of a table, which is not the same as none."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from shared.decisions.effects import Unavailable
from shared.google.bigquery import Row
from shared.orchestration import gates

from tests.functions.views import ORCHESTRATORS, view_of

VIEW = view_of(ORCHESTRATORS["phase3_to_phase4"])
BOUNDARY = VIEW.boundary()
ROWS: list[Row] = [{"processor": name, "row_count": 10} for name in BOUNDARY.tables]


def judged(monkeypatch: pytest.MonkeyPatch, rows: list[Row]) -> dict[str, Any]:
    """Return what the boundary's gates see where the one that counts rows gets these."""

    def answer(sql: str, **_: Any) -> list[Row]:
        return rows if "UNION ALL" in sql else [{"value": 100.0}]

    monkeypatch.setattr(gates, "warehouse_of", lambda _: SimpleNamespace(rows=answer))
    found = gates.in_warehouse(SimpleNamespace(view=VIEW), BOUNDARY, "overnight", "2026-01-28")  # type: ignore[arg-type]
    return {gate.gate: gate for gate in found}


def test_rows_in_every_table_pass_and_an_empty_critical_one_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not any(gate.blocks for gate in judged(monkeypatch, ROWS).values())
    empty = [{**row, "row_count": 0} if row["processor"] == "player_game_summary" else row for row in ROWS]
    blocking = [gate for gate in judged(monkeypatch, empty).values() if gate.blocks]
    assert [gate.detail.endswith("4 of 5, empty: player_game_summary") for gate in blocking] == [True]


@pytest.mark.parametrize("rows", [[], ROWS[1:], ROWS[:1]], ids=["none", "one is missing", "one is there"])
def test_what_was_not_counted_is_not_known_and_neither_blocks_nor_passes(
    monkeypatch: pytest.MonkeyPatch, rows: list[Row]
) -> None:
    with pytest.raises(Unavailable, match="were not counted"):
        judged(monkeypatch, rows)


NO_VALUE: dict[str, list[Row]] = {
    "none": [],
    "null": [{"value": None}],
    "two": [{"value": 1.0}, {"value": 2.0}],
    "nothing of nothing": [{"value": float("nan")}],
    "something of nothing": [{"value": float("inf")}],
}


@pytest.mark.parametrize("rows", NO_VALUE.values(), ids=NO_VALUE)
def test_a_query_without_one_value_is_no_pass(monkeypatch: pytest.MonkeyPatch, rows: list[Row]) -> None:
    def answer(sql: str, **_: Any) -> list[Row]:
        return ROWS if "UNION ALL" in sql else rows

    monkeypatch.setattr(gates, "warehouse_of", lambda _: SimpleNamespace(rows=answer))
    found = gates.in_warehouse(SimpleNamespace(view=VIEW), BOUNDARY, "overnight", "2026-01-28")  # type: ignore[arg-type]
    unsure = [gate for gate in found if gate.detail.endswith("the query gave no value")]
    assert unsure
    assert all(gate.blocks and gate.alerts and gate.value is None for gate in unsure)


def test_a_gates_sentence_has_the_unit_of_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(sql: str, **_: Any) -> list[Row]:
        return ROWS if "UNION ALL" in sql else [{"value": 5}]

    monkeypatch.setattr(gates, "warehouse_of", lambda _: SimpleNamespace(rows=answer))
    found = gates.in_warehouse(SimpleNamespace(view=VIEW), BOUNDARY, "overnight", "2026-01-28")  # type: ignore[arg-type]
    units = {gate.name: "%" if gate.unit == "percent" else "" for gate in BOUNDARY.gates or () if not gate.rows}
    low = {gate.gate: gate for gate in found if gate.gate in units}
    assert "%" in units.values()
    for name, gate in low.items():
        assert f": 5{units[name]}, at least " in gate.detail
        assert gate.detail.endswith(f"{units[name]} wanted")
        assert (gate.value, gate.alerts) == (5.0, True)
