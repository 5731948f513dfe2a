"""Which names a module has, and which it uses without having them.

The scopes tell which names look unbound. Only for those is the tree walked again, to find their lines and to
leave out what is never evaluated.
"""

from __future__ import annotations

import ast
import builtins
import functools
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from analysis.python.imports import swallowed
from analysis.python.nodes import walk
from analysis.python.scopes import deferred_annotations, module_names
from analysis.python.syntax import PythonVersion


class Unbound(NamedTuple):
    """A name that is read and bound nowhere: its line, whether in a function, what is caught around it."""

    name: str
    line: int
    lazy: bool
    catches: tuple[str, ...]


class ModuleNames(NamedTuple):
    """The names of a module; see `record.FileRecord` for the meaning of each."""

    bound: frozenset[str]
    open_ended: bool
    unbound: tuple[Unbound, ...]


_MODULE_NAMES = {"__name__", "__file__", "__doc__", "__package__", "__spec__", "__path__", "__loader__", "__builtins__"}
_MODULE_NAMES |= {"__cached__", "__annotations__", "__dict__", "__debug__", "__module__", "__qualname__", "__class__"}
_MODULE_NAMES |= {"__classcell__", "__conditional_annotations__"}
_NEW_BUILTINS = {"PythonFinalizationError": (3, 13), "_IncompleteInputError": (3, 13), "BaseExceptionGroup": (3, 11)}
_NEW_BUILTINS |= {"ExceptionGroup": (3, 11), "aiter": (3, 10), "anext": (3, 10), "EncodingWarning": (3, 10)}


def names_of(tree: ast.Module, dead: list[ast.stmt], target: PythonVersion, *, open_ended: bool) -> ModuleNames:
    """Return the names of the module `tree`; `dead` are its statements that never run on `target`.

    `open_ended` says that it makes names in a way that cannot be read, so that none is unbound for certain.

    Raises `SyntaxError` for what the compiler's symbol table refuses in definitions.
    """
    bound, read = module_names(tree, dead)
    wanted = () if open_ended else read - bound - _MODULE_NAMES - builtins_of(target)
    unbound: tuple[Unbound, ...] = ()
    if wanted:
        walker = _Uses(wanted, dead, tree)
        walker.visit(tree)
        unbound = tuple(walker.found)
    return ModuleNames(frozenset(bound), open_ended, unbound)


@functools.cache
def builtins_of(target: PythonVersion) -> frozenset[str]:
    """Return the names of the builtins on `target`."""
    missing = {name for name, since in _NEW_BUILTINS.items() if since > target}
    return frozenset({*dir(builtins), "WindowsError"} - missing)


def _bindings(body: list[ast.stmt]) -> Iterator[str]:
    """Yield names bound by `body` in its own scope."""
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield statement.name
        elif isinstance(statement, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in statement.names)
        else:
            yield from _bound_inside(statement)


def _bound_inside(statement: ast.AST) -> Iterator[str]:
    for node in ast.iter_child_nodes(statement):
        if isinstance(node, ast.stmt):
            yield from _bindings([node])
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
        else:
            for attribute in ("name", "rest"):
                value = getattr(node, attribute, None)
                if isinstance(value, str):
                    yield value
            yield from _bound_inside(node)


_NameScope = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


class _Uses(ast.NodeVisitor):
    """Finds evaluated reads of some global names, with what is around them."""

    def __init__(self, wanted: set[str], dead: list[ast.stmt], tree: ast.Module) -> None:
        self.found: list[Unbound] = []
        self._wanted = wanted
        self._dead = {id(node) for node in dead}
        self._local: list[set[str]] = []
        self._class: list[set[str]] = []
        self._functions = 0
        self._catches: tuple[str, ...] = ()
        self._deferred = deferred_annotations(tree)

    def visit(self, node: ast.AST) -> None:
        if id(node) not in self._dead:
            super().visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        hidden = any(node.id in names for names in self._local) or (self._class and node.id in self._class[-1])
        if isinstance(node.ctx, ast.Load) and node.id in self._wanted and not hidden:
            self.found.append(Unbound(node.id, node.lineno, self._functions > 0, self._catches))

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        # The annotation of a local variable is never evaluated; with deferred annotations none is.
        if not self._deferred and (not self._functions or self._class):
            self.visit(node.annotation)
        for child in (node.target, node.value):
            if child is not None:
                self.visit(child)

    def visit_Try(self, node: ast.Try) -> None:
        outer = self._catches
        self._catches = (*outer, *swallowed(node))
        self._each(node.body)
        self._catches = outer
        self._each([*node.handlers, *node.orelse, *node.finalbody])

    def visit_TryStar(self, node: ast.TryStar) -> None:
        self.visit_Try(node)  # type: ignore[arg-type]

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._each([*node.decorator_list, *node.bases, *node.keywords])
        self._class.append({*_bindings(node.body), *_type_parameters(node)})
        self._each(node.body)
        self._class.pop()

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._each([*node.decorator_list, *node.args.defaults, *(d for d in node.args.kw_defaults if d)])
        own = {*_arguments(node.args), *_function_bindings(node.body), *_type_parameters(node)}
        if not self._deferred:
            annotations = [argument.annotation for argument in walk(node.args) if isinstance(argument, ast.arg)]
            self._local.append(set(_type_parameters(node)))
            self._each([item for item in (*annotations, node.returns) if item])
            self._local.pop()
        self._inside(own, node.body)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self.visit_FunctionDef(node)  # type: ignore[arg-type]

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._each([*node.args.defaults, *(default for default in node.args.kw_defaults if default)])
        self._inside(set(_arguments(node.args)), [node.body])

    def _comprehension(self, node: _Comprehension) -> None:
        own = {name.id for item in node.generators for name in walk(item.target) if isinstance(name, ast.Name)}
        self._local.append(own)
        self.generic_visit(node)
        self._local.pop()

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension  # noqa: N815

    def _inside(self, own: set[str], body: Iterable[ast.AST]) -> None:
        outer, classes = self._catches, self._class
        self._catches, self._class = (), []
        self._local.append(own)
        self._functions += 1
        self._each(body)
        self._functions -= 1
        self._local.pop()
        self._catches, self._class = outer, classes

    def _each(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)


def _arguments(arguments: ast.arguments) -> Iterator[str]:
    yield from (node.arg for node in walk(arguments) if isinstance(node, ast.arg))


def _type_parameters(node: ast.AST) -> Iterator[str]:
    yield from (parameter.name for parameter in getattr(node, "type_params", ()))


def _function_bindings(body: list[ast.stmt]) -> set[str]:
    declared = {name for node in body for item in walk(node) if isinstance(item, ast.Global) for name in item.names}
    return set(_bindings(body)) - declared
