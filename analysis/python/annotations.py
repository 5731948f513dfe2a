"""Names in annotations that nothing evaluates until somebody asks for them, by `typing.get_type_hints` and the like."""

from __future__ import annotations

import ast
from collections.abc import Container, Iterator
from typing import NamedTuple

from analysis.python.imports import dotted
from analysis.python.nodes import walk
from analysis.python.scopes import bound_by


class Hint(NamedTuple):
    """A name in an annotation of a class or function (dotted) that its module does not bind, and the line."""

    definition: str
    name: str
    line: int


def hinted_names(tree: ast.Module, known: Container[str], *, deferred: bool) -> Iterator[Hint]:
    """Yield the names in texts that are annotations, and where annotations are `deferred` in all; not those `known`."""
    waiting: list[tuple[str, list[ast.stmt]]] = [("", tree.body)]
    for around, body in waiting:
        for node in body:
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                continue
            name = f"{around}.{node.name}" if around else node.name
            own = {each.name for each in getattr(node, "type_params", ())}
            if isinstance(node, ast.ClassDef):
                waiting.append((name, node.body))
                own |= {name for each in walk(*node.body) for name in bound_by(each)}
                given = [each.annotation for each in node.body if isinstance(each, ast.AnnAssign)]
            else:
                given = [each.annotation for each in walk(node.args) if isinstance(each, ast.arg) and each.annotation]
                given += [node.returns] if node.returns else []
            for annotation in given:
                for used in _names(annotation, evaluated=deferred):
                    if used not in known and used not in own:
                        yield Hint(name, used, annotation.lineno)


def _names(node: ast.expr, *, evaluated: bool) -> Iterator[str]:
    """Yield the names that an annotation needs when it is asked for."""
    if isinstance(node, ast.Name) and evaluated:
        yield node.id
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            yield from _names(ast.parse(node.value.strip(), mode="eval").body, evaluated=True)
        except SyntaxError:
            return
    elif isinstance(node, ast.Subscript):
        kind = dotted(node.value).rpartition(".")[2]
        yield from _names(node.value, evaluated=evaluated)
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        for part in () if kind == "Literal" else parts[:1] if kind == "Annotated" else parts:
            yield from _names(part, evaluated=evaluated)
    else:
        for inner in ast.iter_child_nodes(node):
            if isinstance(inner, ast.expr):
                yield from _names(inner, evaluated=evaluated)
