"""Resolves a query: which tables it reads, which columns of them, what it returns, and what of it cannot run.

Used for views and for every query that a function carries. A query is refused when it names a table nobody
declares, a column its table lacks, an alias of the same SELECT (GoogleSQL has no such reference) or a
function that GoogleSQL does not offer. It is not executed here; what it means is proved by tests on an
emulator.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from blueprint.findings import Finding, Location
from blueprint.schemas.bigquery import Column, Mode, Reference
from blueprint.schemas.googlesql import FUNCTIONS
from blueprint.schemas.tokens import RESERVED, NotUnderstoodError, Places, tokenize

if TYPE_CHECKING:
    from sqlglot import exp

RULE = "query-resolves"

START = Location("", 1, 1)


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """What a query reads (`references`, named at the offsets `unqualified` without a project; `uses` as
    (`dataset.table`, column) pairs), returns, and does wrong.
    """

    references: tuple[Reference, ...] = ()
    unqualified: tuple[int, ...] = ()
    uses: tuple[tuple[str, str], ...] = ()
    columns: tuple[Column, ...] = ()
    findings: tuple[Finding, ...] = ()


def references(query: str, at: Location = START, *, project: str | None = None) -> Resolved:
    """The tables a query reads, without looking into them; `at` is where its first character stands."""
    reader = _Query(query, at)
    reader.read_references(project)
    return Resolved(references=reader.references, unqualified=reader.unqualified, findings=tuple(reader.findings))


def resolve(
    query: str, tables: Mapping[str, tuple[Column, ...]], at: Location = START, *, project: str | None = None
) -> Resolved:
    """Resolve a query against `tables` (`dataset.name` → columns); `at` is where its first character
    stands.
    """
    reader = _Query(query, at)
    reader.read_references(project)
    if not reader.findings:
        reader.check_aliases()
        reader.check_functions()
        reader.check_tables(tables)
    if not reader.findings:
        reader.read_columns(tables)
    return Resolved(
        references=reader.references,
        unqualified=reader.unqualified,
        uses=reader.uses,
        columns=reader.columns,
        findings=tuple(reader.findings),
    )


class _Query:
    """One query being read; every step appends to `findings` and never raises."""

    def __init__(self, query: str, at: Location) -> None:
        # The padding gives every position inside the query the line and column it has in its file.
        self.text = "\n" * ((at.line or 1) - 1) + " " * ((at.column or 1) - 1) + query
        self.places = Places(at.file, self.text)
        self.start = len(self.text) - len(query)
        self.findings: list[Finding] = []
        self.references: tuple[Reference, ...] = ()
        self.unqualified: tuple[int, ...] = ()
        self.uses: tuple[tuple[str, str], ...] = ()
        self.columns: tuple[Column, ...] = ()
        self.tree: exp.Query | None = None
        self._parse()

    def _report(self, message: str, offset: int | None = None) -> None:
        place = self.places.at(self.start if offset is None else offset)
        self.findings.append(Finding(RULE, message, place))

    def _parse(self) -> None:
        from sqlglot import exp, parse
        from sqlglot.errors import SqlglotError

        try:
            tokenize(self.text)
            statements = [tree for tree in parse(self.text, dialect="bigquery") if tree is not None]
        except NotUnderstoodError as refusal:
            self._report(refusal.message, refusal.offset)
        except SqlglotError as error:
            offset, reason = _position(error, self.text)
            self._report(f"The query does not parse: {reason}; correct it.", offset)
        except (RecursionError, ValueError, AttributeError, TypeError, IndexError, KeyError) as error:
            self._report(f"The query cannot be read ({type(error).__name__}); simplify it.")
        else:
            if len(statements) == 1 and isinstance(statements[0], exp.Query):
                self.tree = statements[0]
            else:
                self._report("Expected one SELECT query; write exactly one.")

    def read_references(self, project: str | None) -> None:
        """Collect the tables outside the query's own WITH clauses."""
        from sqlglot import exp
        from sqlglot.optimizer.scope import traverse_scope

        if self.tree is None:
            return
        found: dict[str, Reference] = {}
        unqualified: set[int] = set()
        try:
            scopes = traverse_scope(self.tree)
            sources = [source for scope in scopes for source in scope.sources.values()]
        except Exception as error:  # noqa: BLE001 - sqlglot raises many kinds on odd trees; each is the same finding
            self._report(f"The query cannot be read ({type(error).__name__}: {error}); simplify it.")
            return
        for source in sources:
            if not isinstance(source, exp.Table) or not isinstance(source.this, exp.Identifier):
                continue
            parts = [part.name for part in source.parts]
            offset = _start(source)
            if len(parts) == 3 and parts[0] == project:
                source.set("catalog", None)
                parts = parts[1:]
            elif offset is not None:
                unqualified.add(offset - self.start)
            if len(parts) != 2:
                wanted = "with its dataset" if len(parts) < 2 else "without a project"
                self._report(f"Table `{'.'.join(parts)}` is not named as `dataset.table`; write it {wanted}.", offset)
                continue
            at = self.places.at(self.start if offset is None else offset)
            found.setdefault(".".join(parts), Reference(parts[0], parts[1], at))
        self.references = tuple(found.values())
        self.unqualified = tuple(sorted(unqualified))

    def check_tables(self, tables: Mapping[str, tuple[Column, ...]]) -> None:
        """Every table read must be declared, own or external."""
        for reference in self.references:
            if reference.id not in tables:
                message = (
                    f"Table `{reference.id}` is declared nowhere; correct the name or add its file under schemas/."
                )
                self.findings.append(Finding(RULE, message, reference.at))

    def check_aliases(self) -> None:
        """A reserved word names nothing unless it is quoted; the parser is more lenient than BigQuery."""
        for word, token in pairwise(tokenize(self.text)):
            if word.bare == "AS" and token.bare in RESERVED - {"STRUCT", "ARRAY", "INTERVAL", "RANGE", "SELECT"}:
                self._report(f"`{token.text}` is a reserved word; use another name or backquotes.", token.start)

    def check_functions(self) -> None:
        """Every function called must exist in GoogleSQL."""
        tokens = tokenize(self.text)
        before = ""
        for token, after in pairwise(tokens):
            previous, before, name = before, token.bare, token.bare
            if after.text != "(" or not name.replace("_", "A").isalnum() or name[:1].isdigit():
                continue
            # After a dot stands a namespaced function; after AS or WITH, the name of something else.
            if name in FUNCTIONS or name in RESERVED or previous in {".", "AS", "WITH"}:
                continue
            self._report(f"GoogleSQL has no function `{name}`; use one that it has.", token.start)

    def read_columns(self, tables: Mapping[str, tuple[Column, ...]]) -> None:
        """Bind every column to its table; record uses and the columns returned."""
        from sqlglot.errors import SqlglotError
        from sqlglot.optimizer.annotate_types import annotate_types
        from sqlglot.optimizer.qualify import qualify

        assert self.tree is not None
        known = {reference.id: tables[reference.id] for reference in self.references}
        schema = _schema(known)
        original = self.tree.copy()
        _replace_aliases(self.tree)
        try:
            bound: Any = qualify(
                self.tree, schema=schema, dialect="bigquery", expand_alias_refs=False, quote_identifiers=False
            )
            bound = annotate_types(bound, schema=schema, dialect="bigquery")
        except SqlglotError as error:
            offset, reason = _position(error, self.text)
            named = _named(original, reason)
            self._report(self._explain(reason, known), offset if named is None else named)
        except Exception as error:  # noqa: BLE001 - as above: an odd tree is a finding, never a traceback
            self._report(f"The query cannot be resolved ({type(error).__name__}: {error}); simplify it.")
        else:
            self.uses = _uses(bound, known)
            self.columns = tuple(_returned(column) for column in bound.selects)
            self._check_fields(bound, known)

    def _check_fields(self, bound: Any, known: Mapping[str, tuple[Column, ...]]) -> None:
        """Refuse a field that its STRUCT lacks; the binder stops at the column."""
        from sqlglot import exp

        for dot in bound.find_all(exp.Dot):
            kind = dot.this.type
            if kind is None or kind.this != exp.DataType.Type.STRUCT or not kind.expressions:
                continue
            names = {child.name.casefold() for child in kind.expressions}
            if dot.expression.name and dot.expression.name.casefold() not in names:
                listed = ", ".join(sorted(names))
                field = dot.expression.name
                message = f"STRUCT `{dot.this.sql('bigquery')}` has no field `{field}`; it has {listed}."
                self._report(message, _start(dot))

    @staticmethod
    def _explain(reason: str, known: Mapping[str, tuple[Column, ...]]) -> str:
        name = _quoted(reason)
        if name is None:
            return f"The query does not resolve: {reason}; correct it."
        return f"Column `{name}` is in none of the tables read here ({', '.join(sorted(known)) or 'none'}), and an alias of the same SELECT cannot be used in it; correct the name, or compute it in a WITH clause first."


def _position(error: Any, text: str) -> tuple[int | None, str]:
    """The character offset and the bare reason in a sqlglot error."""
    details = (getattr(error, "errors", None) or [{}])[0]
    line, column = details.get("line"), details.get("col")
    reason = str(details.get("description") or error).split("\n")[0]
    if line is None and ". Line: " in reason:
        reason, _, tail = reason.partition(". Line: ")
        digits = [int(part) for part in tail.replace(",", " ").split() if part.isdigit()]
        line, column = [*digits, None, None][:2]
    if not isinstance(line, int) or not isinstance(column, int):
        return None, reason
    starts = [0, *(index + 1 for index, character in enumerate(text) if character == "\n")]
    if not 0 < line <= len(starts):
        return None, reason
    return min(starts[line - 1] + max(column - 1, 0), max(len(text) - 1, 0)), reason


def _quoted(reason: str) -> str | None:
    """The column that a binder's message is about."""
    if reason.startswith("Unknown column: "):
        return reason.removeprefix("Unknown column: ").strip()
    parts = reason.split("'")
    return parts[1] if reason.startswith("Column '") and len(parts) > 2 else None


def _named(tree: Any, reason: str) -> int | None:
    """Where the column a message is about stands in the tree as written."""
    from sqlglot import exp

    name = (_quoted(reason) or "").split(".")[-1].strip('"`').casefold()
    return next((_start(node) for node in tree.find_all(exp.Column) if node.name.casefold() == name), None)


def _replace_aliases(tree: Any) -> None:
    """Put what an alias stands for in its place in GROUP BY and HAVING: GoogleSQL takes aliases there, the binder
    not.
    """
    from sqlglot import exp

    for select in tree.find_all(exp.Select):
        aliases = {each.alias: each.this for each in select.expressions if isinstance(each, exp.Alias)}
        for clause in filter(None, (select.args.get("group"), select.args.get("having"))):
            for column in list(clause.find_all(exp.Column)):
                if not column.table and column.name in aliases:
                    column.replace(aliases[column.name].copy())


def _start(node: Any) -> int | None:
    """The offset of the first character that belongs to `node`."""
    starts = [child.meta["start"] for child in node.walk() if "start" in child.meta]
    return min(starts) if starts else None


def _schema(tables: Mapping[str, tuple[Column, ...]]) -> Any:
    from sqlglot.schema import MappingSchema

    nested: dict[str, Any] = {}
    for name, columns in tables.items():
        dataset, table = name.split(".")
        nested.setdefault(dataset, {})[table] = {column.name: googlesql_type(column) for column in columns}
    return MappingSchema(nested or {"_": {"_": {"_": "INT64"}}}, dialect="bigquery")


GOOGLESQL = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL", "RECORD": "STRUCT", "": "STRING"}


def googlesql_type(column: Column) -> str:
    """A column's type as GoogleSQL writes it: `ARRAY<STRUCT<at TIMESTAMP>>`."""
    text = GOOGLESQL.get(column.type, column.type)
    if column.fields:
        text = f"STRUCT<{', '.join(f'{child.name} {googlesql_type(child)}' for child in column.fields)}>"
    return f"ARRAY<{text}>" if column.mode == "REPEATED" else text


def _uses(bound: Any, known: Mapping[str, tuple[Column, ...]]) -> tuple[tuple[str, str], ...]:
    from sqlglot import exp
    from sqlglot.optimizer.scope import traverse_scope

    uses: set[tuple[str, str]] = set()
    for scope in traverse_scope(bound):
        for column in scope.columns:
            source = scope.sources.get(column.table)
            if isinstance(source, exp.Table):
                name = f"{source.db}.{source.name}"
                if name in known:
                    uses.add((name, column.name))
    return tuple(sorted(uses))


LEGACY_NAMES = {
    "TEXT": "STRING",
    "VARCHAR": "STRING",
    "BIGINT": "INTEGER",
    "INT": "INTEGER",
    "DOUBLE": "FLOAT",
    "BOOLEAN": "BOOLEAN",
    "TIMESTAMPTZ": "TIMESTAMP",
    "TIMESTAMP": "DATETIME",
    "DATETIME": "DATETIME",
    "DATE": "DATE",
    "TIME": "TIME",
    "JSON": "JSON",
    "DECIMAL": "NUMERIC",
    "BIGDECIMAL": "BIGNUMERIC",
    "VARBINARY": "BYTES",
    "STRUCT": "RECORD",
}


def _returned(selected: Any) -> Column:
    """A column of the query's result; a type that cannot be told is the empty string."""
    return _column(selected.alias_or_name, selected.type)


def _column(name: str, kind: Any) -> Column:
    mode: Mode = "NULLABLE"
    if kind is not None and kind.this.name == "ARRAY":
        mode, kind = "REPEATED", (kind.expressions or [None])[0]
    if kind is None:
        return Column(name=name, type="", mode=mode)
    fields: tuple[Column, ...] = ()
    if kind.this.name == "STRUCT":
        fields = tuple(_column(child.name, getattr(child, "kind", None)) for child in kind.expressions)
    return Column(name=name, type=LEGACY_NAMES.get(kind.this.name, ""), mode=mode, fields=fields)
