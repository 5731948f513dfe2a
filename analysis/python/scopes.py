"""Which names a module binds, and which it reads without binding them around the place: the language's rules of scopes.

The compiler's symbol table says the same (a test compares the two on the standard library), but it takes the text
and parses it once more, which costs twice of this.
"""

from __future__ import annotations

import ast
from collections.abc import Container, Iterable, Sequence
from typing import Any, Literal, NamedTuple

from analysis.python.nodes import FIELDS

_Function = ast.FunctionDef | ast.AsyncFunctionDef
Kind = Literal["module", "class", "function"]
_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


class ModuleScopes(NamedTuple):
    """The names of a module, and what it does with those that are bound for a while only.

    Attributes:
        bound, read: those it binds, and those it reads as globals or builtins.
        never: those declared `global` and bound nowhere.
        gone: those it deletes for good, with the lines where each may be bound and what may be called before.
        after: readings, inside functions and classes, of names that these have deleted for good.
    """

    bound: set[str]
    read: set[str]
    never: set[str]
    gone: dict[str, Span]
    after: list[ast.Name]


class Span(NamedTuple):
    """The lines (first and last) in which a name is bound for a while, and what may be called up to there, by its name."""

    lines: tuple[tuple[int, int], ...]
    called: frozenset[str]

    def holds(self, line: int) -> bool:
        """Return whether the name may be bound in a line."""
        return any(first <= line <= last for first, last in self.lines)

    @property
    def last(self) -> int:
        """Return the last line in which the name may be bound."""
        return max(last for _, last in self.lines)


def module_scopes(tree: ast.Module, dead: Sequence[ast.AST]) -> ModuleScopes:
    """Return the names of the module `tree`, of which the statements `dead` never run.

    Raises `SyntaxError` for two parameters of one name.
    """
    reader = _Reader(dead, deferred=deferred_annotations(tree))
    module = _Scope(kind="module")
    free = reader.settle(module, [*tree.body])
    gone = {name: span for name, span in module.gone.items() if name not in reader.declared}
    never = reader.declared - reader.set - module.bound
    return ModuleScopes(module.bound | reader.declared, free | reader.read, never, gone, reader.after)


def global_reads(tree: ast.Module, dead: Sequence[ast.AST], wanted: set[str]) -> set[int]:
    """Return the identities of the nodes that read one of the names `wanted` as a global or builtin."""
    reader = _Reader(dead, deferred=deferred_annotations(tree), wanted=wanted)
    module = _Scope()
    module.elsewhere = frozenset(wanted)  # whether the module binds them or not
    reader.settle(module, [*tree.body])
    return {id(node) for node in (*reader.uses, *reader.global_uses)}


def deferred_annotations(tree: ast.Module) -> bool:
    """Return whether annotations in the module are never evaluated."""
    return any(
        isinstance(node, ast.ImportFrom)
        and node.module == "__future__"
        and any(alias.name == "annotations" for alias in node.names)
        for node in tree.body
    )


class _Scope:
    """One scope while it is read.

    Attributes:
        home: the scope that an assignment expression in this one binds in, None for this one itself.
        bound, read: names bound and read in it.
        declared, elsewhere: names declared `global`; those and names declared `nonlocal`.
        inner: scopes directly inside, and the nodes to read in each.
        kind: of a class, functions inside do not see its names.
        name: of a definition.
        handlers: those that bind a name.
        gone: names that it deletes for good.
    """

    __slots__ = ("bound", "declared", "elsewhere", "gone", "handlers", "home", "inner", "kind", "name", "read")

    def __init__(
        self, bound: Iterable[str] = (), home: _Scope | None = None, *, kind: Kind = "function", name: str = ""
    ) -> None:
        self.home, self.name = home, name
        self.handlers: list[ast.ExceptHandler] = []
        self.gone: dict[str, Span] = {}
        self.bound, self.read = set(bound), set[str]()
        self.declared: frozenset[str] = frozenset()
        self.elsewhere: frozenset[str] = frozenset()
        self.inner: list[tuple[_Scope, list[Any]]] = []
        self.kind = kind


class _Reader:
    """Reads the scopes of one module.

    Attributes:
        declared: names declared `global`, and `set` those of them that are bound where they are.
        read: names declared `global` that are read.
        uses: reads of names that are wanted and left to the scopes around; `global_uses` are declared `global`.
        after: reads, in functions and classes, of names that these have deleted for good.
    """

    def __init__(self, dead: Sequence[ast.AST], *, deferred: bool, wanted: Container[str] = ()) -> None:
        self._dead, self._deferred, self._wanted = {id(node) for node in dead}, deferred, wanted
        self.declared, self.set, self.read = set[str](), set[str](), set[str]()
        self.uses: list[ast.Name] = []
        self.global_uses: list[ast.Name] = []
        self.after: list[ast.Name] = []

    def settle(self, scope: _Scope, nodes: list[Any]) -> set[str]:
        """Read a scope and those inside; return the names that are left to the scopes around it."""
        outside, self.uses = self.uses, []
        given, deletions = {*scope.bound}, [node for node in nodes if node.__class__ is ast.Delete]
        self._read(scope, nodes)
        here, self.uses = self.uses, []
        inside = set[str]()
        definitions: list[_Definition] = []
        while scope.inner:  # emptied, for what is inside may name this scope as its home
            inner, below = scope.inner.pop()
            left = self.settle(inner, below)
            inside |= left
            if deletions or scope.handlers:
                definitions.append(_Definition(inner.name, left, below))
        if deletions or scope.handlers:
            for name, lines in _bound_for_a_while(scope, given, nodes, deletions).items():
                called = _called(nodes, definitions, max(last for _, last in lines))
                scope.gone[name] = Span(tuple(lines), called)
            if scope.kind != "module":
                self.after += _after(scope, nodes, definitions)
        own = scope.bound - scope.elsewhere if scope.elsewhere else scope.bound
        is_class = scope.kind == "class"
        free = (scope.read - own) | inside if is_class else (scope.read | inside) - own
        if is_class:  # in a class `__name` is another name, with the class's before it
            free = {name for name in free if not name.startswith("__") or name.endswith("__")}
        hidden = own if is_class else ()
        uses = [node for node in here if node.id not in hidden] + self.uses
        self.uses = outside
        for node in uses:
            if node.id in free:
                (self.global_uses if node.id in scope.declared else self.uses).append(node)
        if scope.declared:
            self.declared |= scope.declared
            self.set |= scope.declared & scope.bound
            self.read |= free & scope.declared
            free -= scope.declared
        return free

    def _read(self, scope: _Scope, nodes: list[Any]) -> None:
        """Read what belongs to the scope itself; `nodes` grows by what is below each."""
        bound, read = scope.bound, scope.read
        for node in nodes:
            kind = node.__class__
            if kind is ast.Name:
                (read if node.ctx.__class__ is ast.Load else bound).add(node.id)
                if node.id in self._wanted and node.ctx.__class__ is ast.Load:
                    self.uses.append(node)
            elif kind in _VISITS:
                _VISITS[kind](self, scope, node, nodes)
            else:
                for field in FIELDS[kind]:
                    value = getattr(node, field)
                    if value.__class__ is list:
                        nodes += value
                    elif value is not None:
                        nodes.append(value)

    def imports(self, scope: _Scope, node: ast.Import | ast.ImportFrom, nodes: list[Any]) -> None:
        scope.bound.update(alias.asname or alias.name.partition(".")[0] for alias in node.names)
        scope.bound.discard("*")

    def condition(self, scope: _Scope, node: ast.If, nodes: list[Any]) -> None:
        nodes.append(node.test)
        nodes += [each for each in (*node.body, *node.orelse) if id(each) not in self._dead]

    def conditional(self, scope: _Scope, node: ast.IfExp, nodes: list[Any]) -> None:
        nodes += [each for each in (node.test, node.body, node.orelse) if id(each) not in self._dead]

    def annotated(self, scope: _Scope, node: ast.AnnAssign, nodes: list[Any]) -> None:
        binds = node.simple or node.value or not isinstance(node.target, ast.Name)
        nodes += (node.target if binds else None, node.value, None if self._deferred else node.annotation)

    def function(self, scope: _Scope, node: _Function, nodes: list[Any]) -> None:
        scope.bound.add(node.name)
        nodes += node.decorator_list
        arguments = self._arguments(node.args, nodes)
        annotations = [] if self._deferred else [*(each.annotation for each in arguments), node.returns]
        inner = _Scope((each.arg for each in arguments), name=node.name)
        self._enter(scope, inner, node, annotations, nodes)

    def class_(self, scope: _Scope, node: ast.ClassDef, nodes: list[Any]) -> None:
        scope.bound.add(node.name)
        nodes += node.decorator_list
        self._enter(scope, _Scope(kind="class", name=node.name), node, [*node.bases, *node.keywords], nodes)

    def _enter(
        self, scope: _Scope, inner: _Scope, node: _Function | ast.ClassDef, outside: list[Any], nodes: list[Any]
    ) -> None:
        """Put a body on the list; type parameters have a scope of their own around it, to which `outside` belongs."""
        parameters = getattr(node, "type_params", ())
        if parameters:
            around = _Scope((each.name for each in parameters), scope.home or scope, name=node.name)
            scope.inner.append((around, [*parameters, *outside]))
            scope = around
        else:
            nodes += outside
        scope.inner.append((inner, [*node.body]))

    def function_without_name(self, scope: _Scope, node: ast.Lambda, nodes: list[Any]) -> None:
        arguments = self._arguments(node.args, nodes)
        scope.inner.append((_Scope(each.arg for each in arguments), [node.body]))

    def _arguments(self, arguments: ast.arguments, nodes: list[Any]) -> list[ast.arg]:
        nodes += arguments.defaults
        nodes += arguments.kw_defaults
        rest = [each for each in (arguments.vararg, arguments.kwarg) if each]
        found = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *rest]
        if len({each.arg for each in found}) < len(found):
            raise SyntaxError("two parameters have one name", ("<source>", found[0].lineno, 0, None))
        return found

    def comprehension(self, scope: _Scope, node: _Comprehension, nodes: list[Any]) -> None:
        first, *others = node.generators
        nodes.append(first.iter)
        elements = (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,)
        scope.inner.append((_Scope(home=scope.home or scope), [*elements, first.target, *first.ifs, *others]))

    def alias(self, scope: _Scope, node: Any, nodes: list[Any]) -> None:
        """Read a `type` statement: its value is evaluated in a scope of its own."""
        nodes.append(node.name)
        parameters = node.type_params
        scope.inner.append((_Scope((each.name for each in parameters), scope.home or scope), [*parameters, node.value]))

    def named(self, scope: _Scope, node: ast.NamedExpr, nodes: list[Any]) -> None:
        (scope.home or scope).bound.add(node.target.id)
        nodes.append(node.value)

    def handler(self, scope: _Scope, node: ast.ExceptHandler, nodes: list[Any]) -> None:
        if node.name:
            scope.bound.add(node.name)
            scope.handlers.append(node)
        nodes += (node.type, *node.body)

    def pattern(self, scope: _Scope, node: ast.MatchAs | ast.MatchStar, nodes: list[Any]) -> None:
        if node.name:
            scope.bound.add(node.name)
        nodes.append(getattr(node, "pattern", None))

    def mapping(self, scope: _Scope, node: ast.MatchMapping, nodes: list[Any]) -> None:
        if node.rest:
            scope.bound.add(node.rest)
        nodes += (*node.keys, *node.patterns)

    def global_(self, scope: _Scope, node: ast.Global, nodes: list[Any]) -> None:
        scope.declared = scope.declared.union(node.names)
        scope.elsewhere = scope.elsewhere.union(node.names)

    def nonlocal_(self, scope: _Scope, node: ast.Nonlocal, nodes: list[Any]) -> None:
        scope.elsewhere = scope.elsewhere.union(node.names)


class _Definition(NamedTuple):
    """A scope inside another: its name, the names that it leaves to those around, and its nodes."""

    name: str
    left: set[str]
    nodes: list[Any]


def _bound_for_a_while(
    scope: _Scope, given: set[str], nodes: list[Any], deletions: list[ast.Delete]
) -> dict[str, list[tuple[int, int]]]:
    """Return the names that a scope deletes for good, by `del` or at a handler's end, and the lines where each may be bound."""
    places = [(each.id, 0, node.lineno) for node in deletions for each in node.targets if isinstance(each, ast.Name)]
    places += [(node.name or "", node.lineno, node.end_lineno or 0) for node in scope.handlers]
    found: dict[str, list[tuple[int, int]]] = {}
    for name, first, last in places:
        if name not in scope.elsewhere and not (name in given and first):
            found.setdefault(name, []).append((first, last))
    for node in nodes:
        for name in bound_by(node):
            if name in found and not any(first <= node.lineno <= last for first, last in found[name]):
                del found[name]
    return found


def bound_by(node: Any) -> Iterable[str]:
    """Return the names that a node binds by itself."""
    kind = node.__class__
    if kind is ast.Name:
        return (node.id,) if node.ctx.__class__ is ast.Store else ()
    if kind is ast.Import or kind is ast.ImportFrom:
        return [alias.asname or alias.name.partition(".")[0] for alias in node.names]
    if kind in (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.MatchAs, ast.MatchStar):
        return (node.name,)
    return ()


def _called(nodes: list[Any], definitions: list[_Definition], last: int) -> frozenset[str]:
    """Return the names of definitions that may be called up to a line: those named there, and what these name."""
    found = {node.id for node in nodes if node.__class__ is ast.Name and node.lineno <= last}
    waiting = [each for each in definitions if each.name]
    while new := [each for each in waiting if each.name in found]:
        waiting = [each for each in waiting if each not in new]
        found.update(*(each.left for each in new))
    return frozenset(found)


def _after(scope: _Scope, nodes: list[Any], definitions: list[_Definition]) -> Iterable[ast.Name]:
    """Yield where a scope, or a function that is defined after that, reads a name which it has deleted for good."""
    later = [each for each in definitions if scope.kind != "class"]
    for name, span in scope.gone.items():
        inside = [
            node for each in later if name in each.left and each.nodes[0].lineno > span.last for node in each.nodes
        ]
        for node in (*nodes, *inside):
            if node.__class__ is ast.Name and node.id == name and not span.holds(node.lineno):
                yield node


_VISITS: dict[type, Any] = {
    ast.Import: _Reader.imports,
    ast.ImportFrom: _Reader.imports,
    ast.If: _Reader.condition,
    ast.IfExp: _Reader.conditional,
    ast.AnnAssign: _Reader.annotated,
    ast.FunctionDef: _Reader.function,
    ast.AsyncFunctionDef: _Reader.function,
    ast.ClassDef: _Reader.class_,
    ast.Lambda: _Reader.function_without_name,
    ast.ListComp: _Reader.comprehension,
    ast.SetComp: _Reader.comprehension,
    ast.DictComp: _Reader.comprehension,
    ast.GeneratorExp: _Reader.comprehension,
    getattr(ast, "TypeAlias", ast.slice): _Reader.alias,
    ast.NamedExpr: _Reader.named,
    ast.ExceptHandler: _Reader.handler,
    ast.MatchAs: _Reader.pattern,
    ast.MatchStar: _Reader.pattern,
    ast.MatchMapping: _Reader.mapping,
    ast.Global: _Reader.global_,
    ast.Nonlocal: _Reader.nonlocal_,
}
