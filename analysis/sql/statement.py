"""The front door: one statement in, what it reads, writes, takes, returns and does wrong out.

Three answers: what is wrong (`problems`), what is sound, and what this reader cannot tell (`notes`), which is never
taken for either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from sqlglot import exp

from analysis.sql.grammar import odd_parts
from analysis.sql.lexical import NotUnderstoodError, SqlProblem
from analysis.sql.queries import QueryReader
from analysis.sql.record import ClockUse, Reading
from analysis.sql.scope import Catalog
from analysis.sql.text import Tree, parse, start_of
from analysis.sql.types import Type, TypeField
from analysis.sql.writes import Writes


class TableUse(NamedTuple):
    """A table that a statement names: `dataset.table`, where, whether with its project, and whether it is written."""

    name: str
    start: int
    qualified: bool
    written: bool


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What was read of one statement; offsets count from its first character.

    Attributes:
        kind: select, insert, update, delete, merge or truncate; empty where it does not parse.
        tables: the tables it names, in order.
        columns: (table, column) → where it is named first.
        parameters: each `@name` and where it stands first.
        result: the columns that a query returns; None where they cannot be told or it returns none.
        clocks: uses of the current date or time.
        compared: parameters that are held against a column.
        days: where a column of dates is asked for one day that the text names.
        excluded: where a column of dates is asked for every day but that of a parameter.
        problems: what BigQuery would refuse.
        notes: what this reader cannot tell.
    """

    kind: str = ""
    tables: tuple[TableUse, ...] = ()
    columns: Mapping[tuple[str, str], int]
    parameters: Mapping[str, int]
    result: tuple[TypeField, ...] | None = None
    clocks: tuple[ClockUse, ...] = ()
    compared: frozenset[str] = frozenset()
    days: tuple[int, ...] = ()
    excluded: tuple[int, ...] = ()
    problems: tuple[SqlProblem, ...] = ()
    notes: tuple[SqlProblem, ...] = ()


def read(
    text: str,
    catalog: Catalog,
    *,
    parameters: Mapping[str, Type] | None = None,
    project: str | None = None,
    query_only: bool = False,
) -> Statement:
    """Read the one statement of `text`; never raises for anything that the text holds."""
    try:
        parsed = parse(text)
    except NotUnderstoodError as refusal:
        return _refused(text, refusal.problem)
    if len(parsed.trees) != 1:
        return _refused(text, SqlProblem("Expected one statement; give each its own text.", 0))
    tree = parsed.trees[0]
    if query_only and not isinstance(tree, exp.Query):
        return _refused(text, SqlProblem("Expected one SELECT query; write exactly one.", start_of(tree)))
    record = Reading(parsed)
    for node, message in odd_parts(tree):
        if message:
            record.fault(node, message)
        else:
            record.untold(node, f"`{node.sql('bigquery')[:60]}` is not followed by this reader")
    queries = QueryReader(record, catalog, parameters or {}, project)
    try:
        result = _read(tree, queries)
    except RecursionError:
        return _refused(text, SqlProblem("The statement is nested too deeply to read; flatten it.", 0))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        record.untold(
            tree, f"The statement is built in a way that this reader does not follow ({type(error).__name__})"
        )
        result = None
    return Statement(
        kind=type(tree).__name__.lower() if not isinstance(tree, exp.Query) else "select",
        tables=_uses(queries),
        columns=record.columns,
        parameters=record.parameters,
        result=result,
        clocks=tuple(record.clocks),
        compared=frozenset(record.compared),
        days=tuple(record.days),
        excluded=tuple(record.excluded),
        problems=tuple(sorted(record.problems, key=lambda each: each.start)),
        notes=tuple(record.notes),
    )


def _read(tree: Tree, queries: QueryReader) -> tuple[TypeField, ...] | None:
    if isinstance(tree, exp.Query):
        return queries.read(tree)
    Writes(queries).read(tree)
    return None


def _refused(text: str, problem: SqlProblem) -> Statement:
    if "{" in text:
        notes = (
            SqlProblem("The parts that only running the code tells hide how this statement is built", problem.start),
        )
        return Statement(columns={}, parameters={}, notes=notes)
    return Statement(columns={}, parameters={}, problems=(problem,))


def _uses(queries: QueryReader) -> tuple[TableUse, ...]:
    return tuple(dict.fromkeys(TableUse(use.name, use.start, use.qualified, use.written) for use in queries.uses))
