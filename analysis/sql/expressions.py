"""Types of expressions: every name is looked up, every call is held against its signatures.

What this reader does not know is `ANY` and a note, never a fault.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Protocol

from sqlglot import exp

from analysis.sql.functions import PART, UNTYPED, WORD, Function, call, functions
from analysis.sql.parts import PARTS, refused_part
from analysis.sql.scope import Found, Scope
from analysis.sql.text import HOLE, Parsed, Problem, Tree, start_of
from analysis.sql.types import (
    ALIASES,
    ANY,
    BOOL,
    BYTES,
    DATE,
    DATETIME,
    FLOAT64,
    INT64,
    INTERVAL,
    JSON,
    NULL,
    SCALARS,
    STRING,
    TIME,
    UNTOLD,
    Field,
    Type,
    Typed,
    array,
    castable,
    common,
    comparable,
    groupable,
    sortable,
    spells,
    struct,
)


class Queries(Protocol):
    """What this reader asks of the one that reads queries: a subquery's columns, and what is in force around here."""

    @property
    def parameters(self) -> Mapping[str, Type]:
        """The types of the statement's parameters, as far as they are known."""

    windows: dict[str, Tree]

    def read(self, node: Tree, parent: Scope | None = None) -> tuple[Field, ...] | None:
        """The columns that a query returns; None where they cannot be told."""


OPERATORS: dict[str, str] = {
    "Add": "$ADD", "Sub": "$SUBTRACT", "Mul": "$MULTIPLY", "Div": "$DIVIDE", "DPipe": "$CONCAT_OP", "EQ": "$EQUAL",
    "NEQ": "$NOT_EQUAL", "GT": "$GREATER", "GTE": "$GREATER_OR_EQUAL", "LT": "$LESS", "LTE": "$LESS_OR_EQUAL",
    "And": "$AND", "Or": "$OR", "Not": "$NOT", "Neg": "$UNARY_MINUS", "Like": "$LIKE", "BitwiseAnd": "$BITWISE_AND",
    "BitwiseOr": "$BITWISE_OR", "BitwiseXor": "$BITWISE_XOR", "BitwiseNot": "$BITWISE_NOT",
    "BitwiseLeftShift": "$BITWISE_LEFT_SHIFT", "BitwiseRightShift": "$BITWISE_RIGHT_SHIFT",
    "NullSafeEQ": "$IS_NOT_DISTINCT_FROM", "NullSafeNEQ": "$IS_DISTINCT_FROM", "If": "IF", "Between": "$BETWEEN",
}  # fmt: skip
"""Node of sqlglot → the operator's name among the functions."""
SIGNS = {
    "$ADD": "+", "$SUBTRACT": "-", "$MULTIPLY": "*", "$DIVIDE": "/", "$EQUAL": "=", "$NOT_EQUAL": "!=", "$GREATER": ">",
    "$GREATER_OR_EQUAL": ">=", "$LESS": "<", "$LESS_OR_EQUAL": "<=", "$CONCAT_OP": "||",
}  # fmt: skip
CLOCKS = {"CurrentDate": "CURRENT_DATE", "CurrentDatetime": "CURRENT_DATETIME", "CurrentTime": "CURRENT_TIME",
          "CurrentTimestamp": "CURRENT_TIMESTAMP"}  # fmt: skip
_COMPARED = {"$EQUAL", "$NOT_EQUAL", "$IN", "$IN_ARRAY", "$CASE_WITH_VALUE", "NULLIF"}
_SORTED = {"$GREATER", "$GREATER_OR_EQUAL", "$LESS", "$LESS_OR_EQUAL", "$BETWEEN", "MAX", "MIN", "GREATEST", "LEAST"}
_NUMBERED = {"LAG", "LEAD", "RANK", "DENSE_RANK", "PERCENT_RANK", "CUME_DIST", "NTILE"}


class Clock(NamedTuple):
    """A use of the current date or time, and whether it says in which zone."""

    name: str
    zoned: bool
    start: int


@dataclass
class Record:
    """What reading a statement brings to light."""

    parsed: Parsed
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    columns: dict[tuple[str, str], int] = field(default_factory=dict)
    parameters: dict[str, int] = field(default_factory=dict)
    clocks: list[Clock] = field(default_factory=list)

    def fault(self, node: Tree, message: str) -> Typed:
        """Note a fault at `node`, once; its value is not known."""
        return self.fault_at(start_of(node), message)

    def fault_at(self, start: int, message: str) -> Typed:
        """Note a fault at an offset, once; its value is not known."""
        problem = Problem(message, start)
        if problem not in self.problems:
            self.problems.append(problem)
        return UNTOLD

    def untold(self, node: Tree, what: str) -> Typed:
        """Note that `what` is not followed here."""
        problem = Problem(what, start_of(node))
        if problem not in self.notes:
            self.notes.append(problem)
        return UNTOLD


@dataclass(frozen=True)
class Place:
    """Where an expression stands and what it may therefore hold.

    Attributes:
        clause: its name in a sentence.
        aggregates: aggregate functions may stand here.
        windows: analytic functions may stand here.
        grouped: what the query is grouped by, None where a column may stand free.
        aliases: names of the SELECT list that may be used here.
    """

    clause: str
    aggregates: bool = False
    windows: bool = False
    grouped: frozenset[str] | None = None
    aliases: dict[str, Typed] = field(default_factory=dict)


class Expressions:
    """Types the expressions of one query level."""

    def __init__(self, record: Record, scope: Scope, place: Place, queries: Queries) -> None:
        self.record, self.scope, self.place, self.queries = record, scope, place, queries
        self.readers: dict[str, Callable[[Tree], Typed]] = {
            "Column": self._column, "Literal": self._literal, "RawString": lambda _: Typed(STRING, "text"),
            "ByteString": lambda _: Typed(BYTES), "Boolean": lambda _: Typed(BOOL),
            "Null": lambda _: Typed(NULL, "null"), "Paren": lambda node: self.type(node.this), "Cast": self._cast,
            "TryCast": self._cast, "Array": self._array, "Struct": self._struct, "Tuple": self._struct,
            "Anonymous": self._call, "SafeFunc": lambda node: self.type(node.this), "NetFunc": self._namespaced,
            "Window": self._window, "Case": self._case, "In": self._in, "Is": self._is, "Extract": self._extract,
            "Interval": self._interval, "Bracket": self._bracket, "Dot": self._dot, "Parameter": self._parameter,
            "Placeholder": lambda node: self._parameter(node), "Subquery": self._subquery, "Exists": self._exists,
            "Select": self._subquery, "Union": self._subquery, "Distinct": self._distinct, "IgnoreNulls": self._first,
            "RespectNulls": self._first, "Order": self._ordered, "Limit": self._first, "HavingMax": self._having_max,
            "Alias": self._first, "AtTimeZone": self._first, "Collate": self._first, "Escape": self._first,
            "JSON": lambda _: Typed(JSON), "Star": lambda _: UNTOLD, "CurrentUser": lambda _: Typed(STRING),
        }  # fmt: skip

    def type(self, node: Tree) -> Typed:
        """The type of one expression."""
        name = type(node).__name__
        if self.place.grouped is not None and key(node, self.scope) in self.place.grouped:
            return replace_place(self, replace(self.place, grouped=None)).type(node)
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

    def condition(self, node: Tree, what: str) -> None:
        """Type a condition, which must be BOOL."""
        found = self.type(node)
        if found.type.kind not in ("BOOL", "ANY", "NULL"):
            self.record.fault(node, f"{what} must be BOOL and is {found.type}; write a condition.")

    def _first(self, node: Tree) -> Typed:
        return self.type(node.this)

    # names

    def _column(self, node: Tree) -> Typed:
        parts = [part for part in node.parts if not isinstance(part, exp.Star)]
        if isinstance(node.this, exp.Star):
            return UNTOLD
        name = parts[0].name
        if HOLE.fullmatch(name):
            return UNTOLD
        if len(parts) == 1 and (alias := self.place.aliases.get(name.casefold())) is not None:
            return alias
        found = self.scope.find(name)
        if not found:
            return self._absent(node, name, parts)
        if len(found) > 1:
            owners = ", ".join(f"`{each.source.alias}`" for each in found if each.source and each.source.alias)
            return self.record.fault(
                node, f"Column `{name}` is ambiguous: {owners or 'several tables'} have it; write it with its table."
            )
        return self._path(node, found[0], parts)

    def _path(self, node: Tree, found: Found, parts: list[Tree]) -> Typed:
        rest = parts[1:]
        source, column, kind = found.source, found.column, found.type
        if source is not None and not column and rest and source.value is None:
            column, fields = rest[0].name, (*source.columns, *source.hidden)
            named = [each for each in fields if each.name.casefold() == column.casefold()]
            if not named and not source.open:
                return self._absent(node, column, parts)
            if len(named) > 1:
                return self.record.fault(
                    node, f"`{source.alias}` has two columns `{column}`; give them names of their own."
                )
            kind, rest = named[0].type if named else ANY, rest[1:]
            column = named[0].name if named else column
        if source is not None and source.table is not None:
            start = start_of(node)
            for each in [column] if column else [field.name for field in source.columns]:
                self.record.columns.setdefault((source.table, each), start)
        if self._free(node, found):
            name = ".".join(part.name for part in parts)
            return self.record.fault(
                node,
                f"`{name}` is neither grouped by nor inside an aggregate function; add it to GROUP BY or aggregate it.",
            )
        for part in rest:
            kind = self._member(node, kind, part.name)
        return Typed(kind)

    def _free(self, node: Tree, found: Found) -> bool:
        """True for a column of a grouped query that is neither grouped nor aggregated, here or in a query around this."""
        levels = list(self.scope.levels())
        level = levels[found.depth] if found.depth < len(levels) else self.scope
        grouped = self.place.grouped if found.depth == 0 else level.grouped
        if grouped is None:
            return False
        parts = [part.copy() for part in node.parts]
        for end in range(1, len(parts) + 1):
            fields = dict(zip(("this", "table", "db", "catalog"), reversed(parts[:end]), strict=False))
            if key(exp.Column(**fields), level) in grouped:
                return False
        return True

    def _member(self, node: Tree, kind: Type, name: str) -> Type:
        if kind.kind in ("ANY", "JSON") or name == "*":
            return kind if kind.kind == "JSON" else ANY
        found = kind.field(name) if kind.kind == "STRUCT" else ()
        if len(found) == 1:
            return found[0].type
        if kind.kind == "STRUCT":
            listed = ", ".join(sorted(each.name for each in kind.fields))
            message = f"The STRUCT has no field `{name}`; it has {listed or 'none with a name'}."
            self.record.fault(
                node, message if not found else f"The STRUCT has more than one field `{name}`; rename one."
            )
        else:
            self.record.fault(node, f"`{name}` is asked of a value of type {kind}, which has no fields; ask a STRUCT.")
        return ANY

    def _absent(self, node: Tree, name: str, parts: list[Tree]) -> Typed:
        tables = sorted({each.table or each.alias for level in self.scope.levels() for each in level.sources} - {""})
        if len(parts) > 1 and name == parts[0].name:
            known = sorted({each.alias for level in self.scope.levels() for each in level.sources} - {""})
            what = f"`{name}` is no table and no column here; the names in reach are {', '.join(known) or 'none'}."
            return self.record.fault(node, what)
        select = node.find_ancestor(exp.Select)
        aliases = {each.alias.casefold() for each in (select.expressions if select else ())} - {""}
        hint = (
            ", and an alias of the same SELECT cannot be used in it; correct the name, or compute it in a WITH clause first."
            if name.casefold() in aliases
            else "; correct the name."
        )
        return self.record.fault(
            node, f"Column `{name}` is in none of the tables read here ({', '.join(tables) or 'none'}){hint}"
        )

    def _dot(self, node: Tree) -> Typed:
        function = node.expression
        if isinstance(function, exp.Anonymous):
            return self._namespaced(node)
        outer = self.type(node.this)
        return Typed(self._member(node, outer.type, function.name)) if function.name else UNTOLD

    def _parameter(self, node: Tree) -> Typed:
        name = node.name or (node.this.name if isinstance(node.this, exp.Expression) else "?")
        self.record.parameters.setdefault(name or "?", start_of(node))
        return Typed(self.queries.parameters.get(name, ANY), "parameter")

    # literals and constructors

    def _literal(self, node: Tree) -> Typed:
        if node.is_string:
            return Typed(STRING, "text", node.name)
        whole = node.name.isdigit() or node.name.lower().startswith("0x")
        return Typed(INT64, "integer") if whole else Typed(FLOAT64, "float")

    def _array(self, node: Tree) -> Typed:
        values = [self.type(each) for each in node.expressions]
        if not values:
            return Typed(array(NULL), "array")
        if any(isinstance(each, exp.Query) for each in node.expressions):
            return Typed(array(self._only_column(node.expressions[0])))
        found = common(values)
        if found is None:
            return self.record.fault(node, f"The array mixes {_listed(values)}; cast its elements to one type.")
        if found.type.kind == "ARRAY":
            return self.record.fault(node, "An ARRAY cannot hold an ARRAY; put a STRUCT between them.")
        element = found.type.settled
        return Typed(array(element), "array" if found.origin else "")

    def _struct(self, node: Tree) -> Typed:
        fields, origins = [], set()
        for each in node.expressions:
            value = self.type(each)
            origins.add(value.origin)
            name = each.alias or (each.name if isinstance(each, exp.Column) else "")
            name = each.this.name if isinstance(each, exp.PropertyEQ) else name
            fields.append(Field(name, value.type))
        return Typed(struct(fields), origins.pop() if len(origins) == 1 else "")

    def _cast(self, node: Tree) -> Typed:
        wanted = data_type(node.args["to"])
        if wanted is None:
            return self.record.fault(
                node, f"`{node.args['to'].sql('bigquery')}` is no type of GoogleSQL; use one that it has."
            )
        inner = node.this
        if isinstance(inner, exp.Array | exp.Struct) and wanted.kind in ("ARRAY", "STRUCT"):
            self._constructor(inner, wanted)
            return Typed(wanted)
        value = self.type(inner)
        if (
            value.origin == "text"
            and _typed_literal(inner, self.record.parsed.text)
            and not spells(value.text, wanted.kind)
        ):
            return self.record.fault(inner, f"`{value.text}` is no {wanted}; write it as {wanted} is written.")
        if not castable(value.type, wanted):
            return self.record.fault(node, f"{value.type} cannot be cast to {wanted}; convert it with a function.")
        return Typed(wanted)

    def _constructor(self, node: Tree, wanted: Type) -> None:
        values = node.expressions
        kinds = (
            [wanted.element or ANY] * len(values) if wanted.kind == "ARRAY" else [each.type for each in wanted.fields]
        )
        if len(kinds) != len(values):
            self.record.fault(node, f"The STRUCT has {len(kinds)} fields but {len(values)} values; give as many.")
            return
        for each, kind in zip(values, kinds, strict=True):
            self.fits(each, self.type(each), kind, "The value")

    def fits(self, node: Tree, value: Typed, wanted: Type, what: str) -> None:
        """Note a fault where `value` does not become `wanted` without a cast."""
        if common([Typed(wanted), value]) != Typed(wanted) and common([Typed(wanted), value]) != UNTOLD:
            self.record.fault(node, f"{what} is {value.type} where {wanted} is needed; cast it.")

    def _interval(self, node: Tree) -> Typed:
        if node.this is not None and not (isinstance(node.this, exp.Literal) and node.this.is_string):
            value = self.type(node.this)
            if value.type.kind not in ("INT64", "ANY", "NULL", "STRING"):
                return self.record.fault(node, f"An INTERVAL counts in INT64 and this is {value.type}; cast it.")
        unit = node.args.get("unit")
        if (
            isinstance(unit, exp.Var)
            and isinstance(node.this, exp.Literal)
            and "." in node.this.name
            and unit.name.upper() != "SECOND"
        ):
            return self.record.fault(
                node, f"An INTERVAL counts in INT64 and `{node.this.name}` is none; write a whole number."
            )
        if isinstance(unit, exp.Var) and unit.name.upper().removesuffix("S") not in PARTS:
            return self.record.fault(node, f"`{unit.name}` is no part of an INTERVAL; use one such as DAY.")
        return Typed(INTERVAL)

    # operators and special forms

    def _operator(self, node: Tree, name: str) -> Typed:
        children = [node.this, node.args.get("expression"), node.args.get("low"), node.args.get("high"),
                    node.args.get("true"), node.args.get("false")]  # fmt: skip
        given = [each for each in children if each is not None]
        if name == "$UNARY_MINUS" and isinstance(node.this, exp.Literal):
            return self._literal(node.this)
        if name == "$LIKE" and isinstance(given[1], exp.Any | exp.All):
            self.type(node.this)
            return Typed(BOOL)
        return self._resolved(node, functions()[name], [self.type(each) for each in given])

    def _resolved(
        self, node: Tree, function: Function, values: list[Typed], named: dict[str, Typed] | None = None
    ) -> Typed:
        if function.name == "IF" and len(values) == 3:
            self._told(node.this if isinstance(node, exp.If) else node, values[0], "The condition of IF")
        result = call(function, values, named or {})
        if result is None and function.name in ("CONCAT", "$CONCAT_OP") and _as_text(values):
            result = STRING
        shown = SIGNS.get(function.name, function.name.lstrip("$").replace("_", " "))
        if result is None:
            return self.record.fault(
                node, f"`{shown}` does not take {_listed(values) or 'no argument'}; correct or cast the arguments."
            )
        if function.name in ("$EQUAL", "$NOT_EQUAL") and any(value.origin == "null" for value in values):
            return self.record.fault(node, f"`{shown} NULL` is never true; write IS NULL or IS NOT NULL.")
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

    def _told(self, node: Tree, value: Typed, what: str) -> None:
        if value.type.kind not in ("BOOL", "ANY", "NULL"):
            self.record.fault(node, f"{what} must be BOOL and is {value.type}; write a condition.")

    def _case(self, node: Tree) -> Typed:
        subject = self.type(node.this) if node.this is not None else None
        results = [self.type(each.args["true"]) for each in node.args["ifs"]]
        default = node.args.get("default")
        results.append(self.type(default) if default is not None else Typed(NULL, "null"))
        for each in node.args["ifs"]:
            if subject is None:
                self.condition(each.this, "The condition of WHEN")
            else:
                self._resolved(each, functions()["$EQUAL"], [subject, self.type(each.this)])
        found = common(results)
        if found is None:
            return self.record.fault(node, f"The branches of CASE give {_listed(results)}; cast them to one type.")
        return Typed(INT64 if found.type.kind == "NULL" else found.type)

    def _in(self, node: Tree) -> Typed:
        value = self.type(node.this)
        query, unnest = node.args.get("query"), node.args.get("unnest")
        if query is not None:
            inner = Typed(self._only_column(query))
            self._resolved(node, functions()["$EQUAL"], [value, inner])
        elif unnest is not None:
            listed = self.type(unnest.expressions[0] if isinstance(unnest, exp.Unnest) else unnest)
            self._resolved(node, functions()["$IN_ARRAY"], [value, listed])
        else:
            self._resolved(node, functions()["$IN"], [value, *(self.type(each) for each in node.expressions)])
        return Typed(BOOL)

    def _is(self, node: Tree) -> Typed:
        value = self.type(node.this)
        if isinstance(node.expression, exp.Boolean):
            self._told(node, value, "What IS TRUE or IS FALSE asks about")
        return Typed(BOOL)

    def _extract(self, node: Tree) -> Typed:
        part, inner = node.this.name.upper(), node.expression
        value, zone = self.type(inner), inner.args.get("zone") if isinstance(inner, exp.AtTimeZone) else None
        if zone is not None:
            self.type(zone)
        kinds = {"DATE": DATE, "TIME": TIME, "DATETIME": DATETIME}
        if part in kinds:
            fits = {"DATE": ("TIMESTAMP", "DATETIME"), "TIME": ("TIMESTAMP", "DATETIME"), "DATETIME": ("TIMESTAMP",)}[
                part
            ]
            if value.type.kind not in (*fits, "ANY", "NULL"):
                return self.record.fault(
                    node, f"EXTRACT({part} …) does not take {value.type}; give {' or '.join(fits)}."
                )
            return Typed(kinds[part])
        values = [value, Typed(PART), *([Typed(STRING)] if zone is not None else [])]
        if message := refused_part("EXTRACT", part, value.type):
            return self.record.fault(node, message)
        return self._resolved(node, functions()["$EXTRACT"], values)

    def _bracket(self, node: Tree) -> Typed:
        outer, index = self.type(node.this), [self.type(each) for each in node.expressions]
        if outer.type.kind in ("ANY", "JSON"):
            return Typed(outer.type)
        if outer.type.kind != "ARRAY":
            return self.record.fault(node, f"A value of type {outer.type} has no elements; ask an ARRAY or JSON.")
        if index and index[0].type.kind not in ("INT64", "ANY", "NULL"):
            return self.record.fault(node, f"An array is asked by INT64 and not by {index[0].type}; cast it.")
        return Typed(outer.type.element or ANY)

    # calls

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
            return Typed(array(self._only_column(node.expressions[0])))
        if HOLE.fullmatch(node.name):
            return UNTOLD
        if name in UNTYPED:
            for each in node.expressions:
                self.type(each)
            return self.record.untold(node, f"`{name}` is a function whose arguments this reader does not check")
        function = functions().get(name)
        if function is None or name.startswith("$"):
            return self.record.fault(node, f"GoogleSQL has no function `{name}`; use one that it has.")
        if name in ("CURRENT_DATE", "CURRENT_DATETIME", "CURRENT_TIME", "CURRENT_TIMESTAMP"):
            return self._clock(node, name, [self.type(each) for each in node.expressions])
        return self._called(node, function)

    def _clock(self, node: Tree, name: str, values: list[Typed]) -> Typed:
        self.record.clocks.append(Clock(name, bool(values) or name == "CURRENT_TIMESTAMP", start_of(node)))
        return self._resolved(node, functions()[name], values)

    def _called(self, node: Tree, function: Function) -> Typed:
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
            inner = replace_place(self, Place("an aggregate function", aliases={}))
            grouped, self.scope.grouped = self.scope.grouped, None
            try:
                return self._applied(node, function, inner)
            finally:
                self.scope.grouped = grouped
        return self._applied(node, function, inner)

    def _applied(self, node: Tree, function: Function, inner: Expressions) -> Typed:
        if function.name == "COUNT" and any(isinstance(each, exp.Star) for each in node.expressions):
            return Typed(INT64)
        values, named = inner._arguments(node, function)
        if function.name in ("APPROX_TOP_COUNT", "APPROX_TOP_SUM") and values:
            count = INT64 if function.name.endswith("COUNT") else ANY
            self._resolved(node, function, values, named)
            return Typed(
                array(struct([Field("value", values[0].type), Field("count" if count is INT64 else "sum", count)]))
            )
        result = self._resolved(node, function, values, named)
        return UNTOLD if function.name == "ERROR" else result

    def _arguments(self, node: Tree, function: Function) -> tuple[list[Typed], dict[str, Typed]]:
        values: list[Typed] = []
        named: dict[str, Typed] = {}
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

    def _argument(self, node: Tree, function: Function, position: int | None) -> Typed:
        if position is None or function.takes_part(position):
            word = node.name.upper() if isinstance(node, exp.Column | exp.Anonymous | exp.Var) else ""
            if word and (isinstance(node, exp.Anonymous) or len(getattr(node, "parts", (1,))) == 1):
                if word in PARTS:
                    return Typed(PART)
                if any(position is not None and position < len(each.arguments) and each.arguments[position].type == WORD
                       for each in function.signatures):  # fmt: skip
                    return Typed(WORD)
        return self.type(node)

    def _part(self, node: Tree, function: Function, part: str, values: list[Typed]) -> None:
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
        nested = replace_place(self, replace(self.place, windows=False))
        result = nested.type(node.this)
        nested.window_clause(node)
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

    def _distinct(self, node: Tree) -> Typed:
        values = [self.type(each) for each in node.expressions]
        for value in values:
            if not groupable(value.type):
                return self.record.fault(node, f"DISTINCT does not take {value.type}; convert it.")
        return values[0] if values else UNTOLD

    def _ordered(self, node: Tree) -> Typed:
        for each in node.expressions:
            self.type(each.this)
        return self.type(node.this)

    def _having_max(self, node: Tree) -> Typed:
        self.type(node.expression)
        return self.type(node.this)

    # subqueries

    def _only_column(self, node: Tree) -> Type:
        inner = node.this if isinstance(node, exp.Subquery) else node
        columns = self.queries.read(inner, self.scope)
        if columns is not None and len(columns) != 1:
            self.record.fault(node, f"The subquery returns {len(columns)} columns where one is needed; select one.")
        return columns[0].type if columns and len(columns) == 1 else ANY

    def _subquery(self, node: Tree) -> Typed:
        return Typed(self._only_column(node))

    def _exists(self, node: Tree) -> Typed:
        self.queries.read(node.this, self.scope)
        return Typed(BOOL)


def replace_place(own: Expressions, place: Place) -> Expressions:
    """The same reader for an expression that stands elsewhere."""
    return Expressions(own.record, own.scope, place, own.queries)


def _flat(arguments: Iterable[Tree]) -> Iterable[Tree]:
    """The arguments of a call; DISTINCT, ORDER BY and LIMIT around the last one are looked into by type."""
    for each in arguments:
        if isinstance(each, exp.Distinct) and len(each.expressions) > 1:
            yield from each.expressions
        else:
            yield each


def _as_text(values: Sequence[Typed]) -> bool:
    """True for what CONCAT takes beside texts: values that have a form as text, one text among them."""
    kinds = [value.type for value in values]
    return STRING in kinds and all(castable(kind, STRING) for kind in kinds)


def _typed_literal(node: Tree, text: str) -> bool:
    """True for the string of `DATE '2020-01-01'`, false for that of CAST."""
    before = text[: node.meta.get("start", 0)].rstrip()
    return re.search(r"\b(DATE|TIME|DATETIME|TIMESTAMP)$", before, re.IGNORECASE) is not None


def _has_order(node: Tree, windows: dict[str, Tree]) -> bool:
    if node.args.get("order"):
        return True
    named = windows.get((node.args.get("alias").name if node.args.get("alias") else "").casefold())
    return named is not None and bool(named.args.get("order"))


def _listed(values: Iterable[Typed]) -> str:
    shown = ["NULL" if value.type is NULL else str(value.type) for value in values]
    return ", ".join(shown).replace("ANY", "a value that is not known")


def key(node: Tree, scope: Scope) -> str:
    """A text that is the same for two expressions that GROUP BY takes for one."""
    copy = node.copy()
    for column in [copy] if isinstance(copy, exp.Column) else list(copy.find_all(exp.Column)):
        parts = [part.name for part in column.parts]
        found = scope.find(parts[0])
        if len(found) == 1 and found[0].column and found[0].source is not None and found[0].source.alias:
            column.set("this", exp.to_identifier(".".join([found[0].source.alias, *parts])))
            for each in ("table", "db", "catalog"):
                column.set(each, None)
        else:
            column.set("this", exp.to_identifier(".".join(parts)))
            for each in ("table", "db", "catalog"):
                column.set(each, None)
    return str(copy.sql("bigquery", comments=False)).casefold().replace("`", "")


def data_type(node: Tree) -> Type | None:
    """The type that a node spells; None for one that GoogleSQL has not."""
    spelled = str(node.this.name if isinstance(node, exp.DataType) and hasattr(node.this, "name") else node.this)
    kind = {"TEXT": "STRING", "BIGINT": "INT64", "DOUBLE": "FLOAT64", "BOOLEAN": "BOOL", "DECIMAL": "NUMERIC",
            "BIGDECIMAL": "BIGNUMERIC", "VARBINARY": "BYTES", "BINARY": "BYTES", "TIMESTAMPTZ": "TIMESTAMP", "TIMESTAMP": "DATETIME",
            "INT": "INT64", "SMALLINT": "INT64", "TINYINT": "INT64"}.get(spelled, ALIASES.get(spelled, spelled))  # fmt: skip
    inner = [each for each in node.expressions if isinstance(each, exp.DataType | exp.ColumnDef)]
    if kind in ("ARRAY", "RANGE"):
        element = data_type(inner[0]) if inner else ANY
        if kind == "RANGE" and element is not None and element.kind not in ("DATE", "DATETIME", "TIMESTAMP", "ANY"):
            return None
        return None if element is None else Type(kind, element)
    if kind == "STRUCT":
        fields = []
        for each in inner:
            nested = data_type(each.args["kind"] if isinstance(each, exp.ColumnDef) else each)
            if nested is None:
                return None
            fields.append(Field(each.name if isinstance(each, exp.ColumnDef) else "", nested))
        return struct(fields)
    return Type(kind) if kind in SCALARS else None
