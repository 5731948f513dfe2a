"""Changes of a table's columns, by name: each is done to the columns of `bases.COLUMNS`."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from tests.provider.bases import COLUMNS

Columns = list[dict[str, Any]]
Edit = Callable[[Columns], object]


def added(at: int | None = None, **more: str) -> Edit:
    """Add a column, at the end or at a place."""
    column = {"name": "more", "type": "STRING", "mode": "NULLABLE"} | more
    return lambda columns: columns.insert(len(columns) if at is None else at, column)


def replaced(name: str) -> Edit:
    """Put another column in the place of one."""
    return lambda columns: columns.__setitem__(
        _place(columns, name), {"name": "more", "type": "STRING", "mode": "NULLABLE"}
    )


def without(name: str, *keys: str) -> Edit:
    """Drop a column, or what it says under `keys`."""

    def edit(columns: Columns) -> None:
        column = columns[_place(columns, name)]
        for key in keys:
            del column[key]
        if not keys:
            columns.remove(column)

    return edit


def said(name: str, /, **others: str) -> Edit:
    """Let a column say something else."""
    return lambda columns: columns[_place(columns, name)].update(others)


def inside(edit: Edit) -> Edit:
    """Do an edit to the fields of the record."""
    return lambda columns: edit(columns[_place(columns, "place")]["fields"])


def _place(columns: Columns, name: str) -> int:
    return [column["name"] for column in columns].index(name)


CHANGES: Mapping[str, Edit] = {
    "column renamed in case": said("note", name="Note"),
    "column renamed": said("note", name="remark"),
    "column dropped": without("note"),
    "column added": added(),
    "column added and one dropped": replaced("note"),
    "column added required": added(mode="REQUIRED"),
    "column added with default": added(defaultValueExpression="'x'"),
    "columns in another order": lambda columns: columns.reverse(),
    "column put first": added(at=0),
    "type as alias INT64": said("count", type="INT64"),
    "type in lower case": said("note", type="string"),
    "type as alias STRUCT": said("place", type="STRUCT"),
    "type as alias DECIMAL": said("amount", type="DECIMAL"),
    "type widened to BIGNUMERIC": said("amount", type="BIGNUMERIC"),
    "type changed": said("count", type="STRING"),
    "parameters widened": said("amount", precision="20"),
    "parameters narrowed": said("amount", precision="5"),
    "mode relaxed": said("day", mode="NULLABLE"),
    "mode left out": without("note", "mode"),
    "mode made required": said("note", mode="REQUIRED"),
    "mode made repeated": said("note", mode="REPEATED"),
    "description changed": said("note", description="other text"),
    "description removed": without("note", "description"),
    "default changed": said("count", defaultValueExpression="1"),
    "default removed": without("count", "defaultValueExpression"),
    "default set on a released column": said("note", defaultValueExpression="'x'"),
    "nested field added": inside(lambda fields: fields.append({"name": "street", "type": "STRING"})),
    "nested field added required": inside(added(name="street", mode="REQUIRED")),
    "nested field dropped": inside(without("zip")),
    "nested field renamed in case": inside(said("zip", name="Zip")),
    "nested mode relaxed": inside(said("city", mode="NULLABLE")),
    "nested fields in another order": inside(lambda fields: fields.reverse()),
}


def changed(change: str) -> Columns:
    """Return the columns after a change of that name."""
    columns = copy.deepcopy(COLUMNS)
    CHANGES[change](columns)
    return columns
