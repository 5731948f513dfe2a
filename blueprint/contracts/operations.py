"""A contract on what on-call's commands ask: a table or column that moved is found at preview, not at night."""

from __future__ import annotations

import re
from collections.abc import Iterator

from blueprint.contracts import Report, contract
from blueprint.findings import Location, Refused
from blueprint.model import Blueprint
from blueprint.operations import FOLDER, QUESTIONS, Question, answer, file_of
from blueprint.schemas.cache import Cache, reader_hash
from blueprint.schemas.loader import CACHE
from blueprint.schemas.statements import Checked, checked_statement

PARAMETER = re.compile(r"(?<!@)@([A-Za-z_]\w*)")


@contract("operators-answered", "Operators' queries find their tables and columns", incidents=(64, 65, 66, 68))
def operators_answered(plan: Blueprint, report: Report) -> None:
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
    columns = plan.schemas.columns()
    cache = Cache(plan.root / CACHE, reader_hash())
    for name, question in QUESTIONS.items():
        report.check()
        if name not in present:
            continue
        try:
            at, text = Location(file_of(name), 1, 1), answer(plan.root, name)
        except Refused as refused:
            report.findings.extend(refused.findings)
            continue
        looked = checked_statement(text, columns, at, project=plan.stack.project, cache=cache)
        for finding in looked.findings:
            report.violation(finding.message, finding.at)
        for problem in _unfit(question, text, looked):
            report.violation(problem, at)


def _unfit(question: Question, text: str, looked: Checked) -> Iterator[str]:
    """Yield what makes the SQL no answer to its question."""
    for parameter in sorted(set(PARAMETER.findall(text)) - set(question.parameters)):
        known = ", ".join(f"@{name}" for name in question.parameters)
        yield f"The query uses @{parameter}, which nobody gives; its parameters are {known}."
    lacking = [column for column in question.columns if column not in looked.columns]
    if lacking and not looked.findings:
        yield f"The query does not return {', '.join(lacking)}, which the commands read; select them."
