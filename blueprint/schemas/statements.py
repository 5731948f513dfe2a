"""Holds a statement against the declared tables: every query and every write, before it is deployed.

What BigQuery would refuse is a finding. What this reader cannot tell is a note: BigQuery decides, and `make sql` asks
Google's analyzer before a release. Results are kept by text and tables, so that a warm plan imports no parser.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from analysis.python.typed_json import reader_of
from analysis.sql.scope import Relation
from analysis.sql.types import ANY, Type, TypeField, array, struct
from blueprint.findings import Finding, Location
from blueprint.schemas.bigquery import Column, Schemas, Table, TableReference
from blueprint.schemas.cache import UNREADABLE, SchemaCache
from blueprint.schemas.places import START, Places

RULE = "query-resolves"
GOOGLESQL = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL", "RECORD": "STRUCT"}
WILDCARD = "*"


@dataclass(frozen=True, kw_only=True)
class CheckedStatement:
    """What was read of one statement.

    Attributes:
        kind: select, insert, update, delete, merge or truncate; empty where it does not parse.
        references: the tables it names; `unqualified` holds the offsets at which one stands without its project.
        columns: what a query returns; None where that cannot be told.
        parameters: each parameter and its place.
        clocks: uses of the current date or time in no stated zone, with their places.
        other_days: what else than a parameter says which day is asked about: any clock, or a day that the text names.
        compared: parameters that are held against a column.
        findings: what BigQuery would refuse; `notes` what cannot be told, as warnings.
    """

    kind: str = ""
    references: tuple[TableReference, ...] = ()
    unqualified: tuple[int, ...] = ()
    columns: tuple[Column, ...] | None = None
    parameters: tuple[tuple[str, Location], ...] = ()
    clocks: tuple[tuple[str, Location], ...] = ()
    other_days: tuple[tuple[str, Location], ...] = ()
    compared: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[Finding, ...] = ()


def catalog(schemas: Schemas) -> dict[str, Relation]:
    """Everything that a statement may name, as `analysis.sql` sees it; what cannot be read may have any column."""
    found = {name: Relation((), open=True) for name in schemas.unread if "." in name}
    found |= {view.id: Relation(tuple(map(field, view.columns))) for view in schemas.views.values()}
    for table in (*schemas.external.values(), *schemas.tables.values()):
        found[table.id] = relation(table, schemas.refused)
    return found


def relation(table: Table, refused: frozenset[str] = frozenset()) -> Relation:
    """One table as `analysis.sql` sees it; columns that are `refused` (see `Schemas`) may be of any type."""
    layout = table.partitioning
    return Relation(
        tuple(
            TypeField(each.name, ANY) if f"{table.id}.{each.name}" in refused else field(each) for each in table.columns
        ),
        required=frozenset(each.name for each in table.columns if each.mode == "REQUIRED" and each.default is None),
        filtered=(layout.column or "_PARTITIONTIME") if layout is not None and layout.require_filter else None,
        ingested=layout is not None and layout.column is None,
        wildcard=table.name.endswith(WILDCARD),
    )


def field(column: Column) -> TypeField:
    """A column's name and GoogleSQL type."""
    kind = Type(GOOGLESQL.get(column.type, column.type)) if column.type else ANY
    if column.fields:
        kind = struct(map(field, column.fields))
    if column.range_of:
        kind = Type("RANGE", Type(column.range_of))
    return TypeField(column.name, array(kind) if column.mode == "REPEATED" else kind)


def check_statement(
    text: str,
    tables: Mapping[str, Relation],
    at: Location = START,
    *,
    project: str | None = None,
    parameters: Mapping[str, str] | None = None,
    query_only: bool = False,
    cache: SchemaCache | None = None,
) -> CheckedStatement:
    """Read one statement whose first character stands at `at`; `parameters` are the types of `@names`."""
    cache = cache or SchemaCache(None)
    named = {name: tables[name] for name in sorted(tables) if name.split(".")[-1] in text}
    known = [
        (name, str(struct(each.columns)), sorted(each.required), each.filtered, each.ingested)
        for name, each in named.items()
    ]
    key = cache.key("statement", text, str(at), project or "", json.dumps([known, parameters, query_only]))
    stored = cache.get(key)
    if stored is not None:
        try:
            kept: CheckedStatement = reader_of(CheckedStatement)(stored)
            return kept
        except UNREADABLE:
            pass
    checked = _read(text, named, at, project, parameters or {}, query_only)
    cache.put(key, asdict(checked))
    return checked


def _read(
    text: str,
    tables: Mapping[str, Relation],
    at: Location,
    project: str | None,
    parameters: Mapping[str, str],
    query_only: bool,
) -> CheckedStatement:
    from analysis.sql.functions import parse_type
    from analysis.sql.statement import read
    from blueprint.schemas.sql import returned

    places = Places(at.file, text, at)
    types = {name: parse_type(kind) for name, kind in parameters.items()}
    found = read(text, tables, parameters=types, project=project, query_only=query_only)
    references: dict[str, TableReference] = {}
    for use in found.tables:
        dataset, _, name = use.name.partition(".")
        references.setdefault(use.name, TableReference(dataset, name, places.at(use.start)))
    return CheckedStatement(
        kind=found.kind,
        references=tuple(references.values()),
        unqualified=tuple(sorted({use.start for use in found.tables if not use.qualified})),
        columns=None if found.result is None else tuple(returned(each.name, each.type) for each in found.result),
        parameters=tuple((name, places.at(start)) for name, start in found.parameters.items()),
        clocks=tuple((each.name, places.at(each.start)) for each in found.clocks if not each.zoned),
        other_days=(
            *((each.name, places.at(each.start)) for each in found.clocks),
            *(("the day that the text names", places.at(start)) for start in found.days),
            *(("any day that is not @date", places.at(start)) for start in found.excluded),
        ),
        compared=tuple(sorted(found.compared)),
        findings=tuple(
            Finding(RULE, each.message, places.at(each.start), cause=missing_in(at.file, each.missing))
            for each in found.problems
        ),
        notes=tuple(
            Finding(
                RULE,
                f"Not known: {each.message}. BigQuery decides; `make sql` asks Google's analyzer.",
                places.at(each.start),
                "warning",
            )
            for each in found.notes
        ),
    )


def missing_in(file: str, missing: str) -> str:
    """Return the cause of what a statement says of a missing table or column: a column of no one table is its file's."""
    return missing if not missing or "." in missing else f"{file} {missing}"
