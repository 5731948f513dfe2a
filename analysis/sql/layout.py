"""`PARTITION BY` and `CLUSTER BY` against the columns they name (BigQuery: partitioned and clustered tables)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlglot import exp

from analysis.sql.columns import ColumnDdl
from analysis.sql.lexical import NotUnderstoodError
from analysis.sql.record import Reading
from analysis.sql.text import Tree, start_of

Granularity = Literal["HOUR", "DAY", "MONTH", "YEAR"]
GRANULARITIES: tuple[Granularity, ...] = ("HOUR", "DAY", "MONTH", "YEAR")
TRUNCATIONS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "TIMESTAMP_TRUNC": (frozenset({"TIMESTAMP"}), frozenset({"HOUR", "DAY", "MONTH", "YEAR"})),
    "DATETIME_TRUNC": (frozenset({"DATETIME"}), frozenset({"HOUR", "DAY", "MONTH", "YEAR"})),
    "DATE_TRUNC": (frozenset({"DATE"}), frozenset({"MONTH", "YEAR"})),
}
CLUSTERABLE = frozenset(
    {"STRING", "INT64", "BOOL", "NUMERIC", "BIGNUMERIC", "DATE", "DATETIME", "TIMESTAMP", "GEOGRAPHY", "RANGE"}
)
MAX_CLUSTERING, MAX_PARTITIONS = 4, 10_000
"""Clustering columns and partitions of one table (BigQuery quotas and limits)."""


@dataclass(frozen=True, kw_only=True)
class Partition:
    """By time (`granularity`), of the column or of arrival where that is None; or by a range of whole numbers."""

    column: str | None
    granularity: Granularity | None = None
    bounds: tuple[int, int, int] | None = None
    start: int = 0


def partition(record: Reading, node: Tree | None, columns: Sequence[ColumnDdl]) -> Partition | None:
    """Read the expression after PARTITION BY in one of the forms BigQuery allows."""
    if node is None:
        return None
    value, start = node.this, start_of(node)
    if isinstance(value, exp.Tuple | exp.Schema):
        raise NotUnderstoodError("A table is partitioned by one expression; keep one.", start)
    if isinstance(value, exp.Column | exp.Identifier):
        if value.name.upper() == "_PARTITIONDATE":
            return Partition(column=None, granularity="DAY", start=start)
        return Partition(column=_check(record, value, columns, frozenset({"DATE"})), granularity="DAY", start=start)
    name = value.name.upper() if isinstance(value, exp.Anonymous) else ""
    arguments = value.expressions if name else []
    if name == "RANGE_BUCKET" and len(arguments) == 2:
        column = _check(record, arguments[0], columns, frozenset({"INT64"}))
        return Partition(column=column, bounds=_bounds(record, arguments[1], start), start=start)
    if name == "DATE" and len(arguments) == 1:
        if arguments[0].name.upper() == "_PARTITIONTIME":
            return Partition(column=None, granularity="DAY", start=start)
        column = _check(record, arguments[0], columns, frozenset({"TIMESTAMP", "DATETIME"}))
        return Partition(column=column, granularity="DAY", start=start)
    if name in TRUNCATIONS and len(arguments) == 2:
        types, allowed = TRUNCATIONS[name]
        granularity = next(
            (each for each in GRANULARITIES if each == arguments[1].name.upper() and each in allowed), None
        )
        if granularity is None:
            message = f"Expected one of {', '.join(sorted(allowed))} but found `{arguments[1].name[:40]}`."
            raise NotUnderstoodError(message, start_of(arguments[1]))
        if arguments[0].name.upper() == "_PARTITIONTIME" and name == "TIMESTAMP_TRUNC":
            return Partition(column=None, granularity=granularity, start=start)
        return Partition(column=_check(record, arguments[0], columns, types), granularity=granularity, start=start)
    raise NotUnderstoodError(
        f"`{value.sql('bigquery')[:60]}` cannot partition a table; use the DATE column itself, DATE(), *_TRUNC() or RANGE_BUCKET().",
        start,
    )


def _bounds(record: Reading, node: Tree, start: int) -> tuple[int, int, int]:
    if (
        not isinstance(node, exp.Anonymous)
        or node.name.upper() != "GENERATE_ARRAY"
        or len(node.expressions) not in (2, 3)
    ):
        raise NotUnderstoodError("RANGE_BUCKET partitions by GENERATE_ARRAY(first, last, interval); write that.", start)
    first, last, interval = (*(_whole(each, start) for each in node.expressions), 1)[:3]
    if first >= last or interval <= 0:
        raise NotUnderstoodError("The range is empty; give a start below the end and a positive interval.", start)
    count = -(-(last - first) // interval)
    if count > MAX_PARTITIONS:
        record.fault(
            node, f"The range has {count} partitions and a table at most {MAX_PARTITIONS}; widen the interval."
        )
    return first, last, interval


def _whole(node: Tree, start: int) -> int:
    sign, inner = (-1, node.this) if isinstance(node, exp.Neg) else (1, node)
    if isinstance(inner, exp.Literal) and inner.name.isdigit():
        return sign * int(inner.name)
    raise NotUnderstoodError(f"Expected a whole number, found `{node.sql('bigquery')[:40]}`.", start)


def _check(record: Reading, node: Tree, columns: Sequence[ColumnDdl], types: frozenset[str]) -> str:
    name = str(node.name)
    column = _find(columns, name)
    if column is None or (isinstance(node, exp.Column) and node.table):
        record.fault(node, f"PARTITION BY names `{node.sql('bigquery')}`, which is not a column; name a column.")
        return name
    if column.type.kind not in types:
        wanted = " or ".join(sorted(types))
        record.fault(
            node,
            f"This PARTITION BY form needs a column of type {wanted}, but `{column.name}` is {column.type}; change the form or the column.",
        )
    return column.name


def clustering(record: Reading, node: Tree | None, columns: Sequence[ColumnDdl]) -> tuple[str, ...]:
    """Read the columns after CLUSTER BY."""
    names: list[str] = []
    for each in node.expressions if node is not None else ():
        name, column = each.name, _find(columns, each.name)
        if column is None or not isinstance(each, exp.Column) or each.table:
            record.fault(each, f"CLUSTER BY names `{each.sql('bigquery')[:60]}`, which is not a column; name a column.")
        elif column.type.kind not in CLUSTERABLE:
            record.fault(each, f"`{name}` is {column.type} and cannot be clustered by; choose another.")
        if name.casefold() in (known.casefold() for known in names):
            record.fault(each, f"CLUSTER BY names `{name}` twice; keep one.")
        names.append(column.name if column else name)
    if node is not None and len(names) > MAX_CLUSTERING:
        record.fault(node, f"A table is clustered by at most {MAX_CLUSTERING} columns, here {len(names)}; drop some.")
    return tuple(names)


def _find(columns: Sequence[ColumnDdl], name: str) -> ColumnDdl | None:
    return next((column for column in columns if column.name.casefold() == name.casefold()), None)
