"""Queries: which sources they read, which names stand where, and which columns with which types they return."""

from __future__ import annotations

from sqlglot import exp

from analysis.sql.record import ExpressionPlace
from analysis.sql.scope import CommonTable, QueryScope, Source
from analysis.sql.select import Selects
from analysis.sql.sources import Columns
from analysis.sql.text import Tree
from analysis.sql.types import ANY, Typed, TypeField, common, groupable


class QueryReader(Selects):
    """Reads the queries of one statement: WITH, set operations, what stands in parentheses."""

    def read(self, node: Tree, parent: QueryScope | None = None) -> Columns | None:
        """The columns that a query returns; None where they cannot be told."""
        scope = QueryScope(parent)
        self._common_tables(node, scope)
        if isinstance(node, exp.Subquery):
            inner = node.this
            columns = self._sources(inner, scope) if isinstance(inner, exp.Table) else self.read(inner, scope)
            self._tail(node, scope, columns or ())
            return columns
        if isinstance(node, exp.SetOperation):
            return self._set_operation(node, scope)
        if isinstance(node, exp.Select):
            return self.select(node, scope)
        self.record.untold(node, f"This reader does not follow `{type(node).__name__.upper()}` queries")
        return None

    def _sources(self, table: Tree, scope: QueryScope) -> Columns | None:
        self.join_item(table, scope)
        return tuple(each for source in scope.sources for each in source.columns)

    # WITH and set operations

    def _common_tables(self, node: Tree, scope: QueryScope) -> None:
        clause = node.args.get("with_")
        for table in clause.expressions if clause is not None else ():
            name = table.alias.casefold()
            if name in scope.common:
                self.record.fault(table, f"WITH defines `{table.alias}` twice; rename one.")
            query = table.this
            if clause.args.get("recursive") and isinstance(query, exp.SetOperation):
                first = self.read(query.this.copy(), scope) if not _names(query.this, name) else None
                scope.common[name] = CommonTable(first or (), not first)
            columns, unsure = self.read_inside(query, scope)
            scope.common[name] = CommonTable(columns or (), unsure or not columns)

    def _set_operation(self, node: Tree, scope: QueryScope) -> Columns | None:
        left, right = self.read(node.this, scope), self.read(node.expression, scope)
        first = node.this
        if isinstance(first, exp.SetOperation) and (
            type(first) is not type(node) or bool(first.args.get("distinct")) != bool(node.args.get("distinct"))
        ):
            self.record.fault(
                node, "Different set operations do not follow one another; put the first into parentheses."
            )
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
            columns.append(TypeField(one.name, found.type if found else ANY))
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
                    values[index] = self.expressions(QueryScope(), ExpressionPlace("SELECT")).type(inner)
        return values

    def _tail(self, node: Tree, scope: QueryScope, columns: Columns) -> None:
        """ORDER BY and LIMIT of a set operation or a query in parentheses."""
        order = node.args.get("order")
        inner = QueryScope(scope.parent, [Source("", columns, open=not columns)], common=scope.common)
        for each in order.expressions if order is not None else ():
            if not (isinstance(each.this, exp.Literal) and not each.this.is_string):
                self.expressions(inner, ExpressionPlace("ORDER BY")).type(each.this)
        self.limit(node, scope)


def _names(node: Tree, name: str) -> bool:
    return any(table.name.casefold() == name and not table.db for table in node.find_all(exp.Table))
