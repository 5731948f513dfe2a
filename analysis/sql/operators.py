"""Operators and special forms: CASE, IN, IS, EXTRACT, elements of arrays."""

from __future__ import annotations

from sqlglot import exp

from analysis.sql.functions import PART, functions
from analysis.sql.literals import Literals
from analysis.sql.parts import refused_part
from analysis.sql.reader import SIGNS, listed
from analysis.sql.text import Tree, start_of
from analysis.sql.types import ANY, BOOL, DATE, DATETIME, INT64, NULL, STRING, TIME, Typed, common

OPERATORS: dict[str, str] = {
    "Add": "$ADD", "Sub": "$SUBTRACT", "Mul": "$MULTIPLY", "Div": "$DIVIDE", "DPipe": "$CONCAT_OP", "EQ": "$EQUAL",
    "NEQ": "$NOT_EQUAL", "GT": "$GREATER", "GTE": "$GREATER_OR_EQUAL", "LT": "$LESS", "LTE": "$LESS_OR_EQUAL",
    "And": "$AND", "Or": "$OR", "Not": "$NOT", "Neg": "$UNARY_MINUS", "Like": "$LIKE", "BitwiseAnd": "$BITWISE_AND",
    "BitwiseOr": "$BITWISE_OR", "BitwiseXor": "$BITWISE_XOR", "BitwiseNot": "$BITWISE_NOT",
    "BitwiseLeftShift": "$BITWISE_LEFT_SHIFT", "BitwiseRightShift": "$BITWISE_RIGHT_SHIFT",
    "NullSafeEQ": "$IS_NOT_DISTINCT_FROM", "NullSafeNEQ": "$IS_DISTINCT_FROM", "If": "IF", "Between": "$BETWEEN",
}  # fmt: skip
"""Node of sqlglot → the operator's name among the functions."""

COMPARISONS = {"$EQUAL", "$NOT_EQUAL", "$LESS", "$LESS_OR_EQUAL", "$GREATER", "$GREATER_OR_EQUAL", "$LIKE", "$BETWEEN",
               "$IS_DISTINCT_FROM", "$IS_NOT_DISTINCT_FROM"}  # fmt: skip

_BARE = (COMPARISONS - {"$IS_DISTINCT_FROM", "$IS_NOT_DISTINCT_FROM", "$BETWEEN"}) | {
    "$ADD", "$SUBTRACT", "$MULTIPLY", "$DIVIDE", "$UNARY_MINUS", "$NOT", "$CONCAT_OP", "$BITWISE_AND", "$BITWISE_OR",
    "$BITWISE_XOR", "$BITWISE_NOT",
}  # fmt: skip


class Operators(Literals):
    """Types operators."""

    def _operator(self, node: Tree, name: str) -> Typed:
        children = [node.this, node.args.get("expression"), node.args.get("low"), node.args.get("high"),
                    node.args.get("true"), node.args.get("false")]  # fmt: skip
        given = [each for each in children if each is not None]
        if name == "$UNARY_MINUS" and isinstance(node.this, exp.Literal):
            return self._literal(node.this)
        if name in COMPARISONS and isinstance(node.this, exp.Binary | exp.In | exp.Between | exp.Is):
            self._unchained(node, node.this)
        if name == "$LIKE" and isinstance(given[1], exp.Any | exp.All):
            return self._like_some(node, given[1])
        values = [self.type(each) for each in given]
        if name == "$NOT_EQUAL":
            self._excluded(list(zip(given, values, strict=True)))
        elif name in COMPARISONS:
            self._compared(node)
        if name == "$EQUAL":
            self._fixed_day(list(zip(given, values, strict=True)))
        if name in _BARE and any(isinstance(each.unnest(), exp.Null) for each in given):
            sign = SIGNS.get(name, name.lstrip("$"))
            return self.record.fault(
                node, f"`{sign}` takes no literal NULL, with which it gives NULL; write IS NULL, or the NULL itself."
            )
        return self.resolved(node, functions()[name], values)

    def _compared(self, node: Tree) -> None:
        """Record the parameters that a comparison holds against columns."""
        if node.find(exp.Column) is not None:
            self.record.compared.update(each.name for each in node.find_all(exp.Parameter))

    def _excluded(self, sides: list[tuple[Tree, Typed]]) -> None:
        """Record a column of dates that is asked for every day but that of a parameter."""
        for (column, value), (other, _) in (sides, sides[::-1]):
            if isinstance(column, exp.Column) and isinstance(other, exp.Parameter) and value.type.kind == "DATE":
                self.record.excluded.append(start_of(column))

    def _fixed_day(self, sides: list[tuple[Tree, Typed]]) -> None:
        """Record a column of dates that is asked for one day that the text itself names."""
        for (column, value), (other, _) in (sides, sides[::-1]):
            fixed = isinstance(other.this if isinstance(other, exp.Cast) else other, exp.Literal)
            if isinstance(column, exp.Column) and fixed and value.type.kind in ("DATE", "DATETIME", "TIMESTAMP"):
                self.record.days.append(start_of(column))

    def _unchained(self, node: Tree, left: Tree) -> None:
        """Note a comparison of what is itself a comparison: one of them needs parentheses."""
        if OPERATORS.get(type(left).__name__) in COMPARISONS or isinstance(left, exp.In | exp.Between | exp.Is):
            self.record.fault(node, "Comparisons do not follow one another; put one into parentheses, or write AND.")

    def _like_some(self, node: Tree, patterns: Tree) -> Typed:
        """`LIKE ANY (…)` and `LIKE ALL (…)`, which take patterns one by one."""
        listed_ = patterns.this.expressions if isinstance(patterns.this, exp.Tuple) else [patterns.this]
        inner = [each.this if isinstance(each, exp.Paren) else each for each in listed_]
        if any(isinstance(each, exp.Anonymous) and each.name.upper() == "UNNEST" for each in inner):
            return self.record.fault(node, "LIKE ANY and LIKE ALL take patterns and no array; list the patterns.")
        name = "$LIKE_ANY" if isinstance(patterns, exp.Any) else "$LIKE_ALL"
        return self.resolved(node, functions()[name], [self.type(each) for each in (node.this, *inner)])

    def _case(self, node: Tree) -> Typed:
        subject = self.type(node.this) if node.this is not None else None
        results = [self.type(each.args["true"]) for each in node.args["ifs"]]
        default = node.args.get("default")
        results.append(self.type(default) if default is not None else Typed(NULL, "null"))
        for each in node.args["ifs"]:
            if subject is None:
                self.condition(each.this, "The condition of WHEN")
            else:
                self.resolved(each, functions()["$EQUAL"], [subject, self.type(each.this)])
        found = common(results)
        if found is None:
            return self.record.fault(node, f"The branches of CASE give {listed(results)}; cast them to one type.")
        return Typed(INT64 if found.type.kind == "NULL" else found.type)

    def _in(self, node: Tree) -> Typed:
        value = self.type(node.this)
        query, unnest = node.args.get("query"), node.args.get("unnest")
        self._unchained(node, node.this)
        self._compared(node)
        if query is None and unnest is None and (not node.expressions or _bracketed(node, self.record.parsed.text)):
            return self.record.fault(node, "IN takes a list in parentheses that holds a value; write one.")
        if query is not None:
            inner = Typed(self.only_column(query))
            self.resolved(node, functions()["$EQUAL"], [value, inner])
        elif unnest is not None:
            listed = self.type(unnest.expressions[0] if isinstance(unnest, exp.Unnest) else unnest)
            self.resolved(node, functions()["$IN_ARRAY"], [value, listed])
        else:
            self.resolved(node, functions()["$IN"], [value, *(self.type(each) for each in node.expressions)])
        return Typed(BOOL)

    def _is(self, node: Tree) -> Typed:
        value = self.type(node.this)
        self._unchained(node, node.this)
        if not isinstance(node.expression, exp.Boolean | exp.Null) and node.expression.name.upper() != "UNKNOWN":
            return self.record.fault(node, "IS asks about NULL, TRUE, FALSE or UNKNOWN; write `=` for a value.")
        if isinstance(node.expression, exp.Boolean):
            self.told(node, value, "What IS TRUE or IS FALSE asks about")
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
        return self.resolved(node, functions()["$EXTRACT"], values)

    def _bracket(self, node: Tree) -> Typed:
        outer, index = self.type(node.this), [self.type(each) for each in node.expressions]
        if outer.type.kind in ("ANY", "JSON"):
            return Typed(outer.type)
        if outer.type.kind != "ARRAY":
            return self.record.fault(node, f"A value of type {outer.type} has no elements; ask an ARRAY or JSON.")
        if index and index[0].type.kind not in ("INT64", "ANY", "NULL"):
            return self.record.fault(node, f"An array is asked by INT64 and not by {index[0].type}; cast it.")
        return Typed(outer.type.element or ANY)


def _bracketed(node: Tree, text: str) -> bool:
    """True for `IN [1, 2]`, which the parser takes for a list."""
    return text[: start_of(node.expressions[0])].rstrip().endswith("[")
