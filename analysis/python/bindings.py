"""What each name of a file is bound to, everywhere it is bound, with what is known of when.

A name has the value of its last binding in straight code; one that is bound in a branch, a `try` or by a nested function
has every value it may have; one that grows in a loop has none that is claimed.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from analysis.python.nodes import walk

How = Literal["value", "each", "augment", "thing", "open"]


class Binding(NamedTuple):
    """One place where a name is bound.

    Attributes:
        how: to a value, to each item of one, to what it was and a value, to a thing of that name, or to what is not known.
        source: the expression, or the name of the thing.
        end: the last line of the statement.
        conditional: whether the code around may go on without it.
        loop: whether it is inside a loop.
        path: positions in a value that is taken apart.
        on_failed_import: whether it is in a handler of a failed import.
        tests: the conditions around, each with the answer that it needs and the scope of its names.
    """

    how: How
    source: Any
    end: int
    conditional: bool = False
    loop: bool = False
    path: tuple[int, ...] = ()
    on_failed_import: bool = False
    tests: tuple[tuple[ast.expr, bool, BindingScope], ...] = ()


@dataclass(eq=False)
class BindingScope:
    """A module, class or function, with the names it binds.

    Attributes:
        name: dotted, from the module's top; "" for the module.
        kind: what it is.
        parent: the scope around.
        names: name → its bindings in order.
        changed: names whose object is changed in place.
        reordered: names whose list is put into another order in place.
        aliases: name → the names that it was made of, whose object it shares.
        late: names that functions inside bind.
        elsewhere: names that belong to the module (`global`) or a function around (`nonlocal`).
        owner: for a method, its class and the name of its first parameter.
        inner: definition → its scope.
        attributes: for a class, what methods assign to the first parameter's attributes.
        bases: for a class, what it is derived from.
    """

    name: str
    kind: Literal["module", "class", "function", "expression"]
    parent: BindingScope | None = None
    names: dict[str, list[Binding]] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    reordered: set[str] = field(default_factory=set)
    aliases: dict[str, list[ast.Name]] = field(default_factory=dict)
    late: set[str] = field(default_factory=set)
    elsewhere: dict[str, BindingScope | None] = field(default_factory=dict)
    owner: tuple[BindingScope, str] | None = None
    inner: dict[ast.AST, BindingScope] = field(default_factory=dict)
    attributes: dict[str, list[Binding]] = field(default_factory=dict)
    bases: list[ast.expr] = field(default_factory=list)

    @property
    def module(self) -> BindingScope:
        """Return the scope of the module."""
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope

    def bind(self, name: str, binding: Binding) -> None:
        """Add a binding, where the name belongs."""
        target = self.elsewhere.get(name, self) or self
        if target is not self:
            binding = binding._replace(conditional=True)
            target.late.add(name)
        target.names.setdefault(name, []).append(binding)


Truth = Callable[[ast.expr, BindingScope], bool | None]
"""Tells whether a condition holds on the target; None where only running the code tells."""


def release(scope: BindingScope) -> None:
    """Undo the circle of a scope and those inside, so that nothing is left to the collector."""
    for inner in scope.inner.values():
        release(inner)
    scope.inner.clear()
    scope.names.clear()
    scope.attributes.clear()
    scope.elsewhere.clear()
    scope.parent = scope.owner = None


class _Around(NamedTuple):
    conditional: bool = False
    loop: bool = False
    on_failed_import: bool = False
    tests: tuple[tuple[ast.expr, bool, BindingScope], ...] = ()


_CHANGES = {"append", "extend", "insert", "update", "setdefault", "add", "remove", "clear", "pop", "popitem", "discard"}
_REORDERS = {"sort", "reverse"}
_FAILED_IMPORT = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}


def read_bindings(tree: ast.Module, content: bytes) -> BindingScope:
    """Return the module's scope, with those inside; what `content` has nowhere is not looked for in every expression."""
    module = BindingScope("", "module")
    encoded = b"coding" in content[:500]  # an encoding of its own may write these words in other bytes
    named = encoded or b":=" in content
    declares = encoded or b"global" in content or b"nonlocal" in content
    _Binder(named_expressions=named, declarations=declares).block(tree.body, module, _Around())
    return module


def handles_failed_import(handler: ast.ExceptHandler) -> bool:
    """Return whether a handler takes the failure of an import."""
    if handler.type is None:
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(getattr(kind, "id", getattr(kind, "attr", "")) in _FAILED_IMPORT for kind in kinds)


class _Binder:
    def __init__(self, *, named_expressions: bool, declarations: bool) -> None:
        self._named, self._declares = named_expressions, declarations

    def block(self, body: Iterable[ast.stmt], scope: BindingScope, around: _Around) -> None:
        for node in body:
            visit = _VISITS.get(node.__class__)
            if visit is not None:
                visit(self, node, scope, around)
            if self._named and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                for each in walk(*(value for value in ast.iter_child_nodes(node) if isinstance(value, ast.expr))):
                    if each.__class__ is ast.NamedExpr:
                        self._bind(each.target, scope, around, "value", each.value, node)

    def _bind(
        self, target: ast.expr, scope: BindingScope, around: _Around, how: How, source: Any, node: ast.stmt | ast.expr
    ) -> None:
        self._target(target, scope, Binding(how, source, node.end_lineno or node.lineno, *around[:2], (), *around[2:]))

    def _target(self, target: ast.expr, scope: BindingScope, binding: Binding) -> None:
        if isinstance(target, ast.Name):
            scope.bind(target.id, binding)
        elif isinstance(target, ast.Tuple | ast.List):
            starred = any(isinstance(each, ast.Starred) for each in target.elts)
            for place, inner in enumerate(target.elts):
                part = binding._replace(path=(*binding.path, place))
                self._target(inner, scope, part._replace(how="open") if starred else part)
        elif isinstance(target, ast.Starred):
            self._target(target.value, scope, binding._replace(how="open"))
        elif isinstance(target, ast.Subscript):
            self._change(target.value, scope)
        elif isinstance(target, ast.Attribute) and scope.owner and getattr(target.value, "id", "") == scope.owner[1]:
            found = scope.owner[0].attributes.setdefault(target.attr, [])
            found.append(binding._replace(source=(binding.source, scope)))

    def _change(self, node: ast.expr, scope: BindingScope, *, reordered: bool = False) -> None:
        if isinstance(node, ast.Name):
            owner: BindingScope | None = scope
            while owner is not None and node.id not in owner.names:
                owner = owner.parent
            home = owner or scope.module
            (home.reordered if reordered else home.changed).add(node.id)
            for source in home.aliases.pop(node.id, ()):
                self._change(source, home, reordered=reordered)

    def assign(self, node: ast.Assign, scope: BindingScope, around: _Around) -> None:
        for target in node.targets:
            self._bind(target, scope, around, "value", node.value, node)
            same = [each for each in (*node.targets, node.value) if isinstance(each, ast.Name) and each is not target]
            if same and isinstance(target, ast.Name):
                scope.aliases.setdefault(target.id, []).extend(same)
        self._called(node.value, scope)

    def annotated(self, node: ast.AnnAssign, scope: BindingScope, around: _Around) -> None:
        if node.value is not None:
            self._bind(node.target, scope, around, "value", node.value, node)

    def augmented(self, node: ast.AugAssign, scope: BindingScope, around: _Around) -> None:
        how: How = "augment" if isinstance(node.op, ast.Add) else "open"
        self._bind(node.target, scope, around, how, node.value, node)

    def deleted(self, node: ast.Delete, scope: BindingScope, around: _Around) -> None:
        for target in node.targets:
            if isinstance(target, ast.Subscript):
                self._change(target.value, scope)

    def imports(self, node: ast.Import, scope: BindingScope, around: _Around) -> None:
        for alias in node.names:
            name = alias.asname or alias.name.partition(".")[0]
            whole = alias.name if alias.asname else name
            scope.bind(name, Binding("thing", whole, node.lineno, *around[:2], (), *around[2:]))

    def from_import(self, node: ast.ImportFrom, scope: BindingScope, around: _Around) -> None:
        base = "." * node.level + (f"{node.module}." if node.module else "")
        for alias in node.names:
            binding = Binding("thing", f"{base}{alias.name}", node.lineno, *around[:2], (), *around[2:])
            scope.bind(alias.asname or alias.name, binding)

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: BindingScope, around: _Around) -> None:
        name = f"{scope.name}.{node.name}" if scope.name else node.name
        scope.bind(node.name, Binding("thing", f":{name}", node.lineno, *around[:2], (), *around[2:]))
        arguments = [*node.args.posonlyargs, *node.args.args]
        static = any(getattr(each, "id", "") == "staticmethod" for each in node.decorator_list)
        owner = (scope, arguments[0].arg) if scope.kind == "class" and arguments and not static else None
        inner = scope.inner[node] = BindingScope(name, "function", scope, owner=owner)
        for statement in walk(*node.body) if self._declares else ():
            if isinstance(statement, ast.Global):
                inner.elsewhere.update(dict.fromkeys(statement.names, scope.module))
            elif isinstance(statement, ast.Nonlocal):
                inner.elsewhere.update(dict.fromkeys(statement.names, scope))
        for given, source in (
            (arguments, "parameter"),
            ([node.args.vararg], "rest"),
            (node.args.kwonlyargs, "parameter"),
            ([node.args.kwarg], "keywords"),
        ):
            for each in filter(None, given):
                inner.bind(each.arg, Binding("open", source, node.lineno))
        self.block(node.body, inner, _Around())

    def class_(self, node: ast.ClassDef, scope: BindingScope, around: _Around) -> None:
        name = f"{scope.name}.{node.name}" if scope.name else node.name
        scope.bind(node.name, Binding("thing", f":{name}", node.lineno, *around[:2], (), *around[2:]))
        inner = scope.inner[node] = BindingScope(name, "class", scope, bases=node.bases)
        self.block(node.body, inner, _Around())

    def branch(self, node: ast.If, scope: BindingScope, around: _Around) -> None:
        inner = around._replace(conditional=True)
        self.block(node.body, scope, inner._replace(tests=(*around.tests, (node.test, True, scope))))
        self.block(node.orelse, scope, inner._replace(tests=(*around.tests, (node.test, False, scope))))

    def loop(self, node: ast.For | ast.AsyncFor, scope: BindingScope, around: _Around) -> None:
        inner = around._replace(conditional=True, loop=True)
        self._bind(node.target, scope, inner, "each", node.iter, node.iter)
        self.block(node.body, scope, inner)
        self.block(node.orelse, scope, inner._replace(loop=around.loop))

    def repeat(self, node: ast.While, scope: BindingScope, around: _Around) -> None:
        inner = around._replace(conditional=True, loop=True)
        self.block(node.body, scope, inner)
        self.block(node.orelse, scope, inner)

    def attempt(self, node: ast.Try, scope: BindingScope, around: _Around) -> None:
        inner = around._replace(conditional=True)
        self.block(node.body, scope, inner)
        for handler in node.handlers:
            failed = around.on_failed_import or handles_failed_import(handler)
            if handler.name:
                scope.bind(handler.name, Binding("open", None, handler.lineno, True))
            self.block(handler.body, scope, inner._replace(on_failed_import=failed))
        self.block(node.orelse, scope, inner)
        self.block(node.finalbody, scope, around)

    def manager(self, node: ast.With | ast.AsyncWith, scope: BindingScope, around: _Around) -> None:
        for each in node.items:
            if each.optional_vars is not None:
                self._bind(each.optional_vars, scope, around, "value", each.context_expr, each.context_expr)
        self.block(node.body, scope, around)

    def match(self, node: ast.Match, scope: BindingScope, around: _Around) -> None:
        inner = around._replace(conditional=True)
        for case in node.cases:
            for each in walk(case.pattern):
                name = getattr(each, "name", None) or getattr(each, "rest", None)
                if isinstance(name, str):
                    scope.bind(name, Binding("open", None, node.lineno, True))
            self.block(case.body, scope, inner)

    def expression(self, node: ast.Expr, scope: BindingScope, around: _Around) -> None:
        self._called(node.value, scope)

    def _called(self, node: ast.expr, scope: BindingScope) -> None:
        function = node.func if isinstance(node, ast.Call) else None
        if isinstance(function, ast.Attribute) and (function.attr in _CHANGES or function.attr in _REORDERS):
            self._change(function.value, scope, reordered=function.attr in _REORDERS)


_VISITS: dict[type, Any] = {
    ast.Assign: _Binder.assign,
    ast.AnnAssign: _Binder.annotated,
    ast.AugAssign: _Binder.augmented,
    ast.Delete: _Binder.deleted,
    ast.Import: _Binder.imports,
    ast.ImportFrom: _Binder.from_import,
    ast.FunctionDef: _Binder.function,
    ast.AsyncFunctionDef: _Binder.function,
    ast.ClassDef: _Binder.class_,
    ast.If: _Binder.branch,
    ast.For: _Binder.loop,
    ast.AsyncFor: _Binder.loop,
    ast.While: _Binder.repeat,
    ast.Try: _Binder.attempt,
    ast.TryStar: _Binder.attempt,
    ast.With: _Binder.manager,
    ast.AsyncWith: _Binder.manager,
    ast.Match: _Binder.match,
    ast.Expr: _Binder.expression,
}
