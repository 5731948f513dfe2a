"""Turns one DDL file, read by `analysis.sql`, into a `Table`, a `View` or a `Dataset`.

Here stands what a file means for this project: its place gives its name, types become the legacy names that the API
returns, offsets become places. What is legal GoogleSQL is decided there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from blueprint.findings import Finding
from blueprint.schemas.bigquery import Column, ColumnMode, Dataset, Partitioning, RangePartitioning, Table, View
from blueprint.schemas.places import Places

if TYPE_CHECKING:
    from analysis.sql.columns import ColumnDdl
    from analysis.sql.ddl import Ddl
    from analysis.sql.types import Type

RULE = "schema-sql"
ObjectKind = Literal["table", "view", "dataset"]
SqlObject = Table | View | Dataset
Complain = Callable[[str, int], None]

LEGACY = {"INT64": "INTEGER", "FLOAT64": "FLOAT", "BOOL": "BOOLEAN", "STRUCT": "RECORD"}
"""GoogleSQL type names → the legacy names that the API returns, where they differ."""


@dataclass(frozen=True)
class ParsedFile:
    """What one file declares, or None, and what is wrong with it."""

    declared: SqlObject | None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class FileContext:
    """Where the statement stands and what it must therefore say: its kind, dataset, name and project."""

    file: str
    kind: ObjectKind
    dataset: str
    name: str
    project: str | None = None


def parse(text: str, context: FileContext) -> ParsedFile:
    """Read the one statement of a file; never raises for anything the text contains."""
    from analysis.sql.ddl import read_ddl

    places = Places(context.file, text)
    ddl, problems = read_ddl(text, context.kind)
    findings = [Finding(RULE, each.message, places.at(each.start)) for each in problems]

    def report(message: str, offset: int) -> None:
        findings.append(Finding(RULE, message, places.at(offset)))

    declared = None if ddl is None else _declared(ddl, context, places, report)
    return ParsedFile(declared, tuple(sorted(findings, key=lambda each: (each.at.line or 0, each.at.column or 0))))


def _declared(ddl: Ddl, context: FileContext, places: Places, report: Complain) -> SqlObject:
    wildcard = _check_name(ddl, context, report)
    options, at = ddl.options, places.at(ddl.start)
    if context.kind == "dataset":
        return Dataset(
            name=context.dataset,
            description=options.description,
            friendly_name=options.friendly_name,
            labels=options.labels,
            at=at,
        )
    if context.kind == "view":
        return View(
            dataset=context.dataset,
            name=context.name,
            query=ddl.query,
            query_at=places.at(ddl.query_at),
            columns=tuple(_column(each, places) for each in ddl.columns),
            description=options.description,
            friendly_name=options.friendly_name,
            labels=options.labels,
            at=at,
        )
    return Table(
        dataset=context.dataset,
        name=context.name + "*" * wildcard,
        columns=tuple(_column(each, places) for each in ddl.columns),
        partitioning=_partitioning(ddl, report),
        clustering=ddl.clustering,
        primary_key=ddl.primary_key,
        description=options.description,
        friendly_name=options.friendly_name,
        labels=options.labels,
        at=at,
    )


def _check_name(ddl: Ddl, context: FileContext, report: Complain) -> bool:
    """Compare the written name with the file's place: the file name is what becomes the resource.

    Returns whether the name is a wildcard, `prefix_*`, which stands for many tables that others own.
    """
    own = tuple(context.name.split("."))
    wanted = (context.dataset,) if context.kind == "dataset" else (context.dataset, *own)
    path, external = ddl.path, context.file.startswith("schemas/external/")
    wildcard = external and path[-1:] == (f"{context.name}*",)
    if wildcard:
        path = (*path[:-1], context.name)
    unqualified = context.kind != "dataset" and path == own
    if len(path) == len(wanted) + 1 and path[1:] == wanted:
        if context.project is not None and path[0] != context.project:
            report(
                f"The statement names project `{path[0]}` but the stack deploys to `{context.project}`; leave the project out.",
                ddl.path_at,
            )
    elif path != wanted and not unqualified:
        report(
            f"The statement creates `{'.'.join(path)}` but its file stands for `{'.'.join(wanted)}`; rename one of them.",
            ddl.path_at,
        )
    return wildcard


def _partitioning(ddl: Ddl, report: Complain) -> Partitioning | None:
    options, found = ddl.options, ddl.partition
    if found is None:
        for name in ("partition_expiration_days", "require_partition_filter"):
            if name in options.offsets:
                report(f"`{name}` needs a partitioned table; add PARTITION BY.", options.offsets[name])
        return None
    if found.bounds is not None and options.partition_expiration_days is not None:
        report(
            "Partitions by range have no date and never expire; remove `partition_expiration_days`.",
            options.offsets["partition_expiration_days"],
        )
    bounds = found.bounds
    return Partitioning(
        column=found.column,
        granularity=found.granularity,
        range=RangePartitioning(start=bounds[0], end=bounds[1], interval=bounds[2]) if bounds else None,
        expiration_days=options.partition_expiration_days,
        require_filter=options.require_partition_filter,
    )


def _column(ddl: ColumnDdl, places: Places) -> Column:
    kind = ddl.type.element if ddl.type.kind == "ARRAY" and ddl.type.element is not None else ddl.type
    mode: ColumnMode = "REPEATED" if ddl.type.kind == "ARRAY" else "REQUIRED" if ddl.required else "NULLABLE"
    numeric = kind.kind in ("NUMERIC", "BIGNUMERIC")
    return Column(
        name=ddl.name,
        type="" if kind.kind == "ANY" else LEGACY.get(kind.kind, kind.kind),
        mode=mode,
        description=ddl.description,
        default=ddl.default,
        fields=tuple(_column(each, places) for each in ddl.fields),
        max_length=ddl.parameters[0] if ddl.parameters and not numeric else None,
        precision=ddl.parameters[0] if ddl.parameters and numeric else None,
        scale=ddl.parameters[1] if len(ddl.parameters) == 2 else None,
        range_of=kind.element.kind if kind.kind == "RANGE" and kind.element is not None else None,
        at=places.at(ddl.start),
    )


def returned(name: str, kind: Type) -> Column:
    """A column of a query's result; a type that cannot be told is the empty string."""
    mode: ColumnMode = "NULLABLE"
    if kind.kind == "ARRAY":
        mode, kind = "REPEATED", kind.element or kind
    return Column(
        name=name,
        type="" if kind.kind in ("ANY", "NULL") else LEGACY.get(kind.kind, kind.kind),
        mode=mode,
        fields=tuple(returned(each.name, each.type) for each in kind.fields),
        range_of=kind.element.kind if kind.kind == "RANGE" and kind.element is not None else None,
    )
