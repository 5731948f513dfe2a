"""What nodes of the tree spell: a type, and the text by which GROUP BY knows an expression."""

from __future__ import annotations

from sqlglot import exp

from analysis.sql.scope import QueryScope
from analysis.sql.text import Tree
from analysis.sql.types import ALIASES, ANY, SCALARS, Type, TypeField, struct


def key(node: Tree, scope: QueryScope) -> str:
    """A text that is the same for two expressions that GROUP BY takes for one."""
    copy = node.copy()
    for column in [copy] if isinstance(copy, exp.Column) else list(copy.find_all(exp.Column)):
        parts = [part.name for part in column.parts]
        found = scope.find(parts[0])
        if len(found) == 1 and found[0].column and found[0].source is not None and found[0].source.alias:
            parts.insert(0, found[0].source.alias)
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
            fields.append(TypeField(each.name if isinstance(each, exp.ColumnDef) else "", nested))
        return struct(fields)
    return Type(kind) if kind in SCALARS else None


_SCALES = {"NUMERIC": (9, 29), "BIGNUMERIC": (38, 38)}
"""How large a scale may be, and how many digits may stand before it (GoogleSQL: parameterized decimal types)."""


def type_parameters(node: Tree) -> tuple[int, ...]:
    """The numbers in parentheses behind a type; -1 for what is none."""
    given = [each.this for each in node.expressions if isinstance(each, exp.DataTypeParam)]
    return tuple(int(each.name) if each.name.isdigit() else -1 for each in given)


def parameters_wrong(kind: str, numbers: tuple[int, ...]) -> str:
    """What is wrong with the numbers behind a type, or nothing."""
    if not numbers or (kind in ("STRING", "BYTES") and len(numbers) == 1 and numbers[0] > 0):
        return ""
    if kind not in _SCALES or len(numbers) > 2:
        return f"`{kind}` does not take these parameters; correct or remove them."
    scale, (most, whole) = numbers[1] if len(numbers) == 2 else 0, _SCALES[kind]
    if 0 <= scale <= most and max(1, scale) <= numbers[0] <= scale + whole:
        return ""
    shown = f"{kind}({', '.join(map(str, numbers))})"
    return f"{shown} is out of range: a scale is 0 to {most}, a precision at least 1 and the scale, at most the scale + {whole}; correct it."
