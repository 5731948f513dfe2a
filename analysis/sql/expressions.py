"""Types of expressions: every name is looked up, every call is held against its signatures.

What this reader does not know is `ANY` and a note, never a fault. Each base class reads one sort of expression.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sqlglot import exp

from analysis.sql.calls import Calls
from analysis.sql.operators import OPERATORS
from analysis.sql.record import ExpressionPlace, QueryContext, Reading
from analysis.sql.scope import QueryScope
from analysis.sql.spelling import key
from analysis.sql.text import Tree
from analysis.sql.types import BOOL, BYTES, DATE, INT64, JSON, NULL, STRING, TIMESTAMP, UNTOLD, Type, Typed

CLOCKS = {"CurrentDate": "CURRENT_DATE", "CurrentDatetime": "CURRENT_DATETIME", "CurrentTime": "CURRENT_TIME",
          "CurrentTimestamp": "CURRENT_TIMESTAMP"}  # fmt: skip


class ExpressionReader(Calls):
    """Types the expressions of one query level."""

    def __init__(self, record: Reading, scope: QueryScope, place: ExpressionPlace, queries: QueryContext) -> None:
        super().__init__(record, scope, place, queries)
        self.readers: dict[str, Callable[[Tree], Typed]] = {
            "Column": self.column, "Literal": self._literal, "RawString": lambda node: Typed(STRING, "text", node.name),
            "ByteString": lambda _: Typed(BYTES), "Boolean": lambda _: Typed(BOOL),
            "Null": lambda _: Typed(NULL, "null"), "Paren": lambda node: self.type(node.this), "Cast": self._cast,
            "TryCast": self._cast, "Array": self._array, "Struct": self._struct, "Tuple": self._struct,
            "Anonymous": self._call, "SafeFunc": lambda node: self.type(node.this), "NetFunc": self._namespaced,
            "Window": self._window, "Case": self._case, "In": self._in, "Is": self._is, "Extract": self._extract,
            "Interval": self._interval, "Bracket": self._bracket, "Dot": self._dot, "Parameter": self.parameter,
            "Placeholder": lambda node: self.parameter(node), "Subquery": self._subquery, "Exists": self._exists,
            "Select": self._subquery, "Union": self._subquery, "Distinct": self._distinct, "IgnoreNulls": self.first,
            "RespectNulls": self.first, "Order": self._ordered, "Limit": self.first, "HavingMax": self._having_max,
            "Alias": self.first, "AtTimeZone": self.first, "Collate": self.first, "Escape": self.first,
            "JSON": lambda _: Typed(JSON), "ParseJSON": self._json, "Concat": self._texts,
            "HexString": lambda _: Typed(INT64, "integer"), "StrToTime": lambda node: self._formatted(node, TIMESTAMP),
            "StrToDate": lambda node: self._formatted(node, DATE), "Star": lambda _: UNTOLD, "CurrentUser": lambda _: Typed(STRING),
        }  # fmt: skip

    def type(self, node: Tree) -> Typed:
        """The type of one expression."""
        name = type(node).__name__
        if self.place.grouped is not None and key(node, self.scope) in self.place.grouped:
            grouped, self.scope.grouped = self.scope.grouped, None
            try:
                return self.elsewhere(replace(self.place, grouped=None)).type(node)
            finally:
                self.scope.grouped = grouped
        if name in CLOCKS:
            return self._clock(node, CLOCKS[name], [self.type(node.this)] if node.this is not None else [])
        if name in OPERATORS:
            return self._operator(node, OPERATORS[name])
        reader = self.readers.get(name)
        if reader is None:
            for child in node.iter_expressions():
                if not isinstance(child, exp.Query | exp.DataType | exp.Identifier | exp.Var):
                    self.type(child)
            return self.record.untold(node, f"`{node.sql('bigquery')[:60]}` is not followed by this reader")
        return reader(node)

    def _texts(self, node: Tree) -> Typed:
        """Strings side by side, which are one."""
        for each in node.expressions:
            self.type(each)
        return Typed(STRING, "text", "".join(each.name for each in node.expressions))

    def _formatted(self, node: Tree, kind: Type) -> Typed:
        """`CAST(… AS … FORMAT …)` of a text."""
        self.fits(node, self.type(node.this), STRING, "What is cast by a format")
        return Typed(kind)

    def _dot(self, node: Tree) -> Typed:
        return self._namespaced(node) if isinstance(node.expression, exp.Anonymous) else self.field(node)

    def _subquery(self, node: Tree) -> Typed:
        return Typed(self.only_column(node))

    def _exists(self, node: Tree) -> Typed:
        self.queries.read(node.this, self.scope)
        return Typed(BOOL)
