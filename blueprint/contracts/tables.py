"""Contracts on tables: what code and the declaration name exists, with the columns they name, and evolves safely."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.files import Unreadable, read_input
from blueprint import causes
from blueprint.contracts import Inspection, contract
from blueprint.findings import Location, shown
from blueprint.model import Blueprint
from blueprint.schemas.cache import SchemaCache, reader_hash
from blueprint.schemas.loader import CACHE, OWN
from blueprint.schemas.released import check_evolution
from blueprint.schemas.statements import CheckedStatement, catalog, check_statement
from blueprint.sources import FOLDER, sql_files

GATE_PARAMETER = "date"
"""The one parameter that a gate's query is given."""


@contract("tables-declared", "Every table that the declaration names exists", incidents=(64, 65, 66))
def tables_declared(plan: Blueprint, report: Inspection) -> None:
    """A table that lives in another dataset, or only in a file, reads as "no rows"."""
    schemas = plan.schemas
    for part, name in plan.manifest.tables.items():
        report.check()
        if schemas.columns_of(name) is None and name not in schemas.unread:
            report.violation(
                _absent(f"`tables.{part}` names", name), plan.manifest.at, causes.table(name), at_cause=True
            )
    for phase in plan.manifest.phases.values():
        for processor in phase.processors.values():
            output = processor.output
            if output is None:
                continue
            report.check()
            columns = schemas.columns_of(output.table)
            if output.table in schemas.unread:
                continue
            if columns is None:
                absent = _absent(f"Processor '{processor.name}' writes", output.table)
                report.violation(absent, output.at, causes.table(output.table), at_cause=True)
                continue
            wanted = plan.manifest.keys.sql_type
            column = next((each for each in columns if each.name == output.date_column), None)
            if column is None or column.type != wanted:
                known = ", ".join(each.name for each in columns if each.type == wanted) or "none"
                report.violation(
                    f"`{output.table}` has no {wanted} column `{output.date_column}`; its {wanted} columns: {known}.",
                    output.at,
                    causes.table(output.table, output.date_column),
                    at_cause=True,
                )


def _absent(who: str, name: str) -> str:
    dataset, _, table = name.partition(".")
    return f"{who} `{name}`, which no file declares; add {OWN}/{dataset}/{table}.sql, or schemas/external/{dataset}/{table}.sql where another team owns it."


@contract("queries-resolve", "Every query finds its tables and columns", incidents=(41, 64, 65, 66, 67, 68))
def queries_resolve(plan: Blueprint, report: Inspection) -> None:
    """A query that cannot run fails at night, and once an `except` turned that into "nothing wrong"."""
    tables = catalog(plan.schemas)
    cache = SchemaCache(plan.root / CACHE, reader_hash())
    for text, at in _statements(plan, report):
        report.check()
        checked = check_statement(text, tables, at, project=plan.stack.project, cache=cache)
        report.read(checked.findings)
        report.read(checked.notes)
        for name, place in checked.clocks:
            report.warning(f"{name} without a zone is the day of UTC; write it with the pipeline's zone.", place)


def _statements(plan: Blueprint, report: Inspection) -> Iterator[tuple[str, Location]]:
    """The SQL files beside the functions' code, then the complete SQL in the code itself, each text once."""
    seen: set[str] = set()
    for path in sql_files(plan.root, plan.manifest):
        file = shown(plan.root, path)
        try:
            text = read_input(path, within=plan.root)
        except Unreadable as error:
            report.violation(str(error), Location(file, error.line))
            continue
        seen.add(text.strip())
        yield text, Location(file, 1, 1)
    for archive in plan.archives.values():
        for query in archive.uses.queries:
            if query.text and "{" not in query.text and query.text.strip() not in seen:
                seen.add(query.text.strip())
                yield query.text, Location(query.at.file, query.at.line, 1)


@contract("gates-ask-their-date", "A gate returns one number and asks about its date only", incidents=(64, 68))
def gates_ask_their_date(plan: Blueprint, report: Inspection) -> None:
    """A gate that asks about today lets yesterday's date pass, and is opened again by midnight."""
    tables = catalog(plan.schemas)
    cache = SchemaCache(plan.root / CACHE, reader_hash())
    for boundary in plan.manifest.boundaries.values():
        for gate in boundary.gates.values():
            report.check()
            if gate.query is None:
                continue
            at = Location(f"{FOLDER}/{plan.manifest.functions[boundary.function].folder}/{gate.query}", 1, 1)
            try:
                text = read_input(plan.root / at.file, within=plan.root)
            except Unreadable:  # told where the function's view is made
                continue
            checked = check_statement(
                text,
                tables,
                at,
                project=plan.stack.project,
                parameters={GATE_PARAMETER: plan.manifest.keys.sql_type},
                query_only=True,
                cache=cache,
            )
            report.read(checked.findings)
            if not checked.findings:
                for message, place in _unfit(checked, at):
                    report.violation(message, place)


def _unfit(checked: CheckedStatement, at: Location) -> Iterator[tuple[str, Location]]:
    """Yield what makes a sound query no gate."""
    columns = checked.columns
    if columns is not None and [column.name for column in columns] != ["value"]:
        yield "A gate returns the one column `value`; select that and no other.", at
    elif columns and columns[0].type not in ("INTEGER", "FLOAT", "NUMERIC", "BIGNUMERIC", ""):
        yield f"A gate's `value` is a number and this is {columns[0].type}; count or compute one.", at
    names = dict(checked.parameters)
    others = [
        (f"A gate is given @date and nothing else, and this one uses @{name}; write the value.", place)
        for name, place in names.items()
        if name != GATE_PARAMETER
    ] + [
        (f"A gate judges its @date, and {name} is another day on another day; use @date.", place)
        for name, place in checked.other_days
    ]
    yield from others
    if GATE_PARAMETER not in checked.compared and not others:
        yield "The gate does not ask about its date; compare a column with @date.", at


@contract("schemas-evolve", "Tables and messages change only as the platform and readers allow", incidents=(41, 67))
def schemas_evolve(plan: Blueprint, report: Inspection) -> None:
    """A retyped or dropped column replaces the table with its rows (pitfalls 55, 56, 58)."""
    unread = plan.schemas.unread | plan.unread_messages
    checked, findings = check_evolution(
        plan.root, plan.schemas.tables, plan.messages, plan.manifest.retired, unread=unread
    )
    report.check(checked)
    report.read(findings)
