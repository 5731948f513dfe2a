"""A contract on what on-call's commands ask: a table or column that moved is found at preview, not at night."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.contracts import Inspection, contract
from blueprint.findings import Location, Refused
from blueprint.model import Blueprint
from blueprint.operations import FOLDER, PARAMETERS, QUESTIONS, Question, answer, file_of
from blueprint.schemas.cache import SchemaCache, reader_hash
from blueprint.schemas.loader import CACHE
from blueprint.schemas.statements import CheckedStatement, catalog, check_statement


@contract("operators-answered", "Operators' queries find their tables and columns", incidents=(64, 65, 66, 68))
def operators_answered(plan: Blueprint, report: Inspection) -> None:
    """A pipeline that answers every question has the commands; one that does not is told so, once."""
    present = {path.stem for path in (plan.root / FOLDER).glob("*.sql")}
    for name in sorted(present - set(QUESTIONS)):
        message = f"Nothing asks for '{name}'; the questions are {', '.join(QUESTIONS)}. Correct its name or remove it."
        report.violation(message, Location(file_of(name)))
    if missing := [name for name in QUESTIONS if name not in present]:
        report.warning(
            f"{FOLDER} does not answer {', '.join(missing)}, so `ops validate` and `ops repair` cannot work here.",
            plan.manifest.at,
        )
    tables = catalog(plan.schemas)
    cache = SchemaCache(plan.root / CACHE, reader_hash())
    for name, question in QUESTIONS.items():
        report.check()
        if name not in present:
            continue
        try:
            at, text = Location(file_of(name), 1, 1), answer(plan.root, name)
        except Refused as refused:
            report.findings.extend(refused.findings)
            continue
        types = {parameter: PARAMETERS[parameter] for parameter in question.parameters}
        if "date" in types:
            types["date"] = plan.manifest.keys.sql_type
        checked = check_statement(text, tables, at, project=plan.stack.project, parameters=types, cache=cache)
        report.read((*checked.findings, *checked.notes))
        for problem, place in _unfit(question, checked, at):
            report.violation(problem, place)


def _unfit(question: Question, checked: CheckedStatement, at: Location) -> Iterator[tuple[str, Location]]:
    """Yield what makes the SQL no answer to its question."""
    for parameter, place in checked.parameters:
        if parameter not in question.parameters:
            known = ", ".join(f"@{name}" for name in question.parameters)
            yield f"The query uses @{parameter}, which nobody gives; its parameters are {known}.", place
    returned = {column.name for column in checked.columns or ()}
    lacking = [column for column in question.columns if column not in returned]
    if lacking and not checked.findings and (checked.columns is not None or checked.kind != "select"):
        yield f"The query does not return {', '.join(lacking)}, which the commands read; select them.", at
    for name, place in checked.clocks:
        yield (
            f"{name} without a zone is the day of UTC, and the answer depends on it; write the pipeline's zone.",
            place,
        )
