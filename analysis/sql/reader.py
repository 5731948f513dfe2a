"""What every reader of expressions shares: where it stands, and holding values against signatures and types."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Self

from sqlglot import exp

from analysis.sql.functions import SqlFunction, call
from analysis.sql.record import ExpressionPlace, QueryContext, Reading
from analysis.sql.scope import QueryScope
from analysis.sql.text import Tree
from analysis.sql.types import ANY, INT64, NULL, STRING, UNTOLD, Type, Typed, castable, common, comparable, sortable

SIGNS = {
    "$ADD": "+", "$SUBTRACT": "-", "$MULTIPLY": "*", "$DIVIDE": "/", "$EQUAL": "=", "$NOT_EQUAL": "!=", "$GREATER": ">",
    "$GREATER_OR_EQUAL": ">=", "$LESS": "<", "$LESS_OR_EQUAL": "<=", "$CONCAT_OP": "||",
}  # fmt: skip
_COMPARED = {"$EQUAL", "$NOT_EQUAL", "$IN", "$IN_ARRAY", "$CASE_WITH_VALUE", "NULLIF"}
_SORTED = {"$GREATER", "$GREATER_OR_EQUAL", "$LESS", "$LESS_OR_EQUAL", "$BETWEEN", "MAX", "MIN", "GREATEST", "LEAST"}


class Reader:
    """Reads expressions of one query level; what it reads is told by the classes that follow it."""

    def __init__(self, record: Reading, scope: QueryScope, place: ExpressionPlace, queries: QueryContext) -> None:
        self.record, self.scope, self.place, self.queries = record, scope, place, queries

    def type(self, node: Tree) -> Typed:
        """The type of one expression."""
        raise NotImplementedError

    def elsewhere(self, place: ExpressionPlace) -> Self:
        """The same reader for an expression that stands elsewhere."""
        return type(self)(self.record, self.scope, place, self.queries)

    def condition(self, node: Tree, what: str) -> None:
        """Type a condition, which must be BOOL."""
        found = self.type(node)
        if found.type.kind not in ("BOOL", "ANY", "NULL"):
            self.record.fault(node, f"{what} must be BOOL and is {found.type}; write a condition.")

    def first(self, node: Tree) -> Typed:
        """The type of what a node wraps."""
        return self.type(node.this)

    def fits(self, node: Tree, value: Typed, wanted: Type, what: str) -> None:
        """Note a fault where `value` does not become `wanted` without a cast."""
        if common([Typed(wanted), value]) != Typed(wanted) and common([Typed(wanted), value]) != UNTOLD:
            self.record.fault(node, f"{what} is {value.type} where {wanted} is needed; cast it.")

    def resolved(
        self, node: Tree, function: SqlFunction, values: list[Typed], named: dict[str, Typed] | None = None
    ) -> Typed:
        """What a call of `function` with `values` returns; a fault where no signature takes them."""
        if function.name == "IF" and len(values) == 3:
            self.told(node.this if isinstance(node, exp.If) else node, values[0], "The condition of IF")
        result = call(function, values, named or {})
        if result is None and function.name in ("CONCAT", "$CONCAT_OP") and _as_text(values):
            result = STRING
        operator = function.name.startswith("$")
        shown = SIGNS.get(function.name, function.name[1:].replace("_", " ") if operator else function.name)
        if result is None:
            taken = _of_columns(node, values) or listed(values) or "no argument"
            return self.record.fault(node, f"`{shown}` does not take {taken}; correct or cast the arguments.")
        for value in values[: 1 if function.name == "$IN_ARRAY" else None] if function.name in _COMPARED else ():
            if not comparable(value.type):
                return self.record.fault(
                    node, f"Values of type {value.type} cannot be compared by `{shown}`; convert them."
                )
        for value in values if function.name in _SORTED else ():
            if not sortable(value.type):
                return self.record.fault(
                    node, f"Values of type {value.type} have no order, which `{shown}` needs; convert them."
                )
        literal = values and function.name in ("COALESCE", "IFNULL", "IF") and all(value.origin for value in values)
        return Typed(INT64 if result.kind == "NULL" else result, values[-1].origin if literal else "")

    def told(self, node: Tree, value: Typed, what: str) -> None:
        """Note a fault where a value that decides is not BOOL."""
        if value.type.kind not in ("BOOL", "ANY", "NULL"):
            self.record.fault(node, f"{what} must be BOOL and is {value.type}; write a condition.")

    def only_column(self, node: Tree) -> Type:
        """The type of the one column that a subquery returns."""
        inner = node.this if isinstance(node, exp.Subquery) else node
        columns = self.queries.read(inner, self.scope)
        if columns is not None and len(columns) != 1:
            self.record.fault(node, f"The subquery returns {len(columns)} columns where one is needed; select one.")
        return columns[0].type if columns and len(columns) == 1 else ANY


def _as_text(values: Sequence[Typed]) -> bool:
    """True for what CONCAT takes beside texts: values that have a form as text."""
    kinds = [value.type for value in values]
    return bool(kinds) and all(castable(kind, STRING) for kind in kinds)


def _of_columns(node: Tree, values: Sequence[Typed]) -> str:
    """The types of both sides of a sign, each with the column that it is of; empty for a call."""
    sides = (node.this, node.expression) if isinstance(node, exp.Binary) and len(values) == 2 else ()
    columns = [f" (`{each.name}`)" if isinstance(each, exp.Column) else "" for each in sides]
    return ", ".join(listed([value]) + column for value, column in zip(values, columns, strict=True)) if columns else ""


def listed(values: Iterable[Typed]) -> str:
    """The types of values, as a sentence lists them."""
    shown = ["NULL" if value.type is NULL else str(value.type) for value in values]
    return ", ".join(shown).replace("ANY", "a value that is not known")
