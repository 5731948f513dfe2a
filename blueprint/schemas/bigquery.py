"""BigQuery tables and views as value objects, with the comparisons that decide what a change means.

A `Table` is what a `CREATE TABLE` file says, no more: it knows nothing of SQL text or of Pulumi. Two tables
can be *identical* (nothing differs, descriptions included); `differences` lists what differs in an order a person can
read. What a difference does to a table that exists is for `provider.changes` to say, from `Table.inputs`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from blueprint.findings import Location

ColumnMode = Literal["NULLABLE", "REQUIRED", "REPEATED"]
Granularity = Literal["HOUR", "DAY", "MONTH", "YEAR"]

NOWHERE = Location("")
MILLISECONDS_PER_DAY = 86_400_000


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column, or one field of a STRUCT.

    `type` is the legacy name the BigQuery API returns (`INTEGER`, `FLOAT`, `BOOLEAN`, `RECORD`), because a
    schema written with the aliases differs from what is read back at every plan. `default` is a GoogleSQL
    expression; `range_of` is the element type of a RANGE.
    """

    name: str
    type: str
    mode: ColumnMode = "NULLABLE"
    description: str | None = None
    default: str | None = None
    fields: tuple[Column, ...] = ()
    max_length: int | None = None
    precision: int | None = None
    scale: int | None = None
    range_of: str | None = None
    at: Location = field(default=NOWHERE, compare=False)

    @property
    def type_text(self) -> str:
        """The type with its parameters, as a reader of a message expects it: `NUMERIC(10, 2)`."""
        if self.range_of:
            return f"{self.type}<{self.range_of}>"
        parameters = [str(p) for p in (self.max_length, self.precision, self.scale) if p is not None]
        return f"{self.type}({', '.join(parameters)})" if parameters else self.type

    def as_json(self) -> dict[str, Any]:
        """The column in the API's `TableFieldSchema` form, with the mode always written out."""
        optional: dict[str, Any] = {
            "description": self.description,
            "defaultValueExpression": self.default,
            "maxLength": None if self.max_length is None else str(self.max_length),
            "precision": None if self.precision is None else str(self.precision),
            "scale": None if self.scale is None else str(self.scale),
            "rangeElementType": None if self.range_of is None else {"type": self.range_of},
            "fields": [child.as_json() for child in self.fields] or None,
        }
        required = {"name": self.name, "type": self.type, "mode": self.mode}
        return required | {key: value for key, value in optional.items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class RangePartitioning:
    """Integer-range partitions: `[start, end)` in steps of `interval`."""

    start: int
    end: int
    interval: int


@dataclass(frozen=True, kw_only=True)
class Partitioning:
    """How a table is partitioned: by time (`granularity`) or by an integer range.

    `column` is None for ingestion time. `expiration_days` counts from the partition's own date.
    """

    column: str | None
    granularity: Granularity | None = None
    range: RangePartitioning | None = None
    expiration_days: float | None = None
    require_filter: bool = False

    def inputs(self) -> dict[str, Any]:
        """What the provider is given, under wire names."""
        if self.range is not None:
            bounds = {"start": self.range.start, "end": self.range.end, "interval": self.range.interval}
            return {"rangePartitioning": {"field": self.column, "range": bounds}}
        days = int((self.expiration_days or 0) * MILLISECONDS_PER_DAY)
        by = {"field": self.column} if self.column else {}
        return {"timePartitioning": {"type": self.granularity or "DAY", **by, "expirationMs": days}}


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table: what its `CREATE TABLE` file says."""

    dataset: str
    name: str
    columns: tuple[Column, ...]
    partitioning: Partitioning | None = None
    clustering: tuple[str, ...] = ()
    primary_key: tuple[str, ...] = ()
    description: str | None = None
    friendly_name: str | None = None
    labels: tuple[tuple[str, str], ...] = ()
    at: Location = field(default=NOWHERE, compare=False)

    @property
    def id(self) -> str:
        """`dataset.table`, the name by which SQL and the manifest refer to it."""
        return f"{self.dataset}.{self.name}"

    def column(self, name: str) -> Column | None:
        """The top-level column called `name`, compared as BigQuery does: without regard to case."""
        folded = name.casefold()
        return next((column for column in self.columns if column.name.casefold() == folded), None)

    def schema_json(self) -> str:
        """The one canonical schema text: declared order, legacy type names, explicit modes, no spaces to
        differ in.
        """
        return json.dumps([column.as_json() for column in self.columns], ensure_ascii=False, separators=(",", ":"))

    def inputs(self) -> dict[str, Any]:
        """What the provider is given for this table, beside its names and labels, under wire names.

        A partition that never expires is stated: left out, it would keep the expiration that it once had.
        """
        given = {
            "schema": self.schema_json(),
            "description": self.description,
            "friendlyName": self.friendly_name,
            "clusterings": list(self.clustering) or None,
            "requirePartitionFilter": True if self.partitioning and self.partitioning.require_filter else None,
            "tableConstraints": {"primaryKey": {"columns": list(self.primary_key)}} if self.primary_key else None,
            **(self.partitioning.inputs() if self.partitioning else {}),
        }
        return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """One dataset: what its `dataset.sql` (`CREATE SCHEMA`) says. Its location is the stack's region,
    never written.
    """

    name: str
    description: str | None = None
    friendly_name: str | None = None
    labels: tuple[tuple[str, str], ...] = ()
    at: Location = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, order=True)
class TableReference:
    """A table or view that SQL reads: `dataset.name`, and where it is named."""

    dataset: str
    name: str
    at: Location = field(default=NOWHERE, compare=False)

    @property
    def id(self) -> str:
        """`dataset.table`, the key of `Schemas.tables`, `.views` and `.external`."""
        return f"{self.dataset}.{self.name}"


@dataclass(frozen=True, kw_only=True)
class View:
    """One view: its query as written (placeholders filled in), and what the query reads.

    `unqualified` holds the offsets in `query` at which a table is named without its project.
    """

    dataset: str
    name: str
    query: str
    query_at: Location = field(default=NOWHERE, compare=False)
    references: tuple[TableReference, ...] = ()
    unqualified: tuple[int, ...] = ()
    columns: tuple[Column, ...] = ()
    description: str | None = None
    friendly_name: str | None = None
    labels: tuple[tuple[str, str], ...] = ()
    at: Location = field(default=NOWHERE, compare=False)

    @property
    def id(self) -> str:
        """`dataset.view`, the name by which SQL refers to it."""
        return f"{self.dataset}.{self.name}"

    def query_in(self, project: str) -> str:
        """The query with every table named in full: a stored view is also run from other projects."""
        query = self.query
        for offset in sorted(self.unqualified, reverse=True):
            query = f"{query[:offset]}`{project}`.{query[offset:]}"
        return query


DifferenceKind = Literal[
    "column-added-nullable",
    "column-added-required",
    "column-added-default",
    "column-recased",
    "column-dropped",
    "column-retyped",
    "column-narrowed",
    "column-made-required",
    "column-relaxed",
    "column-moved",
    "description-changed",
    "default-changed",
    "partitioning-changed",
    "clustering-changed",
    "expiry-shortened",
    "expiry-lengthened",
    "filter-required",
    "filter-relaxed",
    "primary-key-changed",
    "labels-changed",
]


@dataclass(frozen=True, kw_only=True)
class TableDifference:
    """One thing that differs between an older and a newer table; `column` is the dotted path, if it is
    one.
    """

    kind: DifferenceKind
    column: str | None = None
    old: str = ""
    new: str = ""
    at: Location = field(default=NOWHERE, compare=False)


def differences(old: Table, new: Table) -> tuple[TableDifference, ...]:
    """Everything that differs from `old` to `new`: columns in declared order first, then the table's own
    settings.
    """
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


@dataclass(frozen=True, kw_only=True)
class Schemas:
    """Everything in BigQuery that the pipeline owns or reads; all keys are `dataset.name`, datasets by
    their name.
    """

    datasets: Mapping[str, Dataset] = field(default_factory=dict)
    tables: Mapping[str, Table] = field(default_factory=dict)
    views: Mapping[str, View] = field(default_factory=dict)
    external: Mapping[str, Table] = field(default_factory=dict)
    unread: frozenset[str] = frozenset()
    """Tables, views (`dataset.name`) and datasets whose file is there and cannot be read: neither known nor absent."""

    def columns(self) -> dict[str, tuple[Column, ...]]:
        """The columns of everything that a query may read, by `dataset.name`."""
        groups: tuple[Mapping[str, Table | View], ...] = (self.views, self.external, self.tables)
        return {name: item.columns for group in groups for name, item in group.items()}

    def columns_of(self, name: str) -> tuple[Column, ...] | None:
        """The columns of the table or view `dataset.name`, own or external, or None if nobody declares it."""
        found = self.tables.get(name) or self.external.get(name) or self.views.get(name)
        return found.columns if found else None
