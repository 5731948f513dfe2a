"""Literals, constructors of arrays and structs, and casts."""

from __future__ import annotations

import json
import re

from sqlglot import exp

from analysis.sql.names import NameReader
from analysis.sql.parts import PARTS
from analysis.sql.reader import listed
from analysis.sql.spelling import data_type, parameters_wrong, type_parameters
from analysis.sql.text import HOLE, Tree
from analysis.sql.types import (
    ALIASES,
    ANY,
    FLOAT64,
    INT64,
    INTERVAL,
    JSON,
    NULL,
    SCALARS,
    STRING,
    Type,
    Typed,
    TypeField,
    array,
    castable,
    common,
    spells,
    struct,
)

MOST = 2**63 - 1
_UNTYPED = frozenset(
    {"BOOL", "BOOLEAN", "BYTES", "FLOAT64", "INT64", "INTEGER", "INT", "BIGINT", "STRING", "GEOGRAPHY"}
)
_COUNT = re.compile(r"[-+]?\d+(\.\d*)?")


class Literals(NameReader):
    """Types what says its value itself."""

    def _literal(self, node: Tree) -> Typed:
        if node.is_string:
            return Typed(STRING, "text", node.name)
        if not node.name.isdigit():
            return Typed(FLOAT64, "float")
        if int(node.name) > MOST + isinstance(node.parent, exp.Neg):
            return self.record.fault(node, f"`{node.name}` is no INT64, which ends at {MOST}; write NUMERIC '…'.")
        return Typed(INT64, "integer")

    def _json(self, node: Tree) -> Typed:
        """JSON '…'."""
        text = node.this.name if isinstance(node.this, exp.Literal | exp.RawString) else None
        try:
            json.loads(text if text is not None and not HOLE.search(text) else "null")
        except ValueError:
            return self.record.fault(node.this, "The text is no JSON; correct it.")
        return Typed(JSON)

    def _array(self, node: Tree) -> Typed:
        values = [self.type(each) for each in node.expressions]
        if not values:
            return Typed(array(NULL), "array")
        if any(isinstance(each, exp.Query) for each in node.expressions):
            return Typed(array(self.only_column(node.expressions[0])))
        found = common(values)
        if found is None:
            return self.record.fault(node, f"The array mixes {listed(values)}; cast its elements to one type.")
        if found.type.kind == "ARRAY":
            return self.record.fault(node, "An ARRAY cannot hold an ARRAY; put a STRUCT between them.")
        element = found.type.settled
        return Typed(array(element), "array" if found.origin else "")

    def _struct(self, node: Tree) -> Typed:
        fields, origins, values = [], set(), []
        for each in node.expressions:
            value = self.type(each)
            values.append(value)
            origins.add(value.origin)
            named = isinstance(each, exp.Column) and not isinstance(node, exp.Tuple)
            name = each.alias or (each.name if named else "")
            name = each.this.name if isinstance(each, exp.PropertyEQ) else name
            fields.append(TypeField(name, value.type))
        return Typed(struct(fields), origins.pop() if len(origins) == 1 else "", parts=tuple(values))

    def _cast(self, node: Tree) -> Typed:
        wanted = data_type(node.args["to"])
        if wanted is None:
            return self.record.fault(
                node, f"`{node.args['to'].sql('bigquery')}` is no type of GoogleSQL; use one that it has."
            )
        for each in node.args["to"].find_all(exp.DataType):
            spelled = data_type(each)
            if wrong := parameters_wrong(spelled.kind if spelled else "", type_parameters(each)):
                return self.record.fault(node, wrong)
        inner = node.this
        if isinstance(inner, exp.Array | exp.Struct) and wanted.kind in ("ARRAY", "STRUCT"):
            self._constructor(inner, wanted)
            return Typed(wanted)
        value = self.type(inner)
        if value.origin == "text" and not HOLE.search(value.text):
            literal = _literal_of(inner, self.record.parsed.text)
            if literal in _UNTYPED:
                return self.record.fault(inner, f"{literal} stands before no string here; write CAST.")
            if literal and not spells(value.text, wanted.kind):
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

    def _interval(self, node: Tree) -> Typed:
        if node.this is not None and not (isinstance(node.this, exp.Literal) and node.this.is_string):
            value = self.type(node.this)
            if value.type.kind not in ("INT64", "ANY", "NULL") and value.origin != "text":
                return self.record.fault(node, f"An INTERVAL counts in INT64 and this is {value.type}; cast it.")
        unit = node.args.get("unit")
        text = node.this.name if isinstance(node.this, exp.Literal) and node.this.is_string else ""
        if isinstance(unit, exp.Var) and text and not _COUNT.fullmatch(text) and not HOLE.search(text):
            return self.record.fault(node, f"`{text}` counts no {unit.name.upper()}; write a whole number.")
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


def _literal_of(node: Tree, text: str) -> str:
    """The type that stands before a string, as in `DATE '2020-01-01'`; empty for the string of a CAST."""
    before = text[: node.meta.get("start", 0)].rstrip()
    found = re.search(r"\b([A-Z]\w*)$", before, re.IGNORECASE)
    word = found[1].upper() if found else ""
    return word if word in SCALARS | set(ALIASES) else ""
