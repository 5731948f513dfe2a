"""BigQuery tables and views as value objects.

A `Table` is what a `CREATE TABLE` file says, no more: it knows nothing of SQL text or of Pulumi. What differs between two
is for `differences` to say; what a change does to a table that exists is for `provider.changes`, from `Table.inputs`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
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
        """The one canonical schema text: declared order, legacy type names, explicit modes, no spaces to differ in."""
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
    """One dataset: what its `dataset.sql` (`CREATE SCHEMA`) says. Its location is the stack's region, never written."""

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


@dataclass(frozen=True, kw_only=True)
class Schemas:
    """Everything in BigQuery that the pipeline owns or reads; all keys are `dataset.name`, datasets by their name."""

    datasets: Mapping[str, Dataset] = field(default_factory=dict)
    tables: Mapping[str, Table] = field(default_factory=dict)
    views: Mapping[str, View] = field(default_factory=dict)
    external: Mapping[str, Table] = field(default_factory=dict)
    unread: frozenset[str] = frozenset()
    """Tables, views (`dataset.name`) and datasets whose file is there and cannot be read: neither known nor absent."""
    refused: frozenset[str] = frozenset()
    """Columns (`dataset.table.column`) that may not change as they did: of what type they will be is not known."""

    def columns(self) -> dict[str, tuple[Column, ...]]:
        """The columns of everything that a query may read, by `dataset.name`."""
        groups: tuple[Mapping[str, Table | View], ...] = (self.views, self.external, self.tables)
        return {name: item.columns for group in groups for name, item in group.items()}

    def columns_of(self, name: str) -> tuple[Column, ...] | None:
        """The columns of the table or view `dataset.name`, own or external, or None if nobody declares it."""
        found = self.tables.get(name) or self.external.get(name) or self.views.get(name)
        return found.columns if found else None
