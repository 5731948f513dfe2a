"""Column definitions: types with their parameters, NOT NULL, DEFAULT and options, by BigQuery's rules."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from analysis.sql.expressions import ExpressionReader
from analysis.sql.lexical import NotUnderstoodError
from analysis.sql.options import read_options
from analysis.sql.queries import QueryReader
from analysis.sql.record import ExpressionPlace, Reading
from analysis.sql.scope import QueryScope
from analysis.sql.spelling import data_type, parameters_wrong, type_parameters
from analysis.sql.text import Tree, start_of
from analysis.sql.types import ANY, Type, distance

MAX_DEPTH = 15
"""Levels of nested STRUCTs (BigQuery limit for RECORD columns)."""

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,299}\Z")
FORBIDDEN_PREFIXES = ("_table_", "_file_", "_partition", "_row_timestamp", "__root__", "_colidentifier")
DEFAULTS = frozenset([
    "CURRENT_DATE", "CURRENT_DATETIME", "CURRENT_TIME", "CURRENT_TIMESTAMP", "GENERATE_UUID", "RAND", "SESSION_USER",
    "ST_GEOGPOINT", "STRUCT",
])  # fmt: skip
"""Functions that a default may call (BigQuery: default column values)."""
CLOCKS = frozenset(each for each in DEFAULTS if each.startswith("CURRENT_"))
"""Those that may stand without parentheses."""
WORDS = (TokenType.TRUE, TokenType.FALSE, TokenType.NULL)

_EMPTY = re.compile(r"`?\w+`?\s+\w+\s*\(\s*\)")
_ORDER = ("DEFAULT", "PRIMARY KEY", "NOT NULL", "OPTIONS")
_STOPS = {"NOT", "OPTIONS", "PRIMARY", "REFERENCES", "CONSTRAINT", "COLLATE"}


@dataclass(frozen=True, kw_only=True)
class ColumnDdl:
    """One column as written; `parameters` are those of its type, or of its elements' type."""

    name: str
    type: Type = ANY
    required: bool = False
    default: str | None = None
    description: str | None = None
    fields: tuple[ColumnDdl, ...] = ()
    parameters: tuple[int, ...] = ()
    start: int = 0


class ColumnReader:
    """Reads column definitions; what is wrong goes to the record."""

    def __init__(self, record: Reading) -> None:
        self.record = record

    def read(self, node: Tree, depth: int = 0) -> ColumnDdl:
        """Read one column of a table, or one field of a STRUCT."""
        name, kind = node.name, node.args.get("kind")
        if not isinstance(node.this, exp.Identifier):
            written, start = (
                node.this.sql("bigquery")[:60],
                self.record.start_of_parameter(node.this.name) or start_of(node),
            )
            raise NotUnderstoodError(f"`{written}` cannot name a column; use letters, digits and `_`.", start)
        if not NAME.match(name) or name.lower().startswith(FORBIDDEN_PREFIXES):
            self.record.fault(
                node,
                f"`{name}` cannot name a column; use letters, digits and `_`, and no prefix that BigQuery reserves.",
            )
        if kind is None:
            raise NotUnderstoodError(f"Column `{name}` has no type; give it one.", start_of(node))
        found = data_type(kind)
        if found is None:
            raise NotUnderstoodError(
                f"Type `{kind.sql('bigquery')[:60]}` is not understood; use a GoogleSQL column type.", start_of(node)
            )
        inner = kind
        if found.element is ANY or _EMPTY.match(self.record.parsed.text, start_of(node)):
            raise NotUnderstoodError(
                f"The type of `{name}` is not finished; say what stands in its brackets.", start_of(node)
            )
        if found.kind == "ARRAY":
            inner = kind.expressions[0] if kind.expressions else kind
            if found.element is None or found.element.kind == "ARRAY":
                raise NotUnderstoodError("An ARRAY cannot hold an ARRAY; put a STRUCT between them.", start_of(node))
        clauses = self._clauses(node, depth)
        required = "NOT NULL" in clauses
        if required and found.kind == "ARRAY":
            self.record.fault(node, f"`{name}` is an ARRAY, which cannot be NOT NULL; an empty array is its null.")
        options = clauses.get("OPTIONS")
        return ColumnDdl(
            name=name,
            type=found,
            required=required and found.kind != "ARRAY",
            default=self._default(node, clauses.get("DEFAULT"), found),
            description=read_options(self.record, options.expressions, "column").description if options else None,
            fields=self._fields(node, inner, depth + 1) if inner.this == exp.DataType.Type.STRUCT else (),
            parameters=self._parameters(node, inner, found),
            start=start_of(node),
        )

    def listed(self, node: Tree) -> ColumnDdl:
        """Read one column of a view: a name, perhaps with a description."""
        clauses = self._clauses(node, 1) if isinstance(node, exp.ColumnDef) else {}
        if isinstance(node, exp.ColumnDef) and node.args.get("kind") is not None:
            self.record.fault(node, f"Column `{node.name}` of a view has no type of its own; remove it.")
        options = clauses.get("OPTIONS")
        description = read_options(self.record, options.expressions, "column").description if options else None
        return ColumnDdl(name=node.name, description=description, start=start_of(node))

    def distinct(self, columns: Sequence[ColumnDdl]) -> None:
        """Refuse two columns of one name: BigQuery compares names without regard to case."""
        seen: dict[str, ColumnDdl] = {}
        for column in columns:
            first = seen.setdefault(column.name.casefold(), column)
            if first is not column:
                line = self.record.parsed.text.count("\n", 0, first.start) + 1
                self.record.fault_at(
                    column.start, f"Column `{column.name}` is declared twice, first on line {line}; rename one."
                )

    @staticmethod
    def is_key(node: Tree) -> bool:
        """True for a column that carries PRIMARY KEY itself."""
        return any(isinstance(each.kind, exp.PrimaryKeyColumnConstraint) for each in node.args.get("constraints") or ())

    def _clauses(self, node: Tree, depth: int) -> Mapping[str, Tree]:
        found: dict[str, Tree] = {}
        for each in node.args.get("constraints") or ():
            clause = each.kind
            name = {
                exp.NotNullColumnConstraint: "NOT NULL", exp.DefaultColumnConstraint: "DEFAULT",
                exp.Properties: "OPTIONS", exp.PrimaryKeyColumnConstraint: "PRIMARY KEY",
            }.get(type(clause), "")  # fmt: skip
            wanted = "NOT NULL or OPTIONS" if depth else "NOT NULL, DEFAULT, OPTIONS or PRIMARY KEY NOT ENFORCED"
            if isinstance(clause, exp.Reference):
                self.record.fault(node, "Foreign keys are not deployed by this project; remove it.")
                continue
            if not name or (depth and name in ("DEFAULT", "PRIMARY KEY")) or clause.args.get("allow_null"):
                words = each.sql("bigquery")[:40]
                raise NotUnderstoodError(f"Expected {wanted} for `{node.name}` but found `{words}`.", start_of(node))
            if name in found:
                raise NotUnderstoodError(f"`{name}` is written twice for `{node.name}`; keep one.", start_of(node))
            if (
                late := next((each for each in found if _ORDER.index(each) > _ORDER.index(name)), "")
            ) and name != "PRIMARY KEY":
                self.record.fault(
                    node, f"`{name}` stands before `{late}` in a column, and here after it; turn them round."
                )
            found[name] = clause
        return found

    def _fields(self, node: Tree, kind: Tree, depth: int) -> tuple[ColumnDdl, ...]:
        if depth > MAX_DEPTH:
            raise NotUnderstoodError(f"STRUCTs nest at most {MAX_DEPTH} levels deep; flatten this one.", start_of(node))
        unnamed = [each for each in kind.expressions if not isinstance(each, exp.ColumnDef)]
        if unnamed or not kind.expressions:
            raise NotUnderstoodError(
                "Every field of a stored STRUCT needs a name and a type; write both.", start_of(node)
            )
        fields = tuple(self.read(each, depth) for each in kind.expressions)
        self.distinct(fields)
        return fields

    def _parameters(self, node: Tree, kind: Tree, found: Type) -> tuple[int, ...]:
        numbers = type_parameters(kind)
        name = found.element.kind if found.kind == "ARRAY" and found.element is not None else found.kind
        if wrong := parameters_wrong(name, numbers):
            self.record.fault(node, wrong)
        return numbers

    # defaults

    def _default(self, node: Tree, clause: Tree | None, wanted: Type) -> str | None:
        if clause is None:
            return None
        value = clause.this
        for call in value.find_all(exp.Anonymous):
            if call.name.upper() not in DEFAULTS:
                listed = ", ".join(sorted(DEFAULTS - {"STRUCT"}))
                self.record.fault(
                    node,
                    f"A default calls none but {listed}, and `{node.name}` calls `{call.name.upper()}`; write the value.",
                )
        if value.find(exp.Column) is not None or value.find(exp.Query) is not None:
            self.record.fault(node, f"The default of `{node.name}` refers to a column or a query; write a value.")
            return self._source(node)
        queries = QueryReader(self.record, {}, {})
        typed = ExpressionReader(self.record, QueryScope(), ExpressionPlace("DEFAULT"), queries).type(value)
        if distance(typed, wanted) is None:
            self.record.fault(
                node,
                f"The default of `{node.name}` is {typed.type} and the column {wanted}; write a value of its type.",
            )
        if self.record.parameters:
            self.record.fault(node, f"The default of `{node.name}` has a parameter; write a value.")
        return self._source(node)

    def _source(self, node: Tree) -> str:
        """The default as written, its spacing and the case of its words made regular, so that one default is one text."""
        tokens, text = self.record.parsed.tokens, self.record.parsed.text
        begin = start_of(node)
        index = next(i for i, each in enumerate(tokens) if each.start >= begin and each.token_type is TokenType.DEFAULT)
        parts: list[str] = []
        depth, end = 0, None
        for token, after in zip_longest(tokens[index + 1 :], tokens[index + 2 :]):
            word = text[token.start : token.end + 1]
            if token.token_type in WORDS or word.upper() in DEFAULTS:
                word = word.upper()
            if word in CLOCKS and (after is None or after.token_type is not TokenType.L_PAREN):
                word += "()"
            closing = word in (")", "]", ">")
            if depth == 0 and (closing or word == "," or word.upper().split()[0] in _STOPS):
                break
            depth += (word in ("(", "[", "<")) - closing
            parts.append((" " if end is not None and token.start > end + 1 else "") + word)
            end = token.end
        return "".join(parts)
