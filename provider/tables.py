"""What a change of a BigQuery table's schema does: nothing, in place, refused by the API, or the table is replaced.

The provider decides over replacing (`resource_bigquery_table.go`: `resourceBigQueryTableSchemaIsChangeable`,
`bigQueryTableSchemaDiffSuppress`); of what it plans in place the API refuses some. Each answer names its source.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

Effect = Literal["in place", "refused", "replaces"]
TableColumn = Mapping[str, Any]

PROVIDER: Final = "terraform-provider-google-beta services/bigquery/resource_bigquery_table.go"
DEFAULTS: Final = "cloud.google.com/bigquery/docs/default-values"
COLUMNS: Final = "cloud.google.com/bigquery/docs/managing-table-schemas"
_ALIASES: Final = {"INT64": "INTEGER", "FLOAT64": "FLOAT", "BOOL": "BOOLEAN"}
"""Names that the provider takes for the same type; others, such as STRUCT for RECORD, replace the table."""


@dataclass(frozen=True)
class ColumnChange:
    """What a change of one column does; `column` is its path, such as `address.city`."""

    column: str
    effect: Effect
    why: str
    source: str


def columns(schema: object) -> list[TableColumn] | None:
    """Return the columns that a schema text lists; None when it is no such text, or not known yet."""
    try:
        parsed = json.loads(schema) if isinstance(schema, str) else None
    except ValueError:
        return None
    return parsed if isinstance(parsed, list) and all(isinstance(each, dict) for each in parsed) else None


def same_columns(old: str, new: str) -> bool:
    """Tell whether two schema texts say the same: order, letter case of types and modes, and aliases do not count."""
    sides = [columns(text or "[]") for text in (old, new)]
    return None not in sides and _meaning(sides[0] or []) == _meaning(sides[1] or [])


def _meaning(listed: Sequence[TableColumn]) -> list[dict[str, Any]]:
    return sorted((_column_meaning(each) for each in listed), key=lambda column: str(column.get("name")))


def _column_meaning(column: TableColumn) -> dict[str, Any]:
    rest = {key: value for key, value in column.items() if not (key == "description" and not value)}
    meaning = rest | {"type": _type(column), "mode": _mode(column)}
    return meaning | ({"fields": _meaning(column["fields"])} if "fields" in column else {})


def _type(column: TableColumn) -> str:
    name = str(column.get("type", "")).upper()
    return _ALIASES.get(name, name)


def _mode(column: TableColumn) -> str:
    return str(column.get("mode") or "NULLABLE").upper()


def column_changes(old: Sequence[TableColumn], new: Sequence[TableColumn]) -> list[ColumnChange]:
    """Return what the change from one list of columns to another does, column by column."""
    return list(_changes(old, new, ""))


def column_effects(old: Sequence[TableColumn], new: Sequence[TableColumn]) -> dict[str, Effect]:
    """Return the worst that happens to each column that changes."""
    order: tuple[Effect, ...] = ("in place", "refused", "replaces")
    found: dict[str, Effect] = {}
    for each in column_changes(old, new):
        found[each.column] = max(found.get(each.column, "in place"), each.effect, key=order.index)
    return found


def _changes(old: Sequence[TableColumn], new: Sequence[TableColumn], prefix: str) -> Iterator[ColumnChange]:
    before, after = ({str(column["name"]): column for column in side} for side in (old, new))
    dropped, added = before.keys() - after.keys(), after.keys() - before.keys()
    cases = {name.casefold() for name in dropped} & {name.casefold() for name in added}
    for name in sorted(dropped):
        if name.casefold() in cases:
            yield ColumnChange(prefix + name, "replaces", "its name changed in letter case", PROVIDER)
        elif prefix:
            yield ColumnChange(prefix + name, "replaces", "a field of a STRUCT is gone", PROVIDER)
        elif added:
            yield ColumnChange(prefix + name, "replaces", "it is gone while another is new", PROVIDER)
        else:
            yield ColumnChange(prefix + name, "in place", "it is dropped with its values", PROVIDER)
    for name in sorted(added):
        if name.casefold() not in cases:
            yield from _added(after[name], prefix + name)
    for name in sorted(before.keys() & after.keys()):
        yield from _changed(before[name], after[name], prefix + name)


def _added(column: TableColumn, path: str) -> Iterator[ColumnChange]:
    if _mode(column) == "REQUIRED":
        yield ColumnChange(path, "replaces", "it is new and REQUIRED", PROVIDER)
    elif column.get("defaultValueExpression"):
        yield ColumnChange(path, "refused", "it is new and has a default", DEFAULTS)
    else:
        yield ColumnChange(path, "in place", "it is new", PROVIDER)


def _changed(old: TableColumn, new: TableColumn, path: str) -> Iterator[ColumnChange]:
    if _type(old) != _type(new):
        yield ColumnChange(path, "replaces", f"its type {old.get('type')} became {new.get('type')}", PROVIDER)
        return
    modes = _mode(old), _mode(new)
    if modes[0] != modes[1]:
        effect: Effect = "in place" if modes == ("REQUIRED", "NULLABLE") else "replaces"
        yield ColumnChange(path, effect, f"its mode {modes[0]} became {modes[1]}", PROVIDER)
    if old.get("rangeElementType") != new.get("rangeElementType"):
        yield ColumnChange(path, "refused", "its RANGE is of another type", COLUMNS)
    if _narrower(old, new):
        yield ColumnChange(path, "refused", "its type takes fewer values", COLUMNS)
    yield from _changes(old.get("fields") or (), new.get("fields") or (), f"{path}.")


def _narrower(old: TableColumn, new: TableColumn) -> bool:
    """Tell whether a value that fitted may no longer fit; no parameter at all is the widest."""

    def number(column: TableColumn, name: str) -> int | None:
        return None if column.get(name) is None else int(column[name])

    def shrinks(before: int | None, after: int | None) -> bool:
        return after is not None and (before is None or after < before)

    def whole(column: TableColumn) -> int | None:
        precision = number(column, "precision")
        return None if precision is None else precision - (number(column, "scale") or 0)

    scales = [number(each, "scale") if number(each, "precision") is not None else None for each in (old, new)]
    return (
        shrinks(number(old, "maxLength"), number(new, "maxLength"))
        or shrinks(whole(old), whole(new))
        or ((scales[0] or 0) > (scales[1] or 0) and number(new, "precision") is not None)
    )


def partitioning_refusal(old: Mapping[str, Any], new: Mapping[str, Any]) -> str | None:
    """Return the property whose change the API refuses although it is planned in place; the arguments are inputs."""
    for name, fixed in (("timePartitioning", ("type",)), ("rangePartitioning", ("range",))):
        before, after = old.get(name) or {}, new.get(name) or {}
        if before and after and any(before.get(part) != after.get(part) for part in fixed):
            return f"{name}.{fixed[0]}"
        if bool(before) != bool(after):
            return name
    return None
