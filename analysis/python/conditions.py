"""What the target runtime makes of a condition: whether a branch of an `if` can ever run there."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable

from analysis.python.syntax import PythonVersion

_COMPARE: dict[type[ast.cmpop], Callable[[object, object], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,  # type: ignore[dict-item]
    ast.LtE: operator.le,  # type: ignore[dict-item]
    ast.Gt: operator.gt,  # type: ignore[dict-item]
    ast.GtE: operator.ge,  # type: ignore[dict-item]
}


def truth(test: ast.expr, target: PythonVersion) -> bool | None:
    """Return whether `test` holds in a function on Linux and Python `target`, or None if only running it tells.

    Decided here: type checking blocks never run, a function's module is never `__main__`, and version and
    platform tests have the target's answer.
    """
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = truth(test.operand, target)
        return None if inner is None else not inner
    if isinstance(test, ast.BoolOp):
        deciding = isinstance(test.op, ast.Or)
        values = [truth(value, target) for value in test.values]
        if deciding in values:
            return deciding
        return None if None in values else not deciding
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        return _compare(test.left, test.ops[0], test.comparators[0], target)
    if isinstance(test, ast.Call) and isinstance(test.func, ast.Attribute) and test.func.attr == "startswith":
        return _prefix(test, target)
    value = _value(test, target)
    return None if value is _UNKNOWN else bool(value)


_UNKNOWN = object()


def _compare(left: ast.expr, op: ast.cmpop, right: ast.expr, target: PythonVersion) -> bool | None:
    one, other = _value(left, target), _value(right, target)
    compare = _COMPARE.get(type(op))
    if one is _UNKNOWN or other is _UNKNOWN or compare is None:
        return None
    try:
        return compare(one, other)
    except TypeError:
        return None


def _prefix(test: ast.Call, target: PythonVersion) -> bool | None:
    value = _value(test.func.value, target) if isinstance(test.func, ast.Attribute) else _UNKNOWN
    if isinstance(value, str) and len(test.args) == 1 and isinstance(test.args[0], ast.Constant):
        prefix = test.args[0].value
        return value.startswith(prefix) if isinstance(prefix, str) else None
    return None


def _value(node: ast.expr, target: PythonVersion) -> object:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Tuple):
        items = [_value(item, target) for item in node.elts]
        return _UNKNOWN if _UNKNOWN in items else tuple(items)
    if isinstance(node, ast.Name):
        return {"TYPE_CHECKING": False, "__name__": "<module>"}.get(node.id, _UNKNOWN)
    if isinstance(node, ast.Subscript):
        whole = _value(node.value, target)
        return _item(whole, node.slice) if isinstance(whole, tuple) else _UNKNOWN
    if isinstance(node, ast.Attribute):
        return _attribute(node, target)
    return _UNKNOWN


def _attribute(node: ast.Attribute, target: PythonVersion) -> object:
    if node.attr == "TYPE_CHECKING":
        return False
    owner = node.value.id if isinstance(node.value, ast.Name) else None
    if owner == "sys":
        return {"version_info": (*target, 0, "final", 0), "platform": "linux"}.get(node.attr, _UNKNOWN)
    if owner == "os" and node.attr == "name":
        return "posix"
    whole = _value(node.value, target)
    if isinstance(whole, tuple) and node.attr in ("major", "minor"):
        return whole[("major", "minor").index(node.attr)]
    return _UNKNOWN


def _item(whole: tuple[object, ...], index: ast.expr) -> object:
    if isinstance(index, ast.Constant) and isinstance(index.value, int) and -len(whole) <= index.value < len(whole):
        return whole[index.value]
    if isinstance(index, ast.Slice) and index.lower is None and index.step is None:
        upper = index.upper.value if isinstance(index.upper, ast.Constant) else None
        return whole[:upper] if isinstance(upper, int) else _UNKNOWN
    return _UNKNOWN
