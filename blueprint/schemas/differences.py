"""What differs between two tables, descriptions included, in an order that a person can read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from blueprint.findings import Location
from blueprint.schemas.bigquery import NOWHERE, Column, Partitioning, Table

DifferenceKind = Literal[
    "column-added-nullable", "column-added-required", "column-added-default", "column-recased", "column-dropped",
    "column-retyped", "column-narrowed", "column-made-required", "column-relaxed", "column-moved",
    "description-changed", "default-changed", "partitioning-changed", "clustering-changed", "expiry-shortened",
    "expiry-lengthened", "filter-required", "filter-relaxed", "primary-key-changed", "labels-changed",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class TableDifference:
    """One thing that differs between an older and a newer table; `column` is the dotted path, if it is one."""

    kind: DifferenceKind
    column: str | None = None
    old: str = ""
    new: str = ""
    at: Location = field(default=NOWHERE, compare=False)


def differences(old: Table, new: Table) -> tuple[TableDifference, ...]:
    """Everything that differs from `old` to `new`: columns in declared order first, then the table's own settings."""
    return (*_column_differences(old.columns, new.columns, "", new.at), *_table_differences(old, new))


def _column_differences(
    old: tuple[Column, ...], new: tuple[Column, ...], prefix: str, at: Location
) -> Iterator[TableDifference]:
    olds = {column.name.casefold(): column for column in old}
    news = {column.name.casefold(): column for column in new}
    for key, column in olds.items():
        if key not in news:
            yield TableDifference(kind="column-dropped", column=prefix + column.name, old=column.type_text, at=at)
    for key, column in news.items():
        if key in olds:
            yield from _changes_of_column(olds[key], column, prefix)
        else:
            yield TableDifference(
                kind=_added_kind(column), column=prefix + column.name, new=column.type_text, at=column.at
            )
    yield from _moves(tuple(olds), tuple(news), {key: prefix + news[key].name for key in news}, at)


def _added_kind(column: Column) -> DifferenceKind:
    if column.mode == "REQUIRED":
        return "column-added-required"
    return "column-added-default" if column.default else "column-added-nullable"


def _moves(
    old: tuple[str, ...], new: tuple[str, ...], names: dict[str, str], at: Location
) -> Iterator[TableDifference]:
    """Report a changed order: the API appends, so a column put in the middle differs at every later plan."""
    kept = [key for key in old if key in names]
    appended = [key for key in new if key not in old]
    expected = kept + appended
    for wanted, found in zip(expected, new, strict=True):
        if wanted != found:
            yield TableDifference(kind="column-moved", column=names[found], old=names[wanted], new=names[found], at=at)
            return


def _changes_of_column(old: Column, new: Column, prefix: str) -> Iterator[TableDifference]:
    path = prefix + new.name
    if old.name != new.name:
        yield TableDifference(kind="column-recased", column=path, old=old.name, new=new.name, at=new.at)
    if (old.type, old.range_of) != (new.type, new.range_of) or (
        "REPEATED" in (old.mode, new.mode) and old.mode != new.mode
    ):
        yield TableDifference(kind="column-retyped", column=path, old=_full(old), new=_full(new), at=new.at)
        return
    if (old.max_length, old.precision, old.scale) != (new.max_length, new.precision, new.scale):
        kind: DifferenceKind = "column-narrowed" if _narrower(old, new) else "column-relaxed"
        yield TableDifference(kind=kind, column=path, old=old.type_text, new=new.type_text, at=new.at)
    if old.mode != new.mode:
        kind = "column-made-required" if new.mode == "REQUIRED" else "column-relaxed"
        yield TableDifference(kind=kind, column=path, old=old.mode, new=new.mode, at=new.at)
    if old.default != new.default:
        yield TableDifference(
            kind="default-changed",
            column=path,
            old=old.default or "none",
            new=new.default or "none",
            at=new.at,
        )
    if old.description != new.description:
        yield TableDifference(
            kind="description-changed",
            column=path,
            old=old.description or "",
            new=new.description or "",
            at=new.at,
        )
    yield from _column_differences(old.fields, new.fields, f"{path}.", new.at)


def _full(column: Column) -> str:
    return f"ARRAY<{column.type_text}>" if column.mode == "REPEATED" else column.type_text


def _narrower(old: Column, new: Column) -> bool:
    """True when a value that fitted no longer fits; no parameter at all is the widest."""

    def shrinks(before: int | None, after: int | None) -> bool:
        return after is not None and (before is None or after < before)

    whole = (None if c.precision is None else c.precision - (c.scale or 0) for c in (old, new))
    return shrinks(old.max_length, new.max_length) or shrinks(*whole) or shrinks(old.scale or 0, new.scale or 0)


def _table_differences(old: Table, new: Table) -> Iterator[TableDifference]:
    yield from _partitioning_differences(old.partitioning, new.partitioning, new.at)
    pairs: tuple[tuple[DifferenceKind, object, object], ...] = (
        ("clustering-changed", old.clustering, new.clustering),
        ("primary-key-changed", old.primary_key, new.primary_key),
        ("labels-changed", dict(old.labels), dict(new.labels)),
        ("description-changed", old.description, new.description),
        ("description-changed", old.friendly_name, new.friendly_name),
    )
    for kind, before, after in pairs:
        if before != after:
            yield TableDifference(kind=kind, old=_text(before), new=_text(after), at=new.at)


def _partitioning_differences(
    old: Partitioning | None, new: Partitioning | None, at: Location
) -> Iterator[TableDifference]:
    if _layout(old) != _layout(new):
        yield TableDifference(kind="partitioning-changed", old=_layout(old), new=_layout(new), at=at)
    if old is None or new is None:
        return
    before, after = old.expiration_days, new.expiration_days
    if before != after:
        shorter = after is not None and (before is None or after < before)
        yield TableDifference(
            kind="expiry-shortened" if shorter else "expiry-lengthened",
            old=_days(before),
            new=_days(after),
            at=at,
        )
    if old.require_filter != new.require_filter:
        kind: DifferenceKind = "filter-required" if new.require_filter else "filter-relaxed"
        yield TableDifference(kind=kind, old=str(old.require_filter), new=str(new.require_filter), at=at)


def _layout(partitioning: Partitioning | None) -> str:
    if partitioning is None:
        return "none"
    if partitioning.range:
        bounds = partitioning.range
        return f"{partitioning.column} by range from {bounds.start} to {bounds.end} in steps of {bounds.interval}"
    return f"{partitioning.column or 'ingestion time'} by {partitioning.granularity}"


def _days(days: float | None) -> str:
    return "never" if days is None else f"{days:g} days"


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    return str(value) if value else "none"
