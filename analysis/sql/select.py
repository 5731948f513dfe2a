"""SELECT: its list, grouping, filters and order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sqlglot import exp

from analysis.sql.expressions import ExpressionReader
from analysis.sql.functions import functions
from analysis.sql.record import ExpressionPlace
from analysis.sql.scope import QueryScope, Source
from analysis.sql.sources import Columns, Sources, type_in
from analysis.sql.spelling import key
from analysis.sql.text import Tree, start_of
from analysis.sql.types import Type, Typed, TypeField, groupable, sortable


class Selects(Sources):
    """Reads SELECT."""

    def limit(self, node: Tree, scope: QueryScope) -> None:
        """Read LIMIT and OFFSET, which count in whole numbers."""
        if node.args.get("offset") is not None and node.args.get("limit") is None:
            self.record.fault(node.args["offset"], "OFFSET follows LIMIT; write LIMIT before it.")
        for name in ("limit", "offset"):
            clause = node.args.get(name)
            if clause is not None and clause.expression is not None:
                found = ExpressionReader(self.record, QueryScope(), ExpressionPlace(name.upper()), self).type(
                    clause.expression
                )
                if found.type.kind not in ("INT64", "ANY"):
                    self.record.fault(clause, f"{name.upper()} takes INT64 and not {found.type}; write a number.")

    def select(self, node: Tree, scope: QueryScope) -> Columns | None:
        """The columns that one SELECT returns."""
        outer, self.windows = self.windows, {each.name.casefold(): each for each in node.args.get("windows") or ()}
        try:
            return self._selected(node, scope)
        finally:
            self.windows = outer

    def _selected(self, node: Tree, scope: QueryScope) -> Columns | None:
        if not node.expressions:
            self.record.fault(node, "SELECT lists nothing; name columns.")
        self.from_clause(node, scope)
        self._without_from(node)
        where = node.args.get("where")
        if where is not None:
            self.expressions(scope, ExpressionPlace("WHERE")).condition(where.this, "The condition of WHERE")
        self.filters(node, scope)
        place = self._grouping(node, scope)
        scope.grouped = place.grouped
        reader = self.expressions(scope, place)
        for each in node.args.get("windows") or ():
            reader.window_clause(each)
        columns, aliases = self._select_list(node, scope, reader)
        self._distinct(node, columns)
        later = replace(place, aliases=aliases, doubled=_doubled(node))
        for name in ("having", "qualify"):
            clause = node.args.get(name)
            if clause is not None:
                windows = name == "qualify"
                inner = self.expressions(scope, replace(later, clause=name.upper(), windows=windows, aggregates=True))
                inner.condition(clause.this, f"The condition of {name.upper()}")
        if node.args.get("qualify") is not None and not _has_window(node):
            self.record.fault(node.args["qualify"], "QUALIFY needs an analytic function in it or in SELECT; use WHERE.")
        self._order(node, scope, later, columns)
        self.limit(node, scope)
        scope.grouped = None
        return None if columns is None else tuple(columns)

    def _without_from(self, node: Tree) -> None:
        if node.args.get("from_") is not None:
            return
        for name in ("where", "group", "having", "qualify"):
            if node.args.get(name) is not None:
                self.record.fault(node.args[name], f"A query without FROM has no {name.upper()}; add FROM.")
        if any(_aggregates(each) for each in node.expressions):
            self.record.fault(node, "A query without FROM aggregates nothing; add FROM.")

    def filters(self, node: Tree, scope: QueryScope) -> None:
        """Where a table requires a filter on its partition, the query must have one."""
        conditions = [node.args["where"].this] if node.args.get("where") is not None else []
        conditions += [join.args["on"] for join in node.args.get("joins") or () if join.args.get("on") is not None]
        for source in scope.sources:
            self.filtered(node, source, conditions)

    def filtered(self, node: Tree, source: Source, conditions: Sequence[Tree]) -> None:
        """Where `source` requires a filter on its partition, one of `conditions` must hold whatever else does."""
        relation = self.catalog.get(source.table or "")
        if relation is None or relation.filtered is None:
            return
        wanted = {relation.filtered.casefold(), *(("_partitiontime", "_partitiondate") if relation.ingested else ())}
        if not any(_narrows(each, wanted, source.alias.casefold()) for each in conditions):
            self.record.fault(
                node,
                f"`{source.table}` requires a filter on its partition `{relation.filtered}`; add one to WHERE, beside OR and not below it.",
            )

    def _grouping(self, node: Tree, scope: QueryScope) -> ExpressionPlace:
        group = node.args.get("group")
        aggregated = (
            group is not None
            or node.args.get("having") is not None
            or any(_aggregates(each) for each in (*node.expressions, *_ordered(node), *_clause(node, "qualify")))
        )
        if not aggregated:
            return ExpressionPlace("SELECT", aggregates=True, windows=True)
        keys: set[str] = set()
        items = list(_group_items(group, node)) if group is not None else []
        if len(items) > 1 and any(isinstance(each, exp.Tuple) and not each.expressions for each in group.expressions):
            self.record.fault(group, "GROUP BY () stands alone; remove it, or use GROUPING SETS.")
        if group is not None and group.args.get("all") and any(_star(each) for each in node.expressions):
            items += [exp.column(each.name, source.alias) for source in scope.sources for each in source.columns]
        before = self.record.lost
        for each in items:
            item = self._group_item(each, node, scope)
            if item is None:
                continue
            found = self.expressions(scope, ExpressionPlace("GROUP BY")).type(item)
            if not groupable(found.type):
                self.record.fault(each, f"GROUP BY does not take {found.type}; convert it.")
            keys.add(key(item, scope))
        return ExpressionPlace(
            "SELECT", aggregates=True, windows=True, grouped=frozenset(keys) if self.record.lost == before else None
        )

    def _group_item(self, item: Tree, node: Tree, scope: QueryScope) -> Tree | None:
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
        elif _is_value(item):
            self.record.fault(item, "GROUP BY takes no literal; group by a column or an expression.")
            return None
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
        self, node: Tree, scope: QueryScope, reader: ExpressionReader
    ) -> tuple[list[TypeField] | None, dict[str, Typed]]:
        columns: list[TypeField] | None = []
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
                columns.append(TypeField(name, kind))
        if node.args.get("kind") == "STRUCT" and columns is not None:
            columns = [TypeField("", Type("STRUCT", fields=tuple(columns)))]
        return columns, aliases

    def _star(self, node: Tree, scope: QueryScope, reader: ExpressionReader) -> list[TypeField] | None:
        star = node if isinstance(node, exp.Star) else node.this if isinstance(node, exp.Column) else node.expression
        whole = isinstance(node, exp.Star)
        if isinstance(node, exp.Star):
            columns = self._all_columns(node, scope)
        else:
            named = _without_star(node)
            whole = isinstance(named, exp.Column) and not named.table and scope.named(named.name) is not None
            asked = reader.elsewhere(replace(reader.place, grouped=None)) if whole else reader
            kind = asked.type(named).type
            if kind.kind not in ("STRUCT", "ANY"):
                self.record.fault(node, f"`.*` asks for the fields of {kind}; ask a table or a STRUCT.")
            columns = list(kind.fields) if kind.kind == "STRUCT" else None
        for each in star.args.get("except_") or ():
            if columns is not None and not any(field.name.casefold() == each.name.casefold() for field in columns):
                self.record.fault(each, f"EXCEPT names `{each.name}`, which `*` does not have; correct it.")
        for each in star.args.get("replace") or ():
            if each.alias.casefold() in {other.name.casefold() for other in star.args.get("except_") or ()}:
                self.record.fault(each, f"EXCEPT and REPLACE both name `{each.alias}`; keep one.")
        dropped = {each.name.casefold() for each in star.args.get("except_") or ()}
        replaced = {each.alias.casefold(): reader.type(each.this).type for each in star.args.get("replace") or ()}
        if columns is not None and (odd := set(replaced) - {each.name.casefold() for each in columns}):
            self.record.fault(node, f"REPLACE names `{min(odd)}`, which `*` does not have; correct it.")
        if columns is None:
            return None
        if whole and reader.place.grouped is not None:
            names = {each.split(".")[-1] for each in reader.place.grouped} | dropped | {*replaced}
            free = [each.name for each in columns if each.name.casefold() not in names]
            if free:
                self.record.fault(
                    node, f"`*` selects `{free[0]}`, which is neither grouped by nor aggregated; name the columns."
                )
        return [
            TypeField(each.name, replaced.get(each.name.casefold(), each.type))
            for each in columns
            if each.name.casefold() not in dropped
        ]

    def _all_columns(self, node: Tree, scope: QueryScope) -> list[TypeField] | None:
        if not scope.sources:
            self.record.fault(node, "`*` has no table to select from; add FROM.")
            return None
        columns: list[TypeField] = []
        shown: set[str] = set()
        for name, source in scope.merged.items():
            columns.append(
                TypeField(
                    next((each.name for each in source.columns if each.name.casefold() == name), name),
                    type_in(source, name),
                )
            )
            shown.add(name)
        for source in scope.sources:
            if source.table is not None:
                for each in source.columns:
                    self.record.columns.setdefault((source.table, each.name), start_of(node))
            columns += [each for each in source.columns if each.name.casefold() not in shown]
        return None if any(source.open for source in scope.sources) else columns

    def _distinct(self, node: Tree, columns: list[TypeField] | None) -> None:
        if node.args.get("distinct") is None:
            return
        for each in columns or ():
            if not groupable(each.type):
                self.record.fault(
                    node, f"SELECT DISTINCT does not take `{each.name}`, which is {each.type}; convert it."
                )

    def _order(self, node: Tree, scope: QueryScope, place: ExpressionPlace, columns: list[TypeField] | None) -> None:
        for each in _ordered(node):
            if isinstance(each, exp.Literal) and not each.is_string:
                if columns is not None and not (each.name.isdigit() and 0 < int(each.name) <= len(columns)):
                    self.record.fault(
                        each, f"ORDER BY {each.name} is no position of the SELECT list; use one of its columns."
                    )
                continue
            if _is_value(each):
                self.record.fault(each, "ORDER BY takes no literal; order by a column or an expression.")
            found = self.expressions(scope, replace(place, clause="ORDER BY", aggregates=True, windows=True)).type(each)
            self._selected_once(node, each, scope, place)
            if not sortable(found.type):
                self.record.fault(each, f"ORDER BY does not take {found.type}; convert it.")

    def _selected_once(self, node: Tree, item: Tree, scope: QueryScope, place: ExpressionPlace) -> None:
        """After SELECT DISTINCT nothing is left to order by but what was selected."""
        if node.args.get("distinct") is None or any(_star(each) for each in node.expressions):
            return
        chosen = {key(each.this if isinstance(each, exp.Alias) else each, scope) for each in node.expressions}
        for column in item.walk(prune=lambda each: key(each, scope) in chosen):
            if not isinstance(column, exp.Column) or key(column, scope) in chosen:
                continue
            if column.table or column.name.casefold() not in place.aliases:
                self.record.fault(item, f"SELECT DISTINCT has no `{column.name}` to order by; select it, or group.")


def _is_value(node: Tree) -> bool:
    return isinstance(node, exp.Literal | exp.RawString | exp.Boolean | exp.Null)


def _doubled(node: Tree) -> frozenset[str]:
    """Names that the SELECT list gives more than once."""
    names = [each.alias_or_name.casefold() for each in node.expressions if not _star(each)]
    return frozenset(name for name in names if name and names.count(name) > 1)


def _narrows(condition: Tree, columns: set[str], alias: str) -> bool:
    """True when a condition keeps rows by one of `columns`, whatever its other parts say."""
    if isinstance(condition, exp.Paren):
        return _narrows(condition.this, columns, alias)
    if isinstance(condition, exp.And | exp.Or):
        sides = (_narrows(each, columns, alias) for each in (condition.this, condition.expression))
        return any(sides) if isinstance(condition, exp.And) else all(sides)
    return any(
        isinstance(each, exp.Column) and each.name.casefold() in columns and each.table.casefold() in ("", alias)
        for each in condition.walk(prune=lambda inner: isinstance(inner, exp.Query))
    )


def _star(node: Tree) -> bool:
    inner = node.this if isinstance(node, exp.Column) else node.expression if isinstance(node, exp.Dot) else node
    return isinstance(inner, exp.Star)


def _without_star(node: Tree) -> Tree:
    if isinstance(node, exp.Dot):
        return node.this
    parts = list(reversed([part.copy() for part in node.parts if not isinstance(part, exp.Star)]))
    return exp.Column(**dict(zip(("this", "table", "db", "catalog"), parts, strict=False)))


def _own_name(node: Tree) -> str:
    if isinstance(node, exp.Column | exp.Dot) and not isinstance(node.expression, exp.Anonymous):
        return str(node.expression.name if isinstance(node, exp.Dot) else node.name)
    return ""


def _clause(node: Tree, name: str) -> list[Tree]:
    clause = node.args.get(name)
    return [] if clause is None else [clause.this]


def _ordered(node: Tree) -> list[Tree]:
    order = node.args.get("order")
    return [] if order is None else [each.this for each in order.expressions]


def _group_items(group: Tree, node: Tree) -> Iterator[Tree]:
    """The expressions of GROUP BY, those of GROUPING SETS, ROLLUP and CUBE among them; ALL is what is not aggregated."""
    if group.args.get("all"):
        listed = [each.this if isinstance(each, exp.Alias) else each for each in node.expressions]
        yield from (each for each in listed if not _star(each) and not _aggregates(each) and each.find(exp.Column)
                    and not each.find(exp.Window))  # fmt: skip
        return
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
