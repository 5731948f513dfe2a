"""Gates: what the data must show before a trigger, judged on rows of the data warehouse."""

from __future__ import annotations

import math
from collections.abc import Iterable

from shared.decisions.effects import GateResult, Unavailable
from shared.declaration.types import Gate, Mode, RowsGate
from shared.declaration.view import Boundary
from shared.google.bigquery import Row
from shared.orchestration.dependencies import Dependencies
from shared.orchestration.warehouse import warehouse_of


def in_warehouse(dependencies: Dependencies, boundary: Boundary, mode_name: str, date: str) -> list[GateResult]:
    """Return what each gate of the mode sees for the date; raises `Unavailable`."""
    warehouse, key = warehouse_of(dependencies), boundary.keys.parameter(date)
    mode = next(mode for mode in boundary.modes if mode.name == mode_name)
    return [
        _judged(boundary, gate, mode, warehouse.rows(boundary.queries[gate.name], date=key))
        for gate in boundary.gates or ()
        if not gate.modes or mode_name in gate.modes
    ]


def _judged(boundary: Boundary, gate: Gate, mode: Mode, rows: list[Row]) -> GateResult:
    return _rows_gate(boundary, gate, gate.rows, mode, rows) if gate.rows else _value_gate(gate, rows)


def _value_gate(gate: Gate, rows: list[Row]) -> GateResult:
    value = rows[0].get("value") if len(rows) == 1 else None
    if value is None or not math.isfinite(value):  # no basis to judge on is not a pass
        return GateResult(gate.name, gate.title, None, True, True, f"{gate.title}: the query gave no value")
    value = float(value)
    blocks = gate.block_below is not None and value < gate.block_below
    alerts = blocks or (gate.alert_below is not None and value < gate.alert_below)
    unit = "%" if gate.unit == "percent" else ""
    limit = gate.block_below if blocks or gate.alert_below is None else gate.alert_below
    detail = f"{gate.title}: {value:g}{unit}, at least {limit:g}{unit} wanted"
    return GateResult(gate.name, gate.title, value, blocks, alerts, detail)


def _rows_gate(boundary: Boundary, gate: Gate, wanted: RowsGate, mode: Mode, rows: list[Row]) -> GateResult:
    counts = {row["processor"]: row["row_count"] for row in rows}
    if unknown := sorted(boundary.tables.keys() - counts.keys()):  # not the same as empty: it was not counted
        raise Unavailable("bigquery", f"the rows of {', '.join(unknown)} were not counted")
    looked_at = _with_table(boundary, mode.critical if wanted.tables == "critical" else mode.expected)
    filled = [name for name in looked_at if counts.get(name)]
    empty = [name for name in looked_at if name not in filled]
    critical = [name for name in _with_table(boundary, mode.critical) if not counts.get(name)]
    detail = f"{gate.title}: {len(filled)} of {len(looked_at)}" + (f", empty: {', '.join(empty)}" if empty else "")
    blocks = bool(critical) or len(filled) < (wanted.at_least or 0)
    return GateResult(gate.name, gate.title, float(len(filled)), blocks, blocks or bool(empty), detail)


def _with_table(boundary: Boundary, names: Iterable[str]) -> list[str]:
    return [name for name in names if name in boundary.tables]
