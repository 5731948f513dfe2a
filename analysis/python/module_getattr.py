"""Which names a module's own `__getattr__` answers, where its text says so."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from analysis.python.bindings import BindingScope
from analysis.python.expressions import Evaluator
from analysis.python.values import Constant, DictValue, SequenceValue, SomeOf, Value


def answered_names(module: BindingScope, evaluator: Evaluator) -> tuple[str, ...] | None:
    """Return the names that are compared for before `AttributeError` is raised; None where that is not all it does."""
    found = [node for node in module.inner if isinstance(node, ast.FunctionDef) and node.name == "__getattr__"]
    if len(found) != 1 or len(found[0].args.args) != 1:
        return None
    names: list[str] = []
    parameter = found[0].args.args[0].arg
    *body, last = found[0].body
    if not _raises(last):
        return None
    for node in body:
        if isinstance(node, ast.If) and not node.orelse:
            compared = _compared(node.test, parameter, module, evaluator)
            if compared is None:
                return None
            names += compared
        elif not isinstance(node, ast.Import | ast.ImportFrom | ast.Expr):
            return None
    return tuple(names)


def asks_itself(module: BindingScope, evaluator: Evaluator) -> tuple[tuple[str, int], ...]:
    """Return the names, with lines, that `from . import name` takes of the package while it is asked for that very name.

    The import asks the package for the name before it loads the part, so `__getattr__` calls itself until Python gives up.
    """
    found = [node for node in module.inner if isinstance(node, ast.FunctionDef) and node.name == "__getattr__"]
    if len(found) != 1 or not found[0].args.args:
        return ()
    return tuple(_asked_again(found[0].body, None, found[0].args.args[0].arg, module, evaluator))


def _asked_again(
    body: list[ast.stmt], asked: list[str] | None, parameter: str, module: BindingScope, evaluator: Evaluator
) -> Iterator[tuple[str, int]]:
    """Yield what is asked again in code that runs for the names `asked`, for any name where that is None."""
    for node in body:
        if isinstance(node, ast.ImportFrom) and node.level == 1 and node.module is None:
            yield from ((each.name, node.lineno) for each in node.names if asked is None or each.name in asked)
        elif isinstance(node, ast.If):
            compared = _compared(node.test, parameter, module, evaluator) or []
            yield from _asked_again(node.body, compared, parameter, module, evaluator)
            asked = asked or []  # what stands behind may run for the other names only
        elif isinstance(node, ast.Try | ast.With):
            yield from _asked_again(node.body, asked, parameter, module, evaluator)


def _raises(node: ast.stmt) -> bool:
    raised = node.exc if isinstance(node, ast.Raise) else None
    kind = raised.func if isinstance(raised, ast.Call) else raised
    return isinstance(kind, ast.Name) and kind.id == "AttributeError"


def _compared(test: ast.expr, parameter: str, module: BindingScope, evaluator: Evaluator) -> list[str] | None:
    """Return the texts that a parameter is compared with by `==` or `in`."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
        parts = [_compared(each, parameter, module, evaluator) for each in test.values]
        return None if None in parts else [name for part in parts for name in part or ()]
    if not isinstance(test, ast.Compare) or len(test.ops) != 1 or getattr(test.left, "id", "") != parameter:
        return None
    value = evaluator.value(test.comparators[0], module)
    if isinstance(test.ops[0], ast.Eq):
        return _texts((value,))
    if (
        isinstance(test.ops[0], ast.In)
        and isinstance(value, SequenceValue | DictValue)
        and not isinstance(value, SomeOf)
    ):
        return _texts(value.items if isinstance(value, SequenceValue) else value.keys)
    return None


def _texts(values: tuple[Value, ...]) -> list[str] | None:
    texts = [each.value for each in values if isinstance(each, Constant) and isinstance(each.value, str)]
    return texts if len(texts) == len(values) else None
