"""Reads `PARTITION BY` and `CLUSTER BY` against the columns they name."""

from __future__ import annotations

from blueprint.schemas.bigquery import Column, Granularity, Partitioning, RangePartitioning
from blueprint.schemas.tokens import Cursor, NotUnderstoodError, Report

TRUNCATIONS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "TIMESTAMP_TRUNC": (frozenset({"TIMESTAMP"}), frozenset({"HOUR", "DAY", "MONTH", "YEAR"})),
    "DATETIME_TRUNC": (frozenset({"DATETIME"}), frozenset({"HOUR", "DAY", "MONTH", "YEAR"})),
    "DATE_TRUNC": (frozenset({"DATE"}), frozenset({"MONTH", "YEAR"})),
}

CLUSTERABLE = frozenset(
    {"STRING", "INTEGER", "BOOLEAN", "NUMERIC", "BIGNUMERIC", "DATE", "DATETIME", "TIMESTAMP", "GEOGRAPHY"}
)
"""Types BigQuery can cluster by (clustered tables reference)."""

MAX_CLUSTERING = 4
"""Clustering columns of one table (BigQuery limit)."""


def read_partitioning(cursor: Cursor, columns: tuple[Column, ...], report: Report) -> Partitioning:
    """Read the expression after PARTITION BY in one of the forms BigQuery allows."""
    offset = cursor.offset
    function = cursor.name("a column or a truncating function")
    if function.upper() == "_PARTITIONDATE":
        return Partitioning(column=None, granularity="DAY")
    if not cursor.accept("("):
        name = _check(columns, function, frozenset({"DATE"}), offset, report)
        return Partitioning(column=name, granularity="DAY")
    here = cursor.offset
    argument = cursor.name("a column")
    if function.upper() == "RANGE_BUCKET":
        return _range(cursor, _check(columns, argument, frozenset({"INTEGER"}), here, report))
    if argument.upper() == "_PARTITIONTIME":
        granularity = _truncation(cursor, TRUNCATIONS["TIMESTAMP_TRUNC"][1]) if cursor.accept(",") else "DAY"
        cursor.expect(")")
        return Partitioning(column=None, granularity=granularity)
    if function.upper() == "DATE":
        cursor.expect(")")
        name = _check(columns, argument, frozenset({"TIMESTAMP", "DATETIME"}), here, report)
        return Partitioning(column=name, granularity="DAY")
    if function.upper() not in TRUNCATIONS:
        raise NotUnderstoodError(
            f"`{function}` cannot partition a table; use the DATE column itself, DATE(), *_TRUNC() or RANGE_BUCKET().",
            offset,
        )
    types, granularities = TRUNCATIONS[function.upper()]
    cursor.expect(",")
    granularity = _truncation(cursor, granularities)
    cursor.expect(")")
    return Partitioning(column=_check(columns, argument, types, here, report), granularity=granularity)


def _truncation(cursor: Cursor, allowed: frozenset[str]) -> Granularity:
    words: tuple[Granularity, ...] = ("HOUR", "DAY", "MONTH", "YEAR")
    for word in words:
        if word in allowed and cursor.accept(word):
            return word
    raise cursor.expected(f"one of {', '.join(sorted(allowed))}")


def _range(cursor: Cursor, column: str) -> Partitioning:
    cursor.expect(",")
    cursor.expect("GENERATE_ARRAY")
    cursor.expect("(")
    start = cursor.whole("the first value")
    cursor.expect(",")
    end = cursor.whole("the last value")
    offset = cursor.offset
    interval = cursor.whole("the interval") if cursor.accept(",") else 1
    cursor.expect(")")
    cursor.expect(")")
    if start >= end or interval <= 0:
        raise NotUnderstoodError("The range is empty; give a start below the end and a positive interval.", offset)
    return Partitioning(column=column, range=RangePartitioning(start=start, end=end, interval=interval))


def _check(columns: tuple[Column, ...], name: str, types: frozenset[str], offset: int, report: Report) -> str:
    column = _find(columns, name)
    if column is None:
        report(f"PARTITION BY names `{name}`, which is not a column; name a column.", offset)
        return name
    if column.type not in types or column.mode == "REPEATED":
        report(
            f"This PARTITION BY form needs a column of type {' or '.join(sorted(types))}, but `{column.name}` is {column.type}{' REPEATED' if column.mode == 'REPEATED' else ''}; change the form or the column.",
            offset,
        )
    return column.name


def read_clustering(cursor: Cursor, columns: tuple[Column, ...], report: Report) -> tuple[str, ...]:
    """Read the columns after CLUSTER BY."""
    names: list[str] = []
    while True:
        offset = cursor.offset
        name = cursor.name("a column to cluster by")
        column = _find(columns, name)
        if column is None:
            report(f"CLUSTER BY names `{name}`, which is not a column; name a column.", offset)
        elif column.type not in CLUSTERABLE or column.mode == "REPEATED":
            report(f"`{name}` is {column.type} {column.mode} and cannot be clustered by; choose another.", offset)
        if name in names:
            report(f"CLUSTER BY names `{name}` twice; keep one.", offset)
        names.append(column.name if column else name)
        if not cursor.accept(","):
            break
    if len(names) > MAX_CLUSTERING:
        report(f"A table is clustered by at most {MAX_CLUSTERING} columns, here {len(names)}; drop some.", offset)
    return tuple(names)


def _find(columns: tuple[Column, ...], name: str) -> Column | None:
    return next((column for column in columns if column.name.casefold() == name.casefold()), None)
