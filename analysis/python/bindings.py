"""What each name of a file is bound to, everywhere it is bound, with what is known of when.

A name has the value of its last binding in straight code; one that is bound in a branch, a `try` or by a nested function
has every value it may have; one that grows in a loop has none that is claimed.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
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
        changed_fields: for the module, attributes of whatever whose object is changed in place.
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
    aliases: dict[str, list[_Alias]] = field(default_factory=dict)
    changed_fields: set[str] = field(default_factory=set)
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

    def holder(self, name: str) -> BindingScope | None:
        """Return the nearest scope, this one or one around, that binds a name; None where none does."""
        scope: BindingScope | None = self
        while scope is not None and name not in scope.names:
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
    scope.aliases.clear()
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
    declares = encoded or b"global" in content or b"nonlocal" in content
    binder = _Binder(declarations=declares)
    binder.block(tree.body, module, _Around())
    binder.settle()
    return module


def handles_failed_import(handler: ast.ExceptHandler) -> bool:
    """Return whether a handler takes the failure of an import."""
    if handler.type is None:
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(getattr(kind, "id", getattr(kind, "attr", "")) in _FAILED_IMPORT for kind in kinds)


class _Change(NamedTuple):
    """An expression whose object is changed in place, put into another `order`, or grows under the name that it has.

    `depth` is 0 for the object itself, more for what is inside it.
    """

    node: ast.expr
    scope: BindingScope
    way: Literal["changed", "order", "grown"] = "changed"
    depth: int = 0


class _Alias(NamedTuple):
    """A name whose object another one has, which a change at least `least` deep there changes `deeper` here."""

    node: ast.Name
    scope: BindingScope
    least: int
    deeper: int


class _Binder:
    def __init__(self, *, declarations: bool) -> None:
        self._declares = declarations
        self._changes: list[_Change] = []
        self._calls: dict[str, list[tuple[ast.Call, BindingScope]]] = {}

    def block(self, body: Iterable[ast.stmt], scope: BindingScope, around: _Around) -> None:
        for node in body:
            visit = _VISITS.get(node.__class__)
            if visit is not None:
                visit(self, node, scope, around)
            if node.__class__ in _DEFINITIONS:
                continue
            for each in walk(*(value for value in ast.iter_child_nodes(node) if isinstance(value, _EXPRESSIONS))):
                if each.__class__ is ast.NamedExpr:
                    self._bind(each.target, scope, around, "value", each.value, node)
                    self._alias(each.target, each.value, scope)
                elif each.__class__ is ast.Call:
                    self._called(each, scope)

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

    def _change(self, node: ast.expr, scope: BindingScope) -> None:
        self._changes.append(_Change(node, scope))

    def settle(self) -> None:
        """Note what is changed: by its name, by others for the same object, and by functions that it is given to."""
        seen = set[tuple[int, str, str, int]]()
        for node, scope, way, depth in self._changes:  # grows
            while isinstance(node, ast.Subscript):
                node, depth = node.value, depth + 1
            if isinstance(node, ast.Attribute):
                scope.module.changed_fields.add(node.attr)
            if not isinstance(node, ast.Name):
                continue
            name, home = node.id, scope.holder(node.id) or scope.module
            key = (id(home), name, way, depth)
            if key in seen or depth > _MOST_DEPTH:
                continue
            seen.add(key)
            if way != "grown" or depth:
                (home.reordered if way == "order" and not depth else home.changed).add(name)
            further = "changed" if way == "grown" else way
            self._changes += [_Change(*each, further, depth) for each in self._given(name, home)]
            self._changes += [
                _Change(each.node, each.scope, further, depth + each.deeper)
                for each in home.aliases.get(name, ())
                if depth >= each.least
            ]

    def _given(self, name: str, home: BindingScope) -> Iterator[tuple[ast.expr, BindingScope]]:
        """Yield what calls in the file may give for a parameter."""
        if home.kind != "function":
            return
        places = [each for each, found in home.names.items() if found[0].source == "parameter"]
        place = places.index(name) - bool(home.owner) if name in places else -1
        function = home.name.removesuffix(".__init__").rpartition(".")[2]
        for call, scope in self._calls.get(function, ()) if place >= 0 else ():
            if place < len(call.args):
                yield call.args[place], scope
            yield from ((each.value, scope) for each in call.keywords if each.arg == name)

    def _alias(self, target: ast.expr, value: ast.expr, scope: BindingScope, deeper: int = 0) -> None:
        """Note that a name may stand for the object of others from now on, for one in it, or for one that it is in."""
        for inner in getattr(target, "elts", ()):
            self._alias(inner, value, scope, deeper + 1)
        if not isinstance(target, ast.Name):
            return
        home = scope.elsewhere.get(target.id) or scope
        waiting = [(value, 0, deeper)]
        for node, least, step in waiting:  # grows
            if isinstance(node, ast.Name):
                home.aliases.setdefault(target.id, []).append(_Alias(node, scope, least, step))
            fields, more = _SAME.get(node.__class__, ((), 0))
            least = max(least, 1 - step) if more < 0 else least
            for found in (getattr(node, name) for name in fields):
                waiting += [(each, least, step + more) for each in (found if isinstance(found, list) else [found])]

    def assign(self, node: ast.Assign, scope: BindingScope, around: _Around) -> None:
        for target in node.targets:
            self._bind(target, scope, around, "value", node.value, node)
            for other in (*node.targets, node.value):
                if other is not target:
                    self._alias(target, other, scope)

    def annotated(self, node: ast.AnnAssign, scope: BindingScope, around: _Around) -> None:
        if node.value is not None:
            self._bind(node.target, scope, around, "value", node.value, node)
            self._alias(node.target, node.value, scope)

    def augmented(self, node: ast.AugAssign, scope: BindingScope, around: _Around) -> None:
        how: How = "augment" if isinstance(node.op, ast.Add) else "open"
        self._changes.append(_Change(node.target, scope, "grown"))
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
        statements: list[ast.AST] = [*node.body] if self._declares else []
        for statement in statements:  # grows
            if isinstance(statement, ast.Global):
                inner.elsewhere.update(dict.fromkeys(statement.names, scope.module))
            elif isinstance(statement, ast.Nonlocal):
                inner.elsewhere.update({each: scope.elsewhere.get(each, scope) for each in statement.names})
            elif statement.__class__ not in _DEFINITIONS:
                statements += ast.iter_child_nodes(statement)
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
        self._alias(node.target, node.iter, scope, 1)
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

    def _called(self, node: ast.Call, scope: BindingScope) -> None:
        function = node.func
        name = getattr(function, "attr", getattr(function, "id", ""))
        if node.args or node.keywords:
            self._calls.setdefault(name, []).append((node, scope))
        if isinstance(function, ast.Attribute) and (name in _CHANGES or name in _REORDERS):
            way: Literal["changed", "order"] = "order" if name in _REORDERS else "changed"
            of_class = getattr(function.value, "id", "") in _CLASSES and node.args
            self._changes.append(_Change(node.args[0] if of_class else function.value, scope, way))
        if name in _CHANGE_FIRST and node.args:
            self._change(node.args[0], scope)


_DEFINITIONS = {ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef}
_EXPRESSIONS = (ast.expr, ast.withitem)
_CLASSES = {"list", "dict", "set"}
_CHANGE_FIRST = {"shuffle", "heapify", "heappush", "heappop", "insort", "insort_left", "insort_right"}
_MOST_DEPTH = 3
_SAME: dict[type, tuple[tuple[str, ...], int]] = {
    ast.IfExp: (("body", "orelse"), 0),
    ast.BoolOp: (("values",), 0),
    ast.NamedExpr: (("value",), 0),
    ast.Tuple: (("elts",), -1),
    ast.List: (("elts",), -1),
    ast.Set: (("elts",), -1),
    ast.Dict: (("values",), -1),
    ast.Subscript: (("value",), 1),
    ast.Starred: (("value",), 1),
}
"""Parts of an expression whose object it is, or that are inside it (-1), or that it is inside (1)."""
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
}
