"""A contract on what on-call's commands ask: a table or column that moved is found at preview, not at night."""

from __future__ import annotations

from blueprint.contracts import Report, contract
from blueprint.findings import Location
from blueprint.model import Blueprint
from blueprint.operations import operator_queries, operator_query, parts
from blueprint.schemas.cache import Cache, reader_hash
from blueprint.schemas.loader import CACHE
from blueprint.schemas.statements import check_statement

QUERIES = "blueprint/operations"


@contract("operators-answered", "Operators' queries find their tables and columns", incidents=(64, 65, 66, 68))
def operators_answered(plan: Blueprint, report: Report) -> None:
    """A pipeline that names a table for every part has the commands; one that does not is told so, once."""
    queries, tables = operator_queries(), plan.manifest.tables
    missing = sorted({part for text in queries.values() for part in parts(text)} - set(tables))
    if missing:
        report.check(len(queries))
        report.warning(
            f"`tables` names no table for {', '.join(missing)}, so `ops validate` and `ops repair` cannot work here.",
            plan.manifest.at,
        )
        return
    columns = plan.schemas.columns()
    cache = Cache(plan.root / CACHE, reader_hash())
    for name in queries:
        report.check()
        at = Location(f"{QUERIES}/{name}.sql", 1, 1)
        text = operator_query(name, plan.manifest)
        for finding in check_statement(text, columns, at, project=plan.stack.project, cache=cache):
            report.violation(finding.message, finding.at)
