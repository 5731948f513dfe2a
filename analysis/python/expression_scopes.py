"""Scopes inside expressions, and where a class is."""

from __future__ import annotations

import ast

from analysis.python.bindings import Binding, BindingScope

COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def home_of(scope: BindingScope) -> BindingScope:
    """Return the module, class or function that an expression's own scope is in."""
    while scope.kind == "expression" and scope.parent is not None:
        scope = scope.parent
    return scope


def comprehension_scope(
    node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp, scope: BindingScope
) -> BindingScope:
    """Return the scope of a comprehension's own names."""
    found = scope.inner.get(node)
    if found is None:
        found = scope.inner[node] = BindingScope(scope.name, "expression", scope)
        for generator in node.generators:
            _bind_each(generator.target, generator.iter, found, ())
    return found


def _bind_each(target: ast.expr, source: ast.expr, scope: BindingScope, path: tuple[int, ...]) -> None:
    if isinstance(target, ast.Name):
        scope.names[target.id] = [Binding("each", source, 0, path=path)]
    elif isinstance(target, ast.Tuple | ast.List):
        for place, inner in enumerate(target.elts):
            _bind_each(inner, source, scope, (*path, place))


def lambda_scope(node: ast.Lambda, scope: BindingScope) -> BindingScope:
    """Return the scope of a function without a name; nothing is known of what it is given."""
    found = scope.inner.get(node)
    if found is None:
        found = scope.inner[node] = BindingScope(scope.name, "expression", scope)
        for argument in [inner for inner in ast.walk(node.args) if isinstance(inner, ast.arg)]:
            found.names[argument.arg] = [Binding("open", None, 0)]
    return found


def find_class(module: BindingScope, name: str) -> BindingScope | None:
    """Return the scope of a class by its dotted name."""
    stack = [module]
    while stack:
        scope = stack.pop()
        if scope.name == name and scope.kind == "class":
            return scope
        stack += [inner for inner in scope.inner.values() if name.startswith(inner.name) and inner.kind != "expression"]
    return None
