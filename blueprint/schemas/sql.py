"""Reads one DDL file into a `Table`, a `View` or a `Dataset`.

Understood are `CREATE TABLE`, `CREATE VIEW` and `CREATE SCHEMA` of GoogleSQL with everything the pipeline
may need: `IF NOT EXISTS`, `OR REPLACE`, qualified and unqualified names, nested types, defaults, primary
keys, partitioning, clustering and options. Anything else is a finding with its line and column, never
skipped. This module does not resolve what a view's query reads (`queries` does), and compares nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from blueprint.findings import Finding, Location
from blueprint.schemas.bigquery import Column, Dataset, Partitioning, Table, View
from blueprint.schemas.columns import check_columns, read_column
from blueprint.schemas.options import Options, read_options
from blueprint.schemas.partitions import read_clustering, read_partitioning
from blueprint.schemas.tokens import Cursor, NotUnderstoodError, Places, Report, tokenize

RULE = "schema-sql"
Kind = Literal["table", "view", "dataset"]


@dataclass(frozen=True)
class Parsed:
    """What one file declares, or None, and what is wrong with it."""

    declared: Table | View | Dataset | None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Context:
    """Where the statement stands and what it must therefore say: its kind, dataset, name and project."""

    file: str
    kind: Kind
    dataset: str
    name: str
    project: str | None = None


def parse(text: str, context: Context) -> Parsed:
    """Read the one statement of a file; never raises for anything the text contains."""
    places = Places(context.file, text)
    findings: list[Finding] = []

    def report(message: str, offset: int) -> None:
        findings.append(Finding(RULE, message, places.at(offset)))

    try:
        reader = _Statement(Cursor(text, tokenize(text)), context, places, report)
        declared: Table | View | Dataset | None = reader.read()
    except NotUnderstoodError as refusal:
        report(refusal.message, refusal.offset)
        declared = None
    except RecursionError:
        report("The statement is nested too deeply to read; flatten it.", 0)
        declared = None
    return Parsed(declared, tuple(findings))


class _Statement:
    """Reads one statement; semantic faults are reported and reading goes on, syntax faults end it."""

    def __init__(self, cursor: Cursor, context: Context, places: Places, report: Report) -> None:
        self.cursor = cursor
        self.context = context
        self.places = places
        self.report = report

    def read(self) -> Table | View | Dataset:
        cursor, kind = self.cursor, self.context.kind
        start = cursor.offset
        cursor.expect("CREATE")
        cursor.accept("OR", "REPLACE")
        cursor.expect({"table": "TABLE", "view": "VIEW", "dataset": "SCHEMA"}[kind])
        cursor.accept("IF", "NOT", "EXISTS")
        self._check_name()
        at = self.places.at(start)
        readers: dict[Kind, Callable[[Location], Table | View | Dataset]] = {
            "table": self._table,
            "view": self._view,
            "dataset": self._dataset,
        }
        declared = readers[kind](at)
        while cursor.accept(";"):
            pass
        if not cursor.done:
            raise NotUnderstoodError("The file holds more than one statement; give each its own file.", cursor.offset)
        return declared

    def _check_name(self) -> None:
        """Compare the written name with the file's place: the file name is what becomes the resource."""
        offset, context = self.cursor.offset, self.context
        path = self.cursor.path(f"the {context.kind}'s name")
        wanted = (context.dataset,) if context.kind == "dataset" else (context.dataset, context.name)
        unqualified = context.kind != "dataset" and path == (context.name,)
        if len(path) == len(wanted) + 1 and path[1:] == wanted:
            if context.project is not None and path[0] != context.project:
                self.report(
                    f"The statement names project `{path[0]}` but the stack deploys to `{context.project}`; leave the project out.",
                    offset,
                )
        elif path != wanted and not unqualified:
            self.report(
                f"The statement creates `{'.'.join(path)}` but its file stands for `{'.'.join(wanted)}`; rename one of them.",
                offset,
            )

    def _table(self, at: Location) -> Table:
        cursor = self.cursor
        columns, primary_key = self._elements()
        check_columns(columns, self.report, self._offsets)
        partitioning: Partitioning | None = None
        clustering: tuple[str, ...] = ()
        options = Options()
        if cursor.accept("PARTITION", "BY"):
            partitioning = read_partitioning(cursor, columns, self.report)
        if cursor.accept("CLUSTER", "BY"):
            clustering = read_clustering(cursor, columns, self.report)
        if cursor.accept("OPTIONS"):
            options = read_options(cursor, "table")
        return Table(
            dataset=self.context.dataset,
            name=self.context.name,
            columns=columns,
            partitioning=self._with_options(partitioning, options),
            clustering=clustering,
            primary_key=primary_key,
            description=options.description,
            friendly_name=options.friendly_name,
            labels=options.labels,
            at=at,
        )

    def _elements(self) -> tuple[tuple[Column, ...], tuple[str, ...]]:
        """Read the parenthesised list of columns and table constraints."""
        cursor = self.cursor
        self._offsets: dict[Location, int] = {}
        columns: list[Column] = []
        keys: list[tuple[str, ...]] = []
        key_offset = cursor.offset
        cursor.expect("(")
        while not cursor.accept(")"):
            if cursor.accept("PRIMARY", "KEY"):
                key_offset = cursor.offset
                keys.append(_names(cursor))
                cursor.expect("NOT", "ENFORCED")
            else:
                offset = cursor.offset
                column, is_key = read_column(cursor, self.places, self.report)
                columns.append(column)
                self._offsets[column.at] = offset
                keys.extend([(column.name,)] if is_key else [])
            if not cursor.sees(")"):
                cursor.expect(",")
        if not columns:
            self.report("The table has no column; declare at least one.", key_offset)
        return tuple(columns), self._primary_key(keys, columns, key_offset)

    def _primary_key(self, keys: list[tuple[str, ...]], columns: list[Column], offset: int) -> tuple[str, ...]:
        if len(keys) > 1:
            self.report("The table declares more than one primary key; keep one.", offset)
        names = {column.name.casefold() for column in columns}
        key = keys[0] if keys else ()
        for name in key:
            if name.casefold() not in names:
                self.report(f"The primary key names `{name}`, which is not a column; name a column.", offset)
        return key

    def _with_options(self, partitioning: Partitioning | None, options: Options) -> Partitioning | None:
        if partitioning is None:
            for name in ("partition_expiration_days", "require_partition_filter"):
                if name in options.offsets:
                    self.report(f"`{name}` needs a partitioned table; add PARTITION BY.", options.offsets[name])
            return None
        return Partitioning(
            column=partitioning.column,
            granularity=partitioning.granularity,
            range=partitioning.range,
            expiration_days=options.partition_expiration_days,
            require_filter=options.require_partition_filter,
        )

    def _view(self, at: Location) -> View:
        cursor, options = self.cursor, Options()
        columns: list[Column] = []
        if cursor.accept("("):
            while not cursor.accept(")"):
                here = self.places.at(cursor.offset)
                name = cursor.name("a column name")
                described = read_options(cursor, "column").description if cursor.accept("OPTIONS") else None
                columns.append(Column(name=name, type="", description=described, at=here))
                if not cursor.sees(")"):
                    cursor.expect(",")
        if cursor.accept("OPTIONS"):
            options = read_options(cursor, "view")
        cursor.expect("AS")
        query_at = self.places.at(cursor.offset)
        query = _query(cursor)
        return View(
            dataset=self.context.dataset,
            name=self.context.name,
            query=query,
            query_at=query_at,
            columns=tuple(columns),
            description=options.description,
            friendly_name=options.friendly_name,
            labels=options.labels,
            at=at,
        )

    def _dataset(self, at: Location) -> Dataset:
        options = read_options(self.cursor, "dataset") if self.cursor.accept("OPTIONS") else Options()
        return Dataset(
            name=self.context.dataset,
            description=options.description,
            friendly_name=options.friendly_name,
            labels=options.labels,
            at=at,
        )


def _names(cursor: Cursor) -> tuple[str, ...]:
    cursor.expect("(")
    names = [cursor.name("a column name")]
    while cursor.accept(","):
        names.append(cursor.name("a column name"))
    cursor.expect(")")
    return tuple(names)


def _query(cursor: Cursor) -> str:
    """Consume the rest as the view's query and return it exactly as written, without the final semicolon."""
    start = end = cursor.offset
    cursor.token()
    while not cursor.done and not cursor.sees(";"):
        end = cursor.take().end + 1
    return cursor.text[start:end]
