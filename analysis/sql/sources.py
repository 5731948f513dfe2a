"""FROM: the tables, joins and arrays that a query reads, and the names that they bring into reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp

from analysis.sql.expressions import ExpressionReader
from analysis.sql.functions import functions
from analysis.sql.record import ExpressionPlace, Reading
from analysis.sql.scope import Catalog, CommonTable, QueryScope, Relation, Source
from analysis.sql.text import HOLE, Tree, start_of
from analysis.sql.types import ANY, INT64, TIMESTAMP, Type, Typed, TypeField

Columns = tuple[TypeField, ...]
ANY_PROJECT = "*"
"""Given as the project, lets every project stand before a table's name."""


class NamedTable:
    """A table that a statement names."""

    def __init__(self, name: str, start: int, *, qualified: bool, written: bool = False) -> None:
        self.name, self.start, self.qualified, self.written = name, start, qualified, written


class Sources:
    """Reads FROM clauses of one statement against a catalog; `project` may stand before a table's name."""

    def __init__(
        self, record: Reading, catalog: Catalog, parameters: Mapping[str, Type], project: str | None = None
    ) -> None:
        self.record, self.catalog, self.parameters, self.project = record, catalog, parameters, project
        self.uses: list[NamedTable] = []
        self.windows: dict[str, Tree] = {}

    def expressions(self, scope: QueryScope, place: ExpressionPlace) -> ExpressionReader:
        """A reader of expressions that stand at `place`."""
        return ExpressionReader(self.record, scope, place, self)

    def read(self, node: Tree, parent: QueryScope | None = None) -> Columns | None:
        """The columns that a query returns; None where they cannot be told."""
        raise NotImplementedError

    def read_inside(self, node: Tree, scope: QueryScope) -> tuple[Columns | None, bool]:
        """The columns of a query inside this one, and whether there may be others: it names what is not there."""
        before = self.record.lost
        columns = self.read(node, scope)
        return columns, columns is None or self.record.lost > before

    def from_clause(self, node: Tree, scope: QueryScope) -> None:
        """Bring what FROM and its joins name into reach."""
        first = node.args.get("from_")
        if first is not None:
            self.join_item(first.this, scope)
        for join in node.args.get("joins") or ():
            self._join(join, scope)

    def _join(self, join: Tree, scope: QueryScope) -> None:
        before = list(scope.sources)
        self.join_item(join.this, scope)
        after = [source for source in scope.sources if source not in before]
        condition = join.args.get("on")
        if condition is not None:
            self.expressions(scope, ExpressionPlace("ON")).condition(condition, "The condition of ON")
        for identifier in join.args.get("using") or ():
            self._using(identifier, before, after, scope)
        needs = not isinstance(join.this, exp.Unnest) and not after_is_array(after)
        told = condition is not None or bool(join.args.get("using"))
        if join.kind == "CROSS" and told and _word_before(join.this, self.record.parsed.text) == "JOIN":
            self.record.fault(
                join, "CROSS JOIN takes neither ON nor USING; write JOIN, or move the condition to WHERE."
            )
        if join.kind != "CROSS" and not told and needs:
            self.record.fault(join, "This JOIN has neither ON nor USING; say how the rows belong together.")
        if join.method or join.kind in ("SEMI", "ANTI", "STRAIGHT"):
            self.record.fault(join, f"GoogleSQL has no {join.method or join.kind} JOIN; use JOIN … USING or EXISTS.")

    def _using(self, identifier: Tree, before: list[Source], after: list[Source], scope: QueryScope) -> None:
        name = identifier.name
        owners = []
        for side in (before, after):
            having = [
                source
                for source in side
                if source.open or any(each.name.casefold() == name.casefold() for each in source.columns)
            ]
            if not having:
                self.record.fault(identifier, f"USING names `{name}`, which one side of the JOIN lacks; use ON.")
                return
            owners.append(having[0])
        kinds = [Typed(type_in(source, name)) for source in owners]
        self.expressions(scope, ExpressionPlace("USING")).resolved(identifier, functions()["$EQUAL"], kinds)
        for source in owners:
            if source.table is not None:
                self.record.columns.setdefault((source.table, name), start_of(identifier))
        scope.merged.setdefault(name.casefold(), owners[0])

    def join_item(self, node: Tree, scope: QueryScope) -> None:
        """Bring one table, array or query of FROM into reach, with what is joined to it."""
        source = self._source(node, scope)
        if any(node.args.get(each) for each in ("pivots", "match_recognize")):
            self.record.untold(
                node, "The columns after PIVOT, UNPIVOT and MATCH_RECOGNIZE are not followed by this reader"
            )
            source = replace_open(source, node)
        if not scope.add(source):
            self.record.fault(node, f"Two tables are called `{source.alias}` here; give one another alias.")
        for each in node.args.get("joins") or ():
            self._join(each, scope)
        if isinstance(node, exp.Unnest) and node.args.get("offset"):
            offset = node.args["offset"]
            name = offset.name if isinstance(offset, exp.Identifier) else "offset"
            scope.add(Source(name, (TypeField(name, INT64),), value=INT64))

    def _source(self, node: Tree, scope: QueryScope) -> Source:
        if isinstance(node, exp.Unnest):
            return self._unnest(node, scope)
        if isinstance(node, exp.Table):
            return self._table(node, scope)
        if isinstance(node, exp.Subquery):
            if isinstance(node.this, exp.Table):
                inner = QueryScope(scope.parent, common=scope.common)
                self.join_item(node.this, inner)
                for each in inner.sources[1:]:
                    scope.add(each)
                scope.merged.update(inner.merged)
                return inner.sources[0]
            columns, unsure = self.read_inside(node, QueryScope(scope.parent, common=_all_common(scope)))
            return _rows(node, node.alias, columns or (), unsure=unsure)
        self.record.untold(node, f"What `{node.sql('bigquery')[:60]}` returns is not followed by this reader")
        return Source(node.alias, (), open=True)

    def _unnest(self, node: Tree, scope: QueryScope) -> Source:
        alias = node.args.get("alias")
        columns = alias.columns if alias is not None else []
        name = columns[0].name if columns else (alias.name if alias is not None else "")
        if len(node.expressions) > 1:
            self.record.untold(node, "UNNEST of several arrays is not followed by this reader")
            return Source(name, (), open=True)
        found = self.expressions(scope, ExpressionPlace("UNNEST")).type(node.expressions[0]).type
        return self._elements(node, name, found)

    def _elements(self, node: Tree, name: str, kind: Type) -> Source:
        if kind.kind not in ("ARRAY", "ANY"):
            self.record.fault(node, f"UNNEST takes an ARRAY and not {kind}; give an array.")
        element = kind.element if kind.kind == "ARRAY" and kind.element is not None else ANY
        if element.kind == "STRUCT":
            return Source(name, element.fields, value=element)
        return Source(name, (TypeField(name, element),), open=element.kind == "ANY" and not name, value=element)

    def _table(self, node: Tree, scope: QueryScope) -> Source:
        if isinstance(node.this, exp.Parameter):
            self.record.fault(node, f"A parameter cannot name a table; write its name instead of @{node.this.name}.")
            return Source(node.alias, (), open=True)
        if not isinstance(node.this, exp.Identifier | exp.Dot):
            for each in node.this.expressions if isinstance(node.this, exp.Anonymous) else ():
                if not isinstance(each, exp.Table):
                    self.expressions(scope, ExpressionPlace("a table function")).type(each)
            self.record.untold(
                node, f"What the table function `{node.this.name}` returns is not followed by this reader"
            )
            return Source(node.alias, (), open=True)
        for name in ("version", "when"):
            if (clause := node.args.get(name)) is not None and clause.expression is not None:
                reader = self.expressions(QueryScope(), ExpressionPlace("FOR SYSTEM_TIME AS OF"))
                at = clause.expression
                reader.fits(at, reader.type(at), TIMESTAMP, "The time of FOR SYSTEM_TIME AS OF")
        parts = [piece for part in node.parts for piece in part.name.split(".")]
        alias = node.alias or parts[-1]
        if len(parts) == 1 and (defined := scope.with_table(parts[0])) is not None:
            return Source(alias, defined.columns, open=defined.open)
        if (len(parts) > 1 and self._outer(scope, parts[0])) or scope.named(parts[0]) is not None:
            column = exp.Column(
                **dict(
                    zip(
                        ("this", "table", "db", "catalog"), [each.copy() for each in reversed(node.parts)], strict=False
                    )
                )
            )
            found = self.expressions(scope, ExpressionPlace("FROM")).type(column)
            return self._elements(node, node.alias or parts[-1], found.type)
        relation, name = self.relation(node, parts)
        return Source(alias, relation.columns, name, relation.hidden, relation.open)

    @staticmethod
    def _outer(scope: QueryScope, name: str) -> bool:
        return any(level.named(name) is not None for level in scope.levels())

    def relation(self, node: Tree, parts: Sequence[str], *, written: bool = False) -> tuple[Relation, str]:
        """The table that a name means, and the name by which the catalog has it."""
        start = start_of(node)
        if len(parts) > 2 and HOLE.search(parts[0]) and not HOLE.search(".".join(parts[1:])):
            parts, qualified = parts[1:], True
        elif HOLE.search(".".join(parts)):
            name = self.record.parsed.unplugged(".".join(parts[-2:]))
            self.uses.append(NamedTable(name, start, qualified=True, written=written))
            self.record.untold(node, f"Which table `{name}` is, only running the code tells")
            return Relation((), open=True), name
        else:
            qualified = False
        information = next((i for i, part in enumerate(parts) if part.upper() == "INFORMATION_SCHEMA"), None)
        if len(parts) > (2 if information is None else 3) and self.project in (parts[0], ANY_PROJECT):
            parts, qualified = parts[1:], True
        name = ".".join(parts)
        if len(parts) != 2 and information is None:
            wanted = "with its dataset and no more" if len(parts) < 2 else "with its dataset, without a project"
            self.record.fault(node, f"Table `{name}` is not named as `dataset.table`; write it {wanted}.", name)
            return Relation((), open=True), name
        self.uses.append(NamedTable(name, start, qualified=qualified, written=written))
        if (found := self.catalog.get(name)) is None:
            self.record.fault(
                node, f"Table `{name}` is declared nowhere; correct the name or add its file under schemas/.", name
            )
            return Relation((), open=True), name
        return found, name


def replace_open(source: Source, node: Tree) -> Source:
    """The same source with columns that are not known."""
    pivots = node.args.get("pivots") or ()
    alias = next((each.alias for each in pivots if each.alias), source.alias)
    return Source(alias, (), open=True)


def _word_before(node: Tree, text: str) -> str:
    """The word that stands before what `node` is written as."""
    words = text[: start_of(node)].rstrip().rsplit(None, 1)
    return words[-1].upper() if words else ""


def after_is_array(sources: Sequence[Source]) -> bool:
    """True when what was joined are elements of an array, which need no condition."""
    return any(source.value is not None or source.open for source in sources)


def _all_common(scope: QueryScope) -> dict[str, CommonTable]:
    found: dict[str, CommonTable] = {}
    for level in scope.levels():
        found = {**level.common, **found}
    return found


def _rows(node: Tree, alias: str, columns: Columns, *, unsure: bool) -> Source:
    """What a query in FROM brings: its columns, or the fields of its one value under AS STRUCT and AS VALUE."""
    inner = node
    while isinstance(inner, exp.Subquery | exp.SetOperation):
        inner = inner.this
    if not inner.args.get("kind") or not columns or not isinstance(inner, exp.Select):
        return Source(alias, columns, open=unsure)
    kind = columns[0].type
    return Source(alias, kind.fields if kind.kind == "STRUCT" else (TypeField(alias, kind),), value=kind)


def type_in(source: Source, name: str) -> Type:
    """The type of the column `name` of a source."""
    return next((each.type for each in source.columns if each.name.casefold() == name.casefold()), ANY)
