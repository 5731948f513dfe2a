"""Contracts on tables: what code and the declaration name exists, with the columns they name, and evolves
safely.
"""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.contracts import Report, contract
from blueprint.findings import Location
from blueprint.model import Blueprint
from blueprint.schemas.cache import Cache, reader_hash
from blueprint.schemas.loader import CACHE, OWN
from blueprint.schemas.released import check_evolution
from blueprint.schemas.statements import check_statement
from blueprint.sources import FOLDER


@contract("tables-declared", "Every table that the declaration names exists", incidents=(64, 65, 66))
def tables_declared(plan: Blueprint, report: Report) -> None:
    """A table that lives in another dataset, or only in a file, reads as "no rows"."""
    schemas = plan.schemas
    for part, name in plan.manifest.tables.items():
        report.check()
        if schemas.columns_of(name) is None:
            report.violation(_absent(f"`tables.{part}` names", name), plan.manifest.at)
    for phase in plan.manifest.phases.values():
        for processor in phase.processors.values():
            output = processor.output
            if output is None:
                continue
            report.check()
            columns = schemas.columns_of(output.table)
            if columns is None:
                report.violation(_absent(f"Processor '{processor.name}' writes", output.table), output.at)
                continue
            column = next((each for each in columns if each.name == output.date_column), None)
            if column is None or column.type != "DATE":
                known = ", ".join(each.name for each in columns if each.type == "DATE") or "none"
                report.violation(
                    f"`{output.table}` has no DATE column `{output.date_column}`; its DATE columns: {known}.", output.at
                )


def _absent(who: str, name: str) -> str:
    dataset, table = name.split(".")
    return f"{who} `{name}`, which no file declares; add {OWN}/{dataset}/{table}.sql, or schemas/external/{dataset}/{table}.sql where another team owns it."


@contract("queries-resolve", "Every query finds its tables and columns", incidents=(41, 64, 65, 66, 67, 68))
def queries_resolve(plan: Blueprint, report: Report) -> None:
    """A query that cannot run fails at night, and once an `except` turned that into "nothing wrong"."""
    columns = plan.schemas.columns()
    cache = Cache(plan.root / CACHE, reader_hash())
    for text, at in _statements(plan):
        report.check()
        for finding in check_statement(text, columns, at, project=plan.stack.project, cache=cache):
            report.violation(finding.message, finding.at)


def _statements(plan: Blueprint) -> Iterator[tuple[str, Location]]:
    """The SQL files beside the functions' code, then the complete SQL in the code itself, each text once."""
    seen: set[str] = set()
    for path in sorted((plan.root / FOLDER).rglob("*.sql")):
        text = path.read_text(encoding="utf-8", errors="replace")
        seen.add(text.strip())
        yield text, Location(path.relative_to(plan.root).as_posix(), 1, 1)
    for archive in plan.archives.values():
        for query in archive.uses.queries:
            if query.text.strip() not in seen and "{" not in query.text:
                seen.add(query.text.strip())
                yield query.text, Location(query.at.file, query.at.line, 1)


@contract("schemas-evolve", "Tables and messages change only as the platform and readers allow", incidents=(41, 67))
def schemas_evolve(plan: Blueprint, report: Report) -> None:
    """A retyped or dropped column replaces the table with its rows (pitfalls 55, 56, 58)."""
    checked, findings = check_evolution(plan.root, plan.schemas.tables, plan.messages)
    report.check(checked)
    for finding in findings:
        report.violation(finding.message, finding.at)
