"""Tables and columns of a SQL text, parsed as BigQuery; parts known only at run time stay open.

Imports sqlglot when first called: a plan whose archives are cached never pays for it.
"""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from sqlglot.expressions import Expr as Expression
    from sqlglot.optimizer.scope import Scope

# A statement, told from prose by its second keyword.
_STATEMENT = re.compile(
    r"""^\s*(?:--[^\n]*\n\s*)*(?:
    SELECT\b.+\bFROM\b | WITH\b.+\bAS\s*\( | INSERT\s+(?:INTO\s+[`\w{]|[`{]|[\w-]+\.\w) | UPDATE\b.+\bSET\b
    | DELETE\s+FROM\b | MERGE\s+(?:INTO\s+[`\w{]|[`{]|[\w-]+\.\w) | CREATE\s+(?:OR\s+REPLACE\s+)?(?:TEMP\s+)?(?:TABLE|VIEW)\b
    | TRUNCATE\s+TABLE\b)""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
_HOLE = re.compile(r"\{([^{}]*)\}")
_PSEUDO = ("_partition", "_table_suffix", "_file_name")


class SqlTable(NamedTuple):
    """One table of a statement; a column that may belong to another table of it begins with `?`."""

    table: str
    columns: tuple[str, ...]
    written: bool


def is_sql(text: str) -> bool:
    """Return whether `text` is a SQL statement rather than prose that begins with one of its words."""
    return _STATEMENT.match(text) is not None


@functools.cache
def read_sql(text: str) -> tuple[tuple[SqlTable, ...], str | None]:
    """Return the tables of a statement with their columns, and why it does not parse (None if it does).

    Args:
        text: the statement; `{name}` stands for a part that is known only at run time.
    """
    import sqlglot
    from sqlglot.errors import SqlglotError

    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    holes: list[str] = []

    def plug(match: re.Match[str]) -> str:
        holes.append(match[0])
        return f"hole_{len(holes) - 1}_"

    plugged = _HOLE.sub(plug, text)
    try:
        statements = [item for item in sqlglot.parse(plugged, read="bigquery") if item is not None]
        found = [pair for statement in statements for pair in _tables(statement)]
        written = {_unplug(table, holes) for statement in statements if (table := _target(statement))}
    except (SqlglotError, RecursionError) as error:
        return (), None if holes else str(error).splitlines()[0]
    columns: dict[str, set[str]] = {}
    for table, column in found:
        columns.setdefault(_unplug(table, holes), set()).update({column} if column and "hole_" not in column else ())
    tables = (SqlTable(table, tuple(sorted(names)), table in written) for table, names in sorted(columns.items()))
    return tuple(tables), None


def _target(statement: Expression) -> str:
    """Return the table that a statement changes; nothing where it only reads."""
    from sqlglot import exp

    if isinstance(statement, exp.TruncateTable):
        return _name(statement.expressions[0])
    if not isinstance(statement, exp.Insert | exp.Update | exp.Delete | exp.Merge):
        return ""
    return _name(statement.this.this if isinstance(statement.this, exp.Schema) else statement.this)


def _unplug(name: str, holes: list[str]) -> str:
    return re.sub(r"hole_(\d+)_", lambda match: holes[int(match[1])], name)


def _tables(statement: Expression) -> Iterator[tuple[str, str]]:
    """Yield (table, column) for every use; the column is "" for the use of a table as such."""
    from sqlglot import exp
    from sqlglot.optimizer.scope import traverse_scope

    named = {cte.alias for cte in statement.find_all(exp.CTE)}
    for table in statement.find_all(exp.Table):
        if _name(table) and not (table.name in named and not table.db):
            yield _name(table), ""
    for scope in traverse_scope(statement):
        yield from _columns(scope)
    if isinstance(statement, exp.Insert | exp.Update | exp.Delete | exp.Merge):
        yield from _written(statement)


def _written(statement: Expression) -> Iterator[tuple[str, str]]:
    from sqlglot import exp

    target = statement.this.this if isinstance(statement.this, exp.Schema) else statement.this
    if not isinstance(target, exp.Table):
        return
    if isinstance(statement.this, exp.Schema):
        for column in statement.this.expressions:
            yield _name(target), column.name
    if isinstance(statement, exp.Update | exp.Delete) and statement.find(exp.Select) is None:
        for column in statement.find_all(exp.Column):
            yield _name(target), column.name
    if isinstance(statement, exp.Merge):
        alias = target.alias_or_name
        for column in statement.find_all(exp.Column):
            if column.table == alias:
                yield _name(target), column.name


def _columns(scope: Scope) -> Iterator[tuple[str, str]]:
    from sqlglot import exp

    tables = {name: source for name, source in scope.sources.items() if isinstance(source, exp.Table)}
    selected = {name: _name(tables[name]) for name in scope.selected_sources if name in tables and _name(tables[name])}
    only_tables = len(selected) == len(scope.selected_sources) and not list(scope.find_all(exp.Unnest))
    aliases = {item.alias for item in scope.expression.expressions if isinstance(item, exp.Alias)}
    for column in scope.columns:
        name = column.name
        if name.lower().startswith(_PSEUDO):
            continue
        if column.table in selected:
            yield selected[column.table], name
        elif column.table in scope.sources:
            continue
        else:
            # `a.b` where `a` is no source is a field of the column `a`.
            name = column.table or name
            clause = column.find_ancestor(exp.Order, exp.Group, exp.Having, exp.Qualify, exp.Select)
            if name in aliases and not isinstance(clause, exp.Select):
                continue
            if only_tables and not _correlated(scope):
                mark = "" if len(selected) == 1 else "?"
                yield from ((table, mark + name) for table in selected.values())
    if any(isinstance(item, exp.Star) for item in scope.expression.expressions):
        yield from ((table, "*") for table in selected.values())


def _correlated(scope: Scope) -> bool:
    """Return whether an outer query's columns are in reach, so that a bare name may be one of them."""
    return bool(scope.is_subquery and scope.parent is not None and scope.parent.selected_sources)


def _name(table: Expression) -> str:
    """Return `dataset.table`, whatever way the backticks were put; "" for a table function."""
    from sqlglot import exp

    if not isinstance(table, exp.Table) or not isinstance(table.this, exp.Identifier | exp.Dot):
        return ""
    parts = [part.name for part in table.parts]
    parts = [piece for part in parts for piece in part.split(".")]
    if "INFORMATION_SCHEMA" in [part.upper() for part in parts]:
        return ".".join(parts[-3:])
    return ".".join(parts[-2:])
