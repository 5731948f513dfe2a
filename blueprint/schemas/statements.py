"""Checks the SQL that functions carry: every statement against the declared tables, before it is deployed.

A query is resolved column by column (`queries`). Of a statement that writes, the table and the columns it
names must exist, and an INSERT must give every REQUIRED column without a default. Results are cached by
text and tables.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from blueprint.findings import Finding, Location
from blueprint.schemas.bigquery import Column
from blueprint.schemas.cache import Cache, decode_findings, encode_findings
from blueprint.schemas.queries import RULE, resolve

if TYPE_CHECKING:
    from sqlglot import exp

_WRITES = re.compile(r"\s*(?:(?:--|#)[^\n]*\n\s*|/\*.*?\*/\s*)*(INSERT|UPDATE|DELETE|MERGE|TRUNCATE)\b", re.I | re.S)


@dataclass(frozen=True)
class Checked:
    """What is wrong with a statement, and the columns that it returns as far as it is sound."""

    findings: tuple[Finding, ...] = ()
    columns: tuple[str, ...] = ()


def check_statement(
    text: str,
    tables: Mapping[str, tuple[Column, ...]],
    at: Location,
    *,
    project: str | None = None,
    cache: Cache | None = None,
) -> tuple[Finding, ...]:
    """Return what is wrong with one statement whose first character stands at `at`."""
    return checked_statement(text, tables, at, project=project, cache=cache).findings


def checked_statement(
    text: str,
    tables: Mapping[str, tuple[Column, ...]],
    at: Location,
    *,
    project: str | None = None,
    cache: Cache | None = None,
) -> Checked:
    """Return what is wrong with one statement whose first character stands at `at`, and what it returns."""
    cache = cache or Cache(None)
    named = {name: columns for name, columns in tables.items() if name.split(".")[1] in text}
    known = json.dumps({name: [asdict(column) for column in named[name]] for name in sorted(named)}, default=str)
    key = cache.key("statement", text, str(at), project or "", known)
    stored = cache.get(key)
    if stored is not None:
        try:
            return Checked(decode_findings(stored["findings"]), tuple(stored["columns"]))
        except (KeyError, TypeError, AttributeError):
            pass
    if _WRITES.match(text):
        checked = Checked(tuple(_check_write(text, tables, at, project)))
    else:
        found = resolve(text, tables, at, project=project)
        checked = Checked(found.findings, tuple(column.name for column in found.columns))
    cache.put(key, {"findings": encode_findings(checked.findings), "columns": checked.columns})
    return checked


def _check_write(
    text: str, tables: Mapping[str, tuple[Column, ...]], at: Location, project: str | None
) -> Iterator[Finding]:
    from sqlglot import exp, parse
    from sqlglot.errors import SqlglotError

    try:
        statements = [tree for tree in parse(text, dialect="bigquery") if tree is not None]
    except (SqlglotError, RecursionError) as error:
        yield Finding(RULE, f"The statement does not parse: {str(error).splitlines()[0]}; correct it.", at)
        return
    if len(statements) != 1:
        yield Finding(RULE, "Expected one statement; give each its own text.", at)
        return
    tree = statements[0]
    target = next(iter(tree.find_all(exp.Table)), None)
    if isinstance(tree, exp.Insert):
        yield from _check_insert(tree, tables, at, project)
    elif target is None or isinstance(tree, exp.Command):
        yield Finding(RULE, "The statement is not understood; write a query, INSERT, UPDATE, DELETE or MERGE.", at)
    else:
        for table in tree.find_all(exp.Table):
            if _name(table, project) not in tables and not _is_local(table, tree):
                yield Finding(RULE, _unknown(_name(table, project)), at)


def _check_insert(
    tree: exp.Insert, tables: Mapping[str, tuple[Column, ...]], at: Location, project: str | None
) -> Iterator[Finding]:
    from sqlglot import exp

    schema: Any = tree.this
    listed = [each.name for each in schema.expressions] if isinstance(schema, exp.Schema) else []
    table = schema.this if isinstance(schema, exp.Schema) else schema
    name = _name(table, project)
    if name not in tables:
        yield Finding(RULE, _unknown(name), at)
        return
    if not listed:
        yield Finding(RULE, f"The INSERT into `{name}` lists no columns; list them, so that order cannot matter.", at)
        return
    columns = {column.name.casefold(): column for column in tables[name]}
    for each in listed:
        if each.casefold() not in columns:
            yield Finding(RULE, f"Table `{name}` has no column `{each}`; it has {', '.join(columns)}.", at)
    given = {each.casefold() for each in listed}
    for column in tables[name]:
        if column.mode == "REQUIRED" and column.default is None and column.name.casefold() not in given:
            yield Finding(
                RULE, f"The INSERT into `{name}` leaves out the REQUIRED column `{column.name}`; give it.", at
            )
    rows = tree.expression.expressions if isinstance(tree.expression, exp.Values) else []
    for row in rows:
        if len(getattr(row, "expressions", [])) != len(listed):
            yield Finding(RULE, f"The INSERT into `{name}` lists {len(listed)} columns but gives another number.", at)
    if isinstance(tree.expression, exp.Query) and not isinstance(tree.expression, exp.Values):
        yield from resolve(tree.expression.sql("bigquery"), tables, at, project=project).findings


def _name(table: Any, project: str | None) -> str:
    parts = [part.name for part in table.parts]
    return ".".join(parts[1:] if len(parts) == 3 and parts[0] == project else parts)


def _is_local(table: Any, tree: Any) -> bool:
    """True for the name of a WITH clause or of a table the statement has bound already."""
    from sqlglot import exp

    return table.name in {cte.alias for cte in tree.find_all(exp.CTE)}


def _unknown(name: str) -> str:
    return f"Table `{name}` is declared nowhere; correct the name or add its file under schemas/."
