"""CREATE TABLE, CREATE VIEW and CREATE SCHEMA, read from the tree by an allow-list: what is not listed is refused.

What comes out are plain values with offsets; what they mean for a deployment is not decided here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from sqlglot import exp
from sqlglot.tokenizer_core import Token, TokenType

from analysis.sql.columns import ColumnDdl, ColumnReader
from analysis.sql.layout import Partition, clustering, partition
from analysis.sql.lexical import NotUnderstoodError, SqlProblem
from analysis.sql.options import OptionHolder, Options, read_options
from analysis.sql.record import Reading
from analysis.sql.text import ParsedSql, Tree, parse, start_of

ObjectKind = Literal["table", "view", "dataset"]
_WORDS: dict[ObjectKind, str] = {"table": "TABLE", "view": "VIEW", "dataset": "SCHEMA"}
_KEYED = frozenset({"BIGNUMERIC", "BOOL", "DATE", "DATETIME", "INT64", "NUMERIC", "STRING", "TIMESTAMP"})
_PLACES = (exp.PartitionedByProperty, exp.ClusterProperty, exp.Property)
MAX_KEY, MAX_COLUMNS = 16, 10_000
"""Columns of a primary key, and of a table (BigQuery: key constraints; quotas and limits)."""


@dataclass(frozen=True, kw_only=True)
class Ddl:
    """What one CREATE statement says.

    Attributes:
        path: the name as written, in parts; `path_at` is where it stands.
        query: of a view, its query exactly as written; `query_at` is where that stands.
    """

    start: int = 0
    path: tuple[str, ...] = ()
    path_at: int = 0
    columns: tuple[ColumnDdl, ...] = ()
    primary_key: tuple[str, ...] = ()
    partition: Partition | None = None
    clustering: tuple[str, ...] = ()
    options: Options = field(default_factory=Options)
    query: str = ""
    query_at: int = 0


def read_ddl(text: str, kind: ObjectKind) -> tuple[Ddl | None, tuple[SqlProblem, ...]]:
    """Read the one CREATE statement of `text`; never raises for anything that the text holds."""
    try:
        reader = _Reader(parse(text, holes=False), kind)
        return reader.read(), tuple(sorted(reader.record.problems, key=lambda each: each.start))
    except NotUnderstoodError as refusal:
        return None, (refusal.problem,)
    except RecursionError:
        return None, (SqlProblem("The statement is nested too deeply to read; flatten it.", 0),)


class _Reader:
    """Reads one statement; faults of meaning are noted and reading goes on, faults of form end it."""

    def __init__(self, parsed: ParsedSql, kind: ObjectKind) -> None:
        self.parsed, self.kind, self.record = parsed, kind, Reading(parsed)

    def read(self) -> Ddl:
        tree = self._statement()
        schema = tree.this
        elements = schema.expressions if isinstance(schema, exp.Schema) else []
        table = schema.this if isinstance(schema, exp.Schema) else schema
        properties = tree.args["properties"].expressions if tree.args.get("properties") else []
        self._allowed(tree, properties)
        columns = self._view_columns(elements) if self.kind == "view" else self._columns(elements)
        if self.kind == "table" and not columns:
            self.record.fault(table, "The table has no column; declare at least one.")
        options = [each for each in properties if isinstance(each, exp.Property) and type(each) is exp.Property]
        query, query_at = self._query(tree) if self.kind == "view" else ("", 0)
        subject: OptionHolder = self.kind
        return Ddl(
            start=self.parsed.tokens[0].start,
            path=tuple(piece for part in table.parts for piece in part.name.split(".")),
            path_at=start_of(table),
            columns=columns,
            primary_key=self._primary_key(elements, columns),
            partition=partition(self.record, _only(properties, exp.PartitionedByProperty), columns),
            clustering=clustering(self.record, _only(properties, exp.ClusterProperty), columns),
            options=read_options(self.record, options, subject),
            query=query,
            query_at=query_at,
        )

    def _statement(self) -> Tree:
        if len(self.parsed.trees) > 1:
            message = "The file holds more than one statement; give each its own file."
            raise NotUnderstoodError(message, start_of(self.parsed.trees[1]))
        tree = self.parsed.trees[0] if self.parsed.trees else None
        words = [token.text.upper() for token in self.parsed.tokens]
        if words[:1] != ["CREATE"]:
            raise NotUnderstoodError(f"Expected `CREATE` {_found(words[:1])}.", 0)
        index = 3 if words[1:3] == ["OR", "REPLACE"] else 1
        if words[index : index + 1] != [_WORDS[self.kind]]:
            found = _found(words[index : index + 1])
            start = self.parsed.tokens[index].start if len(words) > index else 0
            raise NotUnderstoodError(f"Expected `{_WORDS[self.kind]}` {found}.", start)
        if not isinstance(tree, exp.Create):
            told = (
                "CREATE VIEW, a name, AS and one SELECT query" if self.kind == "view" else "it as docs/schemas.md shows"
            )
            raise NotUnderstoodError(f"This CREATE {_WORDS[self.kind]} is not understood; write {told}.", 0)
        return tree

    def _allowed(self, tree: Tree, properties: Sequence[Tree]) -> None:
        """Refuse every part of the statement that this reader does not act on."""
        if self.kind == "table" and tree.expression is not None:
            raise NotUnderstoodError(
                "A table is declared by its columns; remove the query, or quote a column's name that is a reserved word.",
                start_of(tree.expression),
            )
        known = {"this", "kind", "replace", "exists", "properties", "expression", "refresh", "unique", "concurrently"}
        for name, value in tree.args.items():
            if value and name not in known:
                raise NotUnderstoodError(
                    f"`{name}` of a CREATE statement is not understood; remove it.", start_of(tree)
                )
        written = [_PLACES.index(type(each)) for each in properties if type(each) in _PLACES]
        if written != sorted(written) or max(map(written.count, {*written} - {2}), default=1) > 1:
            message = "PARTITION BY stands before CLUSTER BY and that before OPTIONS, each once; put them in order."
            raise NotUnderstoodError(message, start_of(properties[0]))
        depth = lists = 0
        for word, after in pairwise(self.parsed.tokens):
            depth += (word.token_type is TokenType.L_PAREN) - (word.token_type is TokenType.R_PAREN)
            lists += depth == 0 and word.text.upper() == "OPTIONS"
            if lists > 1:
                raise NotUnderstoodError("OPTIONS is written twice; write one list.", word.start)
            if word.text.upper() == "OPTIONS" and after.token_type is TokenType.VAR:
                raise NotUnderstoodError("OPTIONS needs parentheses around its list; write them.", after.start)
        by_kind = {"table": (exp.PartitionedByProperty, exp.ClusterProperty)}.get(self.kind, ())
        for each in properties:
            if type(each) is exp.Property or isinstance(each, by_kind):
                continue
            if isinstance(each, exp.LocationProperty):
                raise NotUnderstoodError(
                    "The location is the stack's and is not written here; remove it.", start_of(each)
                )
            if isinstance(each, exp.CollateProperty):
                raise NotUnderstoodError(
                    "DEFAULT COLLATE is not deployed by this project; remove it, or compare LOWER of both sides.",
                    start_of(each),
                )
            words = each.sql("bigquery").split("\n")[0][:60]
            raise NotUnderstoodError(f"`{words}` is not understood here; remove it.", start_of(each))

    def _columns(self, elements: Sequence[Tree]) -> tuple[ColumnDdl, ...]:
        reader = ColumnReader(self.record)
        columns = [reader.read(each) for each in elements if isinstance(each, exp.ColumnDef)]
        for each in elements:
            if isinstance(each, exp.Constraint | exp.ForeignKey):
                self.record.fault(
                    each, "Foreign keys and named constraints are not deployed by this project; remove it."
                )
            elif not isinstance(each, exp.ColumnDef | exp.PrimaryKey):
                what = each.name or each.sql("bigquery")[:40]
                raise NotUnderstoodError(
                    f"`{what}` is no column: a name and a type are needed; write both.", start_of(each)
                )
        reader.distinct(columns)
        if len(columns) > MAX_COLUMNS:
            self.record.fault(
                elements[-1], f"A table has at most {MAX_COLUMNS} columns, here {len(columns)}; drop some."
            )
        return tuple(columns)

    def _view_columns(self, elements: Sequence[Tree]) -> tuple[ColumnDdl, ...]:
        reader = ColumnReader(self.record)
        return tuple(reader.listed(each) for each in elements)

    def _primary_key(self, elements: Sequence[Tree], columns: Sequence[ColumnDdl]) -> tuple[str, ...]:
        keys: list[tuple[Tree, tuple[str, ...]]] = [
            (each, tuple(part.name for part in each.expressions))
            for each in elements
            if isinstance(each, exp.PrimaryKey)
        ]
        keys += [
            (each, (each.name,)) for each in elements if isinstance(each, exp.ColumnDef) and ColumnReader.is_key(each)
        ]
        if not keys:
            return ()
        node, names = keys[0]
        if len(keys) > 1:
            self.record.fault(keys[1][0], "The table declares more than one primary key; keep one.")
        options = [str(each).upper() for each in node.args.get("options") or ()]
        if isinstance(node, exp.PrimaryKey) and options != ["NOT ENFORCED"]:
            self.record.fault(node, "BigQuery enforces no key; write PRIMARY KEY (…) NOT ENFORCED.")
        if len({name.casefold() for name in names}) != len(names) or len(names) > MAX_KEY:
            self.record.fault(node, f"A primary key names each column once and at most {MAX_KEY}; correct it.")
        known = {column.name.casefold(): column for column in columns}
        for name in names:
            column = known.get(name.casefold())
            if column is None:
                self.record.fault(node, f"The primary key names `{name}`, which is not a column; name a column.")
            elif column.type.kind not in _KEYED:
                self.record.fault(
                    node, f"The primary key names `{name}`, which is {column.type}; such a column cannot be a key."
                )
        return names

    def _query(self, tree: Tree) -> tuple[str, int]:
        """The query of a view exactly as written, without the final semicolon."""
        tokens, depth = self.parsed.tokens, 0
        query: Sequence[Token] = ()
        for place, token in enumerate(tokens, 1):
            depth += (token.token_type is TokenType.L_PAREN) - (token.token_type is TokenType.R_PAREN)
            if token.token_type is TokenType.ALIAS and depth == 0:
                query = tokens[place:]
                break
        written = [token for token in query if token.token_type is not TokenType.SEMICOLON]
        if not written or tree.expression is None:
            raise NotUnderstoodError("The statement ends too early; finish it with AS and a query.", tokens[-1].start)
        return self.parsed.text[written[0].start : written[-1].end + 1], written[0].start


def _found(words: Sequence[str]) -> str:
    """What stands there instead, where it is a word."""
    if not words:
        return "but the statement ends"
    return f"but found `{words[0]}`" if words[0].isidentifier() and len(words[0]) < 40 else "but found something else"


def _only(properties: Sequence[Tree], kind: type) -> Tree | None:
    return next((each for each in properties if isinstance(each, kind)), None)
