"""Queries: which sources they read, which names stand where, and which columns with which types they return."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from sqlglot import exp

from analysis.sql.expressions import Expressions, Place, Record, key
from analysis.sql.functions import functions
from analysis.sql.scope import Catalog, Relation, Scope, Source
from analysis.sql.text import HOLE, Tree, start_of
from analysis.sql.types import ANY, INT64, Field, Type, Typed, common, groupable, sortable

Columns = tuple[Field, ...]
ANY_PROJECT = "*"
"""Given as the project, lets every project stand before a table's name."""


class Use:
    """A table that a statement names."""

    def __init__(self, name: str, start: int, *, qualified: bool, written: bool = False) -> None:
        self.name, self.start, self.qualified, self.written = name, start, qualified, written


class Queries:
    """Reads the queries of one statement against a catalog; `project` may stand before a table's name."""

    def __init__(
        self, record: Record, catalog: Catalog, parameters: Mapping[str, Type], project: str | None = None
    ) -> None:
        self.record, self.catalog, self.parameters, self.project = record, catalog, parameters, project
        self.uses: list[Use] = []
        self.windows: dict[str, Tree] = {}

    def expressions(self, scope: Scope, place: Place) -> Expressions:
        """A reader of expressions that stand at `place`."""
        return Expressions(self.record, scope, place, self)

    def read(self, node: Tree, parent: Scope | None = None) -> Columns | None:
        """The columns that a query returns; None where they cannot be told."""
        scope = Scope(parent)
        self._common_tables(node, scope)
        if isinstance(node, exp.Subquery):
            inner = node.this
            columns = self._sources(inner, scope) if isinstance(inner, exp.Table) else self.read(inner, scope)
            self._tail(node, scope, columns or ())
            return columns
        if isinstance(node, exp.SetOperation):
            return self._set_operation(node, scope)
        if isinstance(node, exp.Select):
            return self._select(node, scope)
        self.record.untold(node, f"This reader does not follow `{type(node).__name__.upper()}` queries")
        return None

    def _sources(self, table: Tree, scope: Scope) -> Columns | None:
        self._join_item(table, scope)
        return tuple(each for source in scope.sources for each in source.columns)

    # WITH and set operations

    def _common_tables(self, node: Tree, scope: Scope) -> None:
        clause = node.args.get("with_")
        for table in clause.expressions if clause is not None else ():
            name = table.alias.casefold()
            if name in scope.common:
                self.record.fault(table, f"WITH defines `{table.alias}` twice; rename one.")
            query = table.this
            if clause.args.get("recursive") and isinstance(query, exp.SetOperation):
                first = self.read(query.this.copy(), scope) if not _names(query.this, name) else None
                scope.common[name] = first
            scope.common[name] = self.read(query, scope)

    def _set_operation(self, node: Tree, scope: Scope) -> Columns | None:
        left, right = self.read(node.this, scope), self.read(node.expression, scope)
        if node.args.get("by_name") or node.args.get("side") or node.args.get("kind"):
            self.record.untold(node, "The columns of a set operation BY NAME are not followed by this reader")
            return None
        if left is None or right is None:
            return None
        what = type(node).__name__.upper()
        if len(left) != len(right):
            self.record.fault(
                node, f"{what} joins {len(left)} columns with {len(right)}; select as many on both sides."
            )
            return None
        columns = []
        pairs = zip(self.as_values(node.this, left), self.as_values(node.expression, right), strict=True)
        for one, other, pair in zip(left, right, pairs, strict=True):
            found = common(pair)
            if found is not None and node.args.get("distinct") and not groupable(found.type):
                self.record.fault(
                    node, f"{what} DISTINCT does not take `{one.name}`, which is {found.type}; convert it."
                )
            if found is None:
                self.record.fault(
                    node, f"{what} puts {other.type} below `{one.name}`, which is {one.type}; cast one of them."
                )
            columns.append(Field(one.name, found.type if found else ANY))
        result = tuple(columns)
        self._tail(node, scope, result)
        return result

    def as_values(self, node: Tree, columns: Columns) -> list[Typed]:
        """What a query returns; a literal of its SELECT list stays one, which follows the type that is needed."""
        values = [Typed(each.type) for each in columns]
        if isinstance(node, exp.Select) and len(node.expressions) == len(columns):
            for index, each in enumerate(node.expressions):
                inner = each.this if isinstance(each, exp.Alias) else each
                if isinstance(inner, exp.Literal | exp.Null | exp.Parameter):
                    values[index] = self.expressions(Scope(), Place("SELECT")).type(inner)
        return values

    def _tail(self, node: Tree, scope: Scope, columns: Columns) -> None:
        """ORDER BY and LIMIT of a set operation or a query in parentheses."""
        order = node.args.get("order")
        inner = Scope(scope.parent, [Source("", columns, open=not columns)], common=scope.common)
        for each in order.expressions if order is not None else ():
            if not (isinstance(each.this, exp.Literal) and not each.this.is_string):
                self.expressions(inner, Place("ORDER BY")).type(each.this)
        self._limit(node, scope)

    def _limit(self, node: Tree, scope: Scope) -> None:
        for name in ("limit", "offset"):
            clause = node.args.get(name)
            if clause is not None and clause.expression is not None:
                found = Expressions(self.record, Scope(), Place(name.upper()), self).type(clause.expression)
                if found.type.kind not in ("INT64", "ANY"):
                    self.record.fault(clause, f"{name.upper()} takes INT64 and not {found.type}; write a number.")

    # FROM

    def _from(self, node: Tree, scope: Scope) -> None:
        first = node.args.get("from_")
        if first is not None:
            self._join_item(first.this, scope)
        for join in node.args.get("joins") or ():
            self._join(join, scope)

    def _join(self, join: Tree, scope: Scope) -> None:
        before = list(scope.sources)
        self._join_item(join.this, scope)
        after = [source for source in scope.sources if source not in before]
        condition = join.args.get("on")
        if condition is not None:
            self.expressions(scope, Place("ON")).condition(condition, "The condition of ON")
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

    def _using(self, identifier: Tree, before: list[Source], after: list[Source], scope: Scope) -> None:
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
        kinds = [Typed(_type_in(source, name)) for source in owners]
        self.expressions(scope, Place("USING"))._resolved(identifier, functions()["$EQUAL"], kinds)
        for source in owners:
            if source.table is not None:
                self.record.columns.setdefault((source.table, name), start_of(identifier))
        scope.merged.setdefault(name.casefold(), owners[0])

    def _join_item(self, node: Tree, scope: Scope) -> None:
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
            scope.add(Source(name, (Field(name, INT64),), value=INT64))

    def _source(self, node: Tree, scope: Scope) -> Source:
        if isinstance(node, exp.Unnest):
            return self._unnest(node, scope)
        if isinstance(node, exp.Table):
            return self._table(node, scope)
        if isinstance(node, exp.Subquery):
            if isinstance(node.this, exp.Table):
                inner = Scope(scope.parent, common=scope.common)
                self._join_item(node.this, inner)
                for each in inner.sources[1:]:
                    scope.add(each)
                scope.merged.update(inner.merged)
                return inner.sources[0]
            columns = self.read(node, Scope(scope.parent, common=_all_common(scope)))
            return Source(node.alias, columns or (), open=columns is None)
        self.record.untold(node, f"What `{node.sql('bigquery')[:60]}` returns is not followed by this reader")
        return Source(node.alias, (), open=True)

    def _unnest(self, node: Tree, scope: Scope) -> Source:
        alias = node.args.get("alias")
        columns = alias.columns if alias is not None else []
        name = columns[0].name if columns else (alias.name if alias is not None else "")
        if len(node.expressions) > 1:
            self.record.untold(node, "UNNEST of several arrays is not followed by this reader")
            return Source(name, (), open=True)
        found = self.expressions(scope, Place("UNNEST")).type(node.expressions[0]).type
        return self._elements(node, name, found)

    def _elements(self, node: Tree, name: str, kind: Type) -> Source:
        if kind.kind not in ("ARRAY", "ANY"):
            self.record.fault(node, f"UNNEST takes an ARRAY and not {kind}; give an array.")
        element = kind.element if kind.kind == "ARRAY" and kind.element is not None else ANY
        if element.kind == "STRUCT":
            return Source(name, element.fields, value=element)
        return Source(name, (Field(name, element),), open=element.kind == "ANY" and not name, value=element)

    def _table(self, node: Tree, scope: Scope) -> Source:
        if not isinstance(node.this, exp.Identifier | exp.Dot):
            for each in node.this.expressions if isinstance(node.this, exp.Anonymous) else ():
                if not isinstance(each, exp.Table):
                    self.expressions(scope, Place("a table function")).type(each)
            self.record.untold(
                node, f"What the table function `{node.this.name}` returns is not followed by this reader"
            )
            return Source(node.alias, (), open=True)
        for name in ("version", "when"):
            if (clause := node.args.get(name)) is not None and clause.expression is not None:
                self.expressions(Scope(), Place("FOR SYSTEM_TIME AS OF")).type(clause.expression)
        parts = [piece for part in node.parts for piece in part.name.split(".")]
        alias = node.alias or parts[-1]
        if len(parts) == 1 and scope.has_common(parts[0]):
            columns = scope.with_table(parts[0]) or ()
            return Source(alias, columns, open=not columns)
        if (len(parts) > 1 and self._outer(scope, parts[0])) or scope.named(parts[0]) is not None:
            column = exp.Column(
                **dict(
                    zip(
                        ("this", "table", "db", "catalog"), [each.copy() for each in reversed(node.parts)], strict=False
                    )
                )
            )
            found = self.expressions(scope, Place("FROM")).type(column)
            return self._elements(node, node.alias or parts[-1], found.type)
        relation, name = self.relation(node, parts)
        return Source(alias, relation.columns, name, relation.hidden, relation.open)

    @staticmethod
    def _outer(scope: Scope, name: str) -> bool:
        return any(level.named(name) is not None for level in scope.levels())

    def relation(self, node: Tree, parts: Sequence[str], *, written: bool = False) -> tuple[Relation, str]:
        """The table that a name means, and the name by which the catalog has it."""
        start = start_of(node)
        if len(parts) > 2 and HOLE.search(parts[0]) and not HOLE.search(".".join(parts[1:])):
            parts, qualified = parts[1:], True
        elif HOLE.search(".".join(parts)):
            name = self.record.parsed.unplugged(".".join(parts[-2:]))
            self.uses.append(Use(name, start, qualified=True, written=written))
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
            self.record.fault(node, f"Table `{name}` is not named as `dataset.table`; write it {wanted}.")
            return Relation((), open=True), name
        self.uses.append(Use(name, start, qualified=qualified, written=written))
        if (found := self.catalog.get(name)) is None:
            self.record.fault(
                node, f"Table `{name}` is declared nowhere; correct the name or add its file under schemas/."
            )
            return Relation((), open=True), name
        return found, name

    # SELECT

    def _select(self, node: Tree, scope: Scope) -> Columns | None:
        outer, self.windows = self.windows, {each.name.casefold(): each for each in node.args.get("windows") or ()}
        try:
            return self._selected(node, scope)
        finally:
            self.windows = outer

    def _selected(self, node: Tree, scope: Scope) -> Columns | None:
        if not node.expressions:
            self.record.fault(node, "SELECT lists nothing; name columns.")
        self._from(node, scope)
        where = node.args.get("where")
        if where is not None:
            self.expressions(scope, Place("WHERE")).condition(where.this, "The condition of WHERE")
        self._filters(node, scope)
        place = self._grouping(node, scope)
        scope.grouped = place.grouped
        reader = self.expressions(scope, place)
        for each in node.args.get("windows") or ():
            reader.window_clause(each)
        columns, aliases = self._select_list(node, scope, reader)
        self._distinct(node, columns)
        later = replace(place, aliases=aliases)
        for name in ("having", "qualify"):
            clause = node.args.get(name)
            if clause is not None:
                windows = name == "qualify"
                inner = self.expressions(scope, replace(later, clause=name.upper(), windows=windows, aggregates=True))
                inner.condition(clause.this, f"The condition of {name.upper()}")
        if node.args.get("qualify") is not None and not _has_window(node):
            self.record.fault(node.args["qualify"], "QUALIFY needs an analytic function in it or in SELECT; use WHERE.")
        self._order(node, scope, later, columns)
        self._limit(node, scope)
        scope.grouped = None
        return None if columns is None else tuple(columns)

    def _filters(self, node: Tree, scope: Scope) -> None:
        """Where a table requires a filter on its partition, some condition of this query must name that column."""
        conditions = [node.args["where"].this] if node.args.get("where") is not None else []
        conditions += [join.args["on"] for join in node.args.get("joins") or () if join.args.get("on") is not None]
        for source in scope.sources:
            relation = self.catalog.get(source.table or "")
            if relation is None or relation.filtered is None:
                continue
            wanted = {relation.filtered.casefold()} | (
                {"_partitiontime", "_partitiondate"} if relation.ingested else set()
            )
            named = (column.name.casefold() for each in conditions for column in each.find_all(exp.Column)
                     if not column.table or column.table.casefold() == source.alias.casefold())  # fmt: skip
            if not wanted & set(named):
                self.record.fault(
                    node,
                    f"`{source.table}` requires a filter on its partition `{relation.filtered}`; add one to WHERE.",
                )

    def _grouping(self, node: Tree, scope: Scope) -> Place:
        group = node.args.get("group")
        aggregated = (
            group is not None
            or node.args.get("having") is not None
            or any(_aggregates(each) for each in (*node.expressions, *_ordered(node), *_clause(node, "qualify")))
        )
        if group is not None and group.args.get("all"):
            return Place("SELECT", aggregates=True, windows=True)
        if not aggregated:
            return Place("SELECT", aggregates=True, windows=True)
        keys: set[str] = set()
        for each in _group_items(group) if group is not None else ():
            item = self._group_item(each, node, scope)
            if item is None:
                continue
            found = self.expressions(scope, Place("GROUP BY")).type(item)
            if not groupable(found.type):
                self.record.fault(each, f"GROUP BY does not take {found.type}; convert it.")
            keys.add(key(item, scope))
        return Place("SELECT", aggregates=True, windows=True, grouped=frozenset(keys))

    def _group_item(self, item: Tree, node: Tree, scope: Scope) -> Tree | None:
        """What an item of GROUP BY means: an ordinal or an alias stands for what was selected."""
        if isinstance(item, exp.Literal) and not item.is_string:
            place = int(item.name) if item.name.isdigit() else 0
            if not 0 < place <= len(node.expressions) and not any(_star(each) for each in node.expressions):
                self.record.fault(
                    item, f"GROUP BY {item.name} is no position of the SELECT list; use one of its columns."
                )
                return None
            chosen = node.expressions[place - 1] if place <= len(node.expressions) else None
            item = chosen.this if isinstance(chosen, exp.Alias) else chosen
        elif isinstance(item, exp.Column) and not item.table:
            aliased = [
                each
                for each in node.expressions
                if isinstance(each, exp.Alias) and each.alias.casefold() == item.name.casefold()
            ]
            if aliased:
                item = aliased[0].this
        if item is not None and _aggregates(item):
            self.record.fault(item, "GROUP BY names an aggregate; group by what is not aggregated.")
            return None
        return item

    def _select_list(
        self, node: Tree, scope: Scope, reader: Expressions
    ) -> tuple[list[Field] | None, dict[str, Typed]]:
        columns: list[Field] | None = []
        aliases: dict[str, Typed] = {}
        for each in node.expressions:
            if _star(each):
                starred = self._star(each, scope, reader)
                columns = None if columns is None or starred is None else [*columns, *starred]
                continue
            typed = reader.type(each.this if isinstance(each, exp.Alias) else each)
            kind = typed.type.settled
            name = each.alias if isinstance(each, exp.Alias) else _own_name(each)
            if isinstance(each, exp.Alias):
                aliases.setdefault(each.alias.casefold(), Typed(kind, typed.origin))
            elif name:
                aliases.setdefault(name.casefold(), Typed(kind))
            if columns is not None:
                columns.append(Field(name, kind))
        if node.args.get("kind") == "STRUCT" and columns is not None:
            columns = [Field("", Type("STRUCT", fields=tuple(columns)))]
        if node.args.get("kind") == "VALUE" and columns and len(columns) == 1 and columns[0].type.kind == "STRUCT":
            columns = list(columns[0].type.fields)
        return columns, aliases

    def _star(self, node: Tree, scope: Scope, reader: Expressions) -> list[Field] | None:
        star = node if isinstance(node, exp.Star) else node.this if isinstance(node, exp.Column) else node.expression
        if isinstance(node, exp.Star):
            columns = self._all_columns(node, scope)
        else:
            outer = reader.type(_without_star(node))
            kind = outer.type
            if kind.kind not in ("STRUCT", "ANY"):
                self.record.fault(node, f"`.*` asks for the fields of {kind}; ask a table or a STRUCT.")
            columns = list(kind.fields) if kind.kind == "STRUCT" else None
        if columns is not None and reader.place.grouped is not None and isinstance(node, exp.Star):
            names = {each.split(".")[-1] for each in reader.place.grouped}
            free = [each.name for each in columns if each.name.casefold() not in names]
            if free:
                self.record.fault(
                    node, f"`*` selects `{free[0]}`, which is neither grouped by nor aggregated; name the columns."
                )
        for each in star.args.get("except_") or ():
            if columns is not None and not any(field.name.casefold() == each.name.casefold() for field in columns):
                self.record.fault(each, f"EXCEPT names `{each.name}`, which `*` does not have; correct it.")
        dropped = {each.name.casefold() for each in star.args.get("except_") or ()}
        replaced = {each.alias.casefold(): reader.type(each.this).type for each in star.args.get("replace") or ()}
        if columns is not None and (odd := set(replaced) - {each.name.casefold() for each in columns}):
            self.record.fault(node, f"REPLACE names `{min(odd)}`, which `*` does not have; correct it.")
        if columns is None:
            return None
        return [
            Field(each.name, replaced.get(each.name.casefold(), each.type))
            for each in columns
            if each.name.casefold() not in dropped
        ]

    def _all_columns(self, node: Tree, scope: Scope) -> list[Field] | None:
        if not scope.sources:
            self.record.fault(node, "`*` has no table to select from; add FROM.")
            return None
        columns: list[Field] = []
        shown: set[str] = set()
        for name, source in scope.merged.items():
            columns.append(
                Field(
                    next((each.name for each in source.columns if each.name.casefold() == name), name),
                    _type_in(source, name),
                )
            )
            shown.add(name)
        for source in scope.sources:
            if source.table is not None:
                for each in source.columns:
                    self.record.columns.setdefault((source.table, each.name), start_of(node))
            columns += [each for each in source.columns if each.name.casefold() not in shown]
        return None if any(source.open for source in scope.sources) else columns

    def _distinct(self, node: Tree, columns: list[Field] | None) -> None:
        if node.args.get("distinct") is None:
            return
        for each in columns or ():
            if not groupable(each.type):
                self.record.fault(
                    node, f"SELECT DISTINCT does not take `{each.name}`, which is {each.type}; convert it."
                )

    def _order(self, node: Tree, scope: Scope, place: Place, columns: list[Field] | None) -> None:
        for each in _ordered(node):
            if isinstance(each, exp.Literal) and not each.is_string:
                if columns is not None and not (each.name.isdigit() and 0 < int(each.name) <= len(columns)):
                    self.record.fault(
                        each, f"ORDER BY {each.name} is no position of the SELECT list; use one of its columns."
                    )
                continue
            found = self.expressions(scope, replace(place, clause="ORDER BY", aggregates=True, windows=True)).type(each)
            if not sortable(found.type):
                self.record.fault(each, f"ORDER BY does not take {found.type}; convert it.")


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


def _all_common(scope: Scope) -> dict[str, Columns | None]:
    found: dict[str, Columns | None] = {}
    for level in scope.levels():
        found = {**level.common, **found}
    return found


def _names(node: Tree, name: str) -> bool:
    return any(table.name.casefold() == name and not table.db for table in node.find_all(exp.Table))


def _type_in(source: Source, name: str) -> Type:
    return next((each.type for each in source.columns if each.name.casefold() == name.casefold()), ANY)


def _star(node: Tree) -> bool:
    inner = node.this if isinstance(node, exp.Column) else node.expression if isinstance(node, exp.Dot) else node
    return isinstance(inner, exp.Star)


def _without_star(node: Tree) -> Tree:
    if isinstance(node, exp.Dot):
        return node.this
    parts = list(reversed([part.copy() for part in node.parts if not isinstance(part, exp.Star)]))
    return exp.Column(**dict(zip(("this", "table", "db", "catalog"), parts, strict=False)))


def _own_name(node: Tree) -> str:
    if isinstance(node, exp.Column | exp.Dot):
        return str(node.expression.name if isinstance(node, exp.Dot) else node.name)
    return ""


def _clause(node: Tree, name: str) -> list[Tree]:
    clause = node.args.get(name)
    return [] if clause is None else [clause.this]


def _ordered(node: Tree) -> list[Tree]:
    order = node.args.get("order")
    return [] if order is None else [each.this for each in order.expressions]


def _group_items(group: Tree) -> Iterator[Tree]:
    """The expressions of GROUP BY, those of GROUPING SETS, ROLLUP and CUBE among them."""
    yield from group.expressions
    for name in ("grouping_sets", "rollup", "cube"):
        for each in group.args.get(name) or ():
            for item in each.expressions:
                while isinstance(item, exp.Paren):
                    item = item.this
                if isinstance(item, exp.Rollup | exp.Cube | exp.Tuple | exp.GroupingSets):
                    yield from item.expressions
                else:
                    yield item


def _aggregates(node: Tree) -> bool:
    """True when the expression aggregates the rows of its own query."""
    for each in node.walk(prune=lambda inner: isinstance(inner, exp.Query | exp.Window)):
        if isinstance(each, exp.Window):
            if any(_aggregates(child) for inner in each.iter_expressions() for child in inner.iter_expressions()):
                return True
        elif isinstance(each, exp.Anonymous):
            prefix = f"{each.parent.this.name}." if isinstance(each.parent, exp.Dot) else ""
            function = functions().get(f"{prefix}{each.name}".upper())
            if function is not None and function.mode == "aggregate":
                return True
    return False


def _has_window(node: Tree) -> bool:
    return any(clause.find(exp.Window) for clause in (*node.expressions, *_clause(node, "qualify")))
