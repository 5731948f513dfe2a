"""Calls: functions with their arguments, aggregates, and the windows of analytic functions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sqlglot import exp

from analysis.sql.functions import PART, UNTYPED, WORD, SqlFunction, functions, unlisted
from analysis.sql.operators import Operators
from analysis.sql.parts import PARTS, refused_part
from analysis.sql.record import ClockUse, ExpressionPlace
from analysis.sql.spelling import key
from analysis.sql.text import HOLE, Tree, start_of
from analysis.sql.types import ANY, INT64, UNTOLD, Typed, TypeField, array, groupable, sortable, struct

_NUMBERED = {"LAG", "LEAD", "RANK", "DENSE_RANK", "PERCENT_RANK", "CUME_DIST", "NTILE"}


class Calls(Operators):
    """Types calls."""

    def _namespaced(self, node: Tree) -> Typed:
        """A function with a dotted name, such as NET.HOST; SAFE. in front changes no type."""
        call_node, prefix = (node.expression, node.this.name) if isinstance(node, exp.Dot) else (node.this, "NET")
        name = f"{prefix}.{call_node.name}".upper()
        if prefix.upper() == "SAFE":
            return self._call(call_node)
        if name not in functions():
            for each in call_node.expressions:
                self.type(each)
            return self.record.untold(node, f"`{name}` is no function that this reader knows")
        return self._called(call_node, functions()[name])

    def _call(self, node: Tree) -> Typed:
        name = node.name.upper()
        if name == "STRUCT":
            return self._struct(node)
        if name == "ARRAY" and len(node.expressions) == 1 and isinstance(node.expressions[0], exp.Query):
            return Typed(array(self.only_column(node.expressions[0])))
        if HOLE.fullmatch(node.name):
            return UNTOLD
        if name in UNTYPED:
            for each in node.expressions:
                self.type(each)
            return self.record.untold(node, f"`{name}` is a function whose arguments this reader does not check")
        if name in unlisted():
            for each in node.expressions:
                self.type(each)
            return self.record.untold(node, f"`{name}` is a function that BigQuery's reference does not name")
        function = functions().get(name)
        if function is None or name.startswith("$"):
            return self.record.fault(node, f"GoogleSQL has no function `{name}`; use one that it has.")
        if name in ("CURRENT_DATE", "CURRENT_DATETIME", "CURRENT_TIME", "CURRENT_TIMESTAMP"):
            return self._clock(node, name, [self.type(each) for each in node.expressions])
        return self._called(node, function)

    def _clock(self, node: Tree, name: str, values: list[Typed]) -> Typed:
        self.record.clocks.append(ClockUse(name, bool(values) or name == "CURRENT_TIMESTAMP", start_of(node)))
        return self.resolved(node, functions()[name], values)

    def _called(self, node: Tree, function: SqlFunction) -> Typed:
        windowed = isinstance(node.parent, exp.Window) or (
            isinstance(node.parent, exp.IgnoreNulls | exp.RespectNulls) and isinstance(node.parent.parent, exp.Window)
        )
        inner = self
        if function.mode == "analytic" and not windowed:
            return self.record.fault(node, f"`{function.name}` needs an OVER clause; write one.")
        if function.mode == "aggregate" and not windowed:
            if not self.place.aggregates:
                return self.record.fault(
                    node,
                    f"The aggregate function `{function.name}` cannot stand in {self.place.clause}; compute it in a subquery or use HAVING.",
                )
            inner = self.elsewhere(ExpressionPlace("an aggregate function", aliases={}))
            grouped, self.scope.grouped = self.scope.grouped, None
            try:
                return self._applied(node, function, inner)
            finally:
                self.scope.grouped = grouped
        return self._applied(node, function, inner)

    def _applied(self, node: Tree, function: SqlFunction, inner: Calls) -> Typed:
        if function.name == "COUNT" and any(isinstance(each, exp.Star) for each in node.expressions):
            return Typed(INT64)
        if function.name == "GROUPING" and not self._is_grouped(node.expressions):
            return self.record.fault(node, "GROUPING asks about an expression of GROUP BY; name one.")
        values, named = inner._arguments(node, function)
        if function.name == "ARRAY_AGG" and values and values[0].type.kind == "ARRAY":
            return self.record.fault(node, "ARRAY_AGG takes no ARRAY; put it into a STRUCT, or use ARRAY_CONCAT_AGG.")
        if function.name in ("APPROX_TOP_COUNT", "APPROX_TOP_SUM") and values:
            count = INT64 if function.name.endswith("COUNT") else ANY
            self.resolved(node, function, values, named)
            return Typed(
                array(
                    struct([TypeField("value", values[0].type), TypeField("count" if count is INT64 else "sum", count)])
                )
            )
        result = self.resolved(node, function, values, named)
        return UNTOLD if function.name == "ERROR" else result

    def _arguments(self, node: Tree, function: SqlFunction) -> tuple[list[Typed], dict[str, Typed]]:
        values: list[Typed] = []
        named: dict[str, Typed] = {}
        if any(isinstance(each, exp.Column) and isinstance(each.this, exp.Star) for each in node.expressions):
            self.record.fault(node, f"`{function.name}` takes no `.*`; name a column, or the table by its alias.")
        for each in _flat(node.expressions):
            if isinstance(each, exp.Kwarg | exp.PropertyEQ):
                named[each.this.name] = self._argument(each.expression, function, None)
            elif isinstance(each, exp.Interval) and function.spreads_interval:
                unit = each.args.get("unit")
                self._interval(each)
                values += [Typed(INT64), Typed(PART)]
                self._part(node, function, unit.name if unit is not None else "", values)
            else:
                value = self._argument(each, function, len(values))
                values.append(value)
                if value.type in (PART, WORD):
                    self._part(node, function, each.name, values)
                if (
                    function.spreads_interval
                    and len(values) > 1
                    and function.signatures[0].arguments[len(values) - 1 :][:1]
                    and function.signatures[0].arguments[len(values) - 1].type.kind == "INT64"
                ):
                    self.record.fault(
                        each, f"`{function.name}` takes an INTERVAL here; write INTERVAL … DAY or another part."
                    )
        return values, named

    def _argument(self, node: Tree, function: SqlFunction, position: int | None) -> Typed:
        if position is None or function.takes_part(position):
            word = node.name.upper() if isinstance(node, exp.Column | exp.Anonymous | exp.Var) else ""
            if word and (not isinstance(node, exp.Column) or len(node.parts) == 1):
                if word in PARTS:
                    return Typed(PART)
                if any(position is not None and position < len(each.arguments) and each.arguments[position].type == WORD
                       for each in function.signatures):  # fmt: skip
                    return Typed(WORD)
        return self.type(node)

    def _part(self, node: Tree, function: SqlFunction, part: str, values: list[Typed]) -> None:
        if message := refused_part(function.name, part.upper().split("(")[0], values[0].type):
            self.record.fault(node, message)

    def _window(self, node: Tree) -> Typed:
        if not self.place.windows:
            return self.record.fault(
                node, f"An analytic function cannot stand in {self.place.clause}; use QUALIFY or a subquery."
            )
        inner = node.this
        while isinstance(inner, exp.IgnoreNulls | exp.RespectNulls):
            inner = inner.this
        if isinstance(inner, exp.Anonymous):
            function = functions().get(inner.name.upper())
            if function is not None and function.mode == "scalar":
                return self.record.fault(node, f"`{function.name}` is no analytic function; remove OVER.")
            if inner.name.upper() in _NUMBERED and not _has_order(node, self.queries.windows):
                return self.record.fault(node, f"`{inner.name.upper()}` needs ORDER BY in its OVER clause; write one.")
        self._named_window(node)
        nested = self.elsewhere(replace(self.place, windows=False))
        result = nested.type(node.this)
        nested.window_clause(node)
        if _has_order(node, self.queries.windows) and isinstance(inner, exp.Anonymous) and _is_distinct(inner):
            return self.record.fault(node, "An OVER clause with ORDER BY takes no DISTINCT; remove one.")
        return result

    def _named_window(self, node: Tree) -> None:
        alias = node.args.get("alias")
        if alias is not None and alias.name.casefold() not in self.queries.windows:
            self.record.fault(node, f"No WINDOW clause defines `{alias.name}`; correct the name.")

    def window_clause(self, node: Tree) -> None:
        """Type what an OVER or WINDOW clause names."""
        for each in node.args.get("partition_by") or ():
            value = self.type(each)
            if not groupable(value.type):
                self.record.fault(each, f"PARTITION BY does not take {value.type}; convert it.")
        for each in node.args["order"].expressions if node.args.get("order") else ():
            value = self.type(each.this)
            if not sortable(value.type):
                self.record.fault(each, f"ORDER BY does not take {value.type}; convert it.")

        self._frame(node)

    def _frame(self, node: Tree) -> None:
        """The frame of a window: its bounds in order, and RANGE by a number of something that counts."""
        spec = node.args.get("spec")
        if spec is None:
            return
        first, last = _bound(spec, "start"), _bound(spec, "end") if spec.args.get("end") else 2
        if first > last:
            self.record.fault(node, "The window frame begins after its end; turn it round.")
        keys = node.args["order"].expressions if node.args.get("order") else []
        if str(spec.args.get("kind")).upper() == "RANGE" and {first, last} & {1, 3}:
            kinds = [self.type(each.this).type.kind for each in keys]
            if len(kinds) != 1 or kinds[0] not in ("INT64", "FLOAT64", "NUMERIC", "BIGNUMERIC", "ANY"):
                self.record.fault(node, "RANGE by a distance needs one ORDER BY key that is a number; use ROWS.")

    def _is_grouped(self, arguments: list[Tree]) -> bool:
        grouped = self.place.grouped
        return grouped is not None and all(key(each, self.scope) in grouped for each in arguments)

    def _distinct(self, node: Tree) -> Typed:
        if any(isinstance(each, exp.Star) for each in node.expressions):
            return self.record.fault(node, "COUNT(DISTINCT *) is no GoogleSQL; name a column.")
        values = [self.type(each) for each in node.expressions]
        for value in values:
            if not groupable(value.type):
                return self.record.fault(node, f"DISTINCT does not take {value.type}; convert it.")
        return values[0] if values else UNTOLD

    def _ordered(self, node: Tree) -> Typed:
        distinct = node.this.find(exp.Distinct)
        chosen = {key(each, self.scope) for each in distinct.expressions} if distinct is not None else None
        for each in node.expressions:
            self.type(each.this)
            if isinstance(each.this, exp.Literal):
                self.record.fault(each, "Inside a call ORDER BY names no position; name what to order by.")
            if chosen is not None and key(each.this, self.scope) not in chosen:
                self.record.fault(
                    each, "With DISTINCT an aggregate is ordered by its own argument only; order by that."
                )
        return self.type(node.this)

    def _having_max(self, node: Tree) -> Typed:
        self.type(node.expression)
        return self.type(node.this)


def _flat(arguments: Iterable[Tree]) -> Iterable[Tree]:
    """The arguments of a call; DISTINCT, ORDER BY and LIMIT around the last one are looked into by type."""
    for each in arguments:
        if isinstance(each, exp.Distinct) and len(each.expressions) > 1:
            yield from each.expressions
        else:
            yield each


def _has_order(node: Tree, windows: dict[str, Tree]) -> bool:
    if node.args.get("order"):
        return True
    named = windows.get((node.args.get("alias").name if node.args.get("alias") else "").casefold())
    return named is not None and bool(named.args.get("order"))


def _is_distinct(call: Tree) -> bool:
    return any(isinstance(each, exp.Distinct) for each in call.expressions)


def _bound(spec: Tree, end: str) -> int:
    """Where a bound of a window frame lies: 0 is the beginning, 2 the current row, 4 the end."""
    value, side = str(spec.args.get(end)).upper(), str(spec.args.get(f"{end}_side")).upper()
    if value == "CURRENT ROW":
        return 2
    return (0 if side == "PRECEDING" else 4) if value == "UNBOUNDED" else (1 if side == "PRECEDING" else 3)
