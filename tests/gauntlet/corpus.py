"""All mutations of the project, by the part that they are made in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

from tests.gauntlet.harmless import of_code, of_layout, of_message, of_statement
from tests.gauntlet.harmless_modules import of_modules
from tests.gauntlet.judge import Judge, Outcome, guarded
from tests.gauntlet.mutation import Mutation
from tests.gauntlet.of_files import of_files
from tests.gauntlet.of_python import of_python
from tests.gauntlet.of_sql import of_sql
from tests.gauntlet.of_yaml import of_yaml
from tests.gauntlet.planned import of_plan

FIXTURES = "/fixtures/"
"""Data of tests, which hold each to the fault that it names; here a fixture can only be lost."""
Judged = Callable[[], Outcome]
Maker = Callable[[str, str], Iterator[Mutation]]


def _of(judge: Judge, made: Maker, folder: str, suffix: str) -> Iterator[Mutation]:
    for file in judge.sources:
        if file.startswith(folder) and file.endswith(suffix):
            yield from made(file, judge.text(file))


def corpus(judge: Judge) -> Mapping[str, Mapping[Mutation, Judged]]:
    """Return part → its mutations, each with the way to judge it."""
    parts = {
        "declaration": _of(judge, of_yaml, "pipeline.yaml", ""),
        "stack": _of(judge, of_yaml, "Pulumi.", ".yaml"),
        "files": of_files(judge.root),
        "documents": _of(judge, of_yaml, "schemas/", ".yaml"),
        "messages": (each for each in _of(judge, of_yaml, "schemas/messages/", ".json") if FIXTURES not in each.file),
        "tables": _of(judge, of_sql, "schemas/", ".sql"),
        "queries": _of(judge, of_sql, "functions/", ".sql"),
        "code": _of(judge, of_python, "functions/", ".py"),
    }
    edits = {
        name: {each: partial(judge.judged, each) for each in _distinct(judge, found)} for name, found in parts.items()
    }
    harmless = {
        "harmless layout": _of(judge, of_layout, "", ".yaml"),
        "harmless SQL": _of(judge, of_statement, "", ".sql"),
        "harmless code": _of(judge, of_code, "functions/", ".py"),
        "harmless messages": (
            each for each in _of(judge, of_message, "schemas/messages/", ".json") if FIXTURES not in each.file
        ),
        "harmless modules": of_modules(
            {file: judge.text(file) for file in judge.sources if file.startswith("functions/") and file.endswith(".py")}
        ),
    }
    passing = {
        name: {each: partial(judge.passed, each) for each in _distinct(judge, found)}
        for name, found in harmless.items()
    }
    return {
        **edits,
        "plan": {each.mutation: partial(guarded, each.mutation, each.judged) for each in of_plan(judge)},
        **passing,
    }


def _distinct(judge: Judge, found: Iterable[Mutation]) -> list[Mutation]:
    """Return the mutations that change a file, each change once."""
    return [*{(each.file, each.text): each for each in found if each.text != judge.text(each.file)}.values()]
