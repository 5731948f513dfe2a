"""A first declaration from what exists: what a listing tells whole is written, what it does not tell is asked where it belongs.

Tables and datasets are written, since a listing holds all of them and they hold data. A listing says neither who publishes
on a topic, nor where the source of a function is, nor when a phase is complete: each such entry is written as a comment into
its section of the declaration, with what is known, and `"?"` where somebody has to answer. Nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Iterable

from analysis.sql.ddl import read_ddl
from ops.adoption.ddl import dataset_ddl, table_ddl, unwritten
from ops.adoption.inventory import Existing
from ops.adoption.questions import OpenQuestion, questions
from ops.scaffolding.change import ProjectChange


def draft(change: ProjectChange, existing: Iterable[Existing]) -> list[OpenQuestion]:
    """Add files and questions to `change`; return what is left to a person, in the order of the listing."""
    there = list(existing)
    left: list[OpenQuestion] = []
    for each in there:
        kind = each.type.rpartition(":")[2]
        if kind == "Dataset":
            place = f"schemas/bigquery/{each.settings['datasetId']}/dataset.sql"
            left += _write(change, f"dataset {each.label}", place, dataset_ddl(each.settings))
        elif kind == "Table":
            place = f"schemas/bigquery/{each.settings['datasetId']}/{each.settings['tableId']}.sql"
            unknown = unwritten(each.settings)
            if unknown:
                left.append(OpenQuestion(f"table {each.label}", unknown))
            else:
                left += _write(change, f"table {each.label}", place, table_ddl(each.settings))
    asked = list(questions(there, change.value()))
    for question in asked:
        if question.section is not None:
            change.ask(question.section, question.what, question.as_comment())
    return [*left, *asked]


def _write(change: ProjectChange, what: str, place: str, text: str) -> list[OpenQuestion]:
    """Add a file, unless it is there already; return why, where our own reader does not take what it says."""
    if (change.root / place).exists():
        return []
    ddl, problems = read_ddl(text, "dataset" if place.endswith("/dataset.sql") else "table")
    if ddl is None or problems:
        return [OpenQuestion(what, f"It cannot be declared as it is: {problems[0].message}")]
    change.files[place] = text
    return []
