"""Rows for tables that somebody else fills: what a day says of them, and something that fits for every other column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.findings import Finding, Location, Refused
from blueprint.schemas.bigquery import Schemas
from ops.local.days import Rows

FILLERS: Mapping[str, Any] = {
    "INTEGER": 1,
    "FLOAT": 1.0,
    "NUMERIC": "1",
    "BOOLEAN": True,
    "DATE": "2026-01-01",
    "TIMESTAMP": "2026-01-01T00:00:00Z",
    "DATETIME": "2026-01-01T00:00:00",
    "JSON": "{}",
}


def filled(schemas: Schemas, rows: Rows, **named: str) -> Iterator[dict[str, Any]]:
    """Yield the rows, `{n}` and `{names}` in their texts replaced; every other column has something that fits.

    Texts are the column's name and the row's number, so that the same number means the same thing in each table.
    Raises `Refused` where the table is declared nowhere.
    """
    table = schemas.tables.get(rows.table) or schemas.external.get(rows.table)
    if table is None:
        raise Refused([Finding("day", f"A step fills `{rows.table}`, which no schema declares.", Location("days"))])
    others = [column for column in table.columns if column.name not in rows.values and column.mode != "REPEATED"]
    for number in range(1, rows.rows + 1):
        given = {name: _named(value, {"n": str(number), **named}) for name, value in rows.values.items()}
        yield {each.name: FILLERS.get(each.type, f"{each.name} {number}") for each in others} | given


def _named(value: Any, names: Mapping[str, str]) -> Any:
    return value.format_map(names) if isinstance(value, str) else value
