"""Rows against a table: what keeps a row from being stored, told before BigQuery tells it.

A row is the JSON form that streaming inserts and BigQuery subscriptions take: times and dates as text, a
JSON column as a string that holds JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from blueprint.schemas.bigquery import Column
from blueprint.schemas.validation import Fault, is_date, is_time


def check_row(columns: tuple[Column, ...], row: Mapping[str, Any], pointer: str = "") -> tuple[Fault, ...]:
    """Everything that keeps `row` from being a row of a table with these columns."""
    return tuple(_check(columns, row, pointer))


def _check(columns: tuple[Column, ...], row: Mapping[str, Any], pointer: str) -> Iterator[Fault]:
    known = {column.name for column in columns}
    for name in row.keys() - known:
        yield Fault(f"{pointer}/{name}", f"The table has no column `{name}`.")
    for column in columns:
        path = f"{pointer}/{column.name}"
        value = row.get(column.name)
        if value is None:
            if column.mode == "REQUIRED" and column.default is None:
                yield Fault(path, "A REQUIRED column has no value.")
        elif column.mode == "REPEATED":
            if not isinstance(value, list):
                yield Fault(path, "A REPEATED column takes a list.")
            else:
                for index, item in enumerate(value):
                    yield from _check_value(column, item, f"{path}/{index}")
        else:
            yield from _check_value(column, value, path)


def _check_value(column: Column, value: object, path: str) -> Iterator[Fault]:
    if column.type == "RECORD":
        if isinstance(value, Mapping):
            yield from _check(column.fields, value, path)
        else:
            yield Fault(path, "A STRUCT takes an object.")
    elif not _fits(column, value):
        yield Fault(path, f"{value!r:.60} does not fit {column.type_text}.")


def _fits(column: Column, value: object) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    match column.type:
        case "STRING":
            return isinstance(value, str) and len(value) <= (column.max_length or len(value))
        case "INTEGER":
            return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63
        case "FLOAT":
            return number
        case "NUMERIC" | "BIGNUMERIC":
            return number or (isinstance(value, str) and _is_decimal(value))
        case "BOOLEAN":
            return isinstance(value, bool)
        case "DATE":
            return isinstance(value, str) and is_date(value)
        case "TIMESTAMP":
            return isinstance(value, str) and is_time(value)
        case "JSON":
            return isinstance(value, str) and _is_json(value)
        case _:
            return isinstance(value, str)


def _is_decimal(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
