"""What the reader says of each statement of the corpus, as it is kept in `verdicts.txt`: `make sql` holds it to Google's.

`python -m tests.analysis.sql.test_corpus` writes that file anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from analysis.sql.ddl import ObjectKind, read_ddl
from analysis.sql.functions import parse_type
from analysis.sql.scope import Relation
from analysis.sql.statement import read

FOLDER = Path(__file__).parent
KEPT = FOLDER / "verdicts.txt"
NAMES = ("queries", "expressions", "writes", "ddl")
TABLES = {
    "ds.t": """a INT64, b STRING, c BOOL, d DATE, ts TIMESTAMP, dt DATETIME, tm TIME, f FLOAT64, num NUMERIC, bs BYTES,
        j JSON, n ARRAY<INT64>, arr ARRAY<STRUCT<k STRING, v INT64>>, s STRUCT<x INT64, y STRING, z STRUCT<w DATE>>,
        iv INTERVAL, g GEOGRAPHY, rd RANGE<DATE>, big BIGNUMERIC""",
    "ds.u": "a INT64, c STRING, e DATE",
    "other.e": "b STRING, q INT64",
}
KNOWN = {
    name: Relation(tuple(parse_type(f"STRUCT<{' '.join(columns.split())}>").fields)) for name, columns in TABLES.items()
}
TOGETHER = 20
"""Statements of one test."""


def corpus(name: str) -> list[str]:
    """Return the statements of one part of the corpus."""
    lines = (FOLDER / "corpus" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def kind_of(statement: str) -> ObjectKind:
    """Return what a statement declares."""
    return "view" if " VIEW " in statement else "dataset" if statement.startswith("CREATE SCHEMA") else "table"


def said(name: str, statement: str) -> str:
    """Return what the reader says: that it is refused, that it is not known, or what it returns."""
    if name == "ddl":
        return "refused" if read_ddl(statement, kind_of(statement))[1] else "sound"
    found = read(statement, KNOWN)
    if found.problems:
        return "refused"
    if found.notes:
        return "not known"
    return ", ".join(f"{each.name} {each.type}".strip() for each in found.result or ()) or "sound"


def written() -> Iterator[str]:
    """Yield the lines of the file."""
    for name in NAMES:
        yield from (f"{said(name, statement)}\t{statement}" for statement in corpus(name))


def parts() -> Iterator[tuple[str, int]]:
    yield from ((name, first) for name in NAMES for first in range(0, len(corpus(name)), TOGETHER))


@pytest.fixture(scope="module")
def kept() -> dict[str, str]:
    lines = KEPT.read_text(encoding="utf-8").splitlines()
    return {statement: verdict for verdict, _, statement in (line.partition("\t") for line in lines)}


@pytest.mark.parametrize(("name", "first"), [*parts()])
def test_it_is_said_as_it_was(name: str, first: int, kept: dict[str, str]) -> None:
    statements = corpus(name)[first : first + TOGETHER]
    assert {each: said(name, each) for each in statements} == {each: kept.get(each, "new") for each in statements}


def test_nothing_else_is_kept(kept: dict[str, str]) -> None:
    assert {*kept} == {each for name in NAMES for each in corpus(name)}


if __name__ == "__main__":
    KEPT.write_text("".join(f"{line}\n" for line in written()), encoding="utf-8")
