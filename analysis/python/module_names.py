"""Which names a module has, and which it uses without having them.

The scopes tell which names look unbound. Only for those is the tree walked again, to find their lines and to
leave out what is never evaluated.
"""

from __future__ import annotations

import ast
import builtins
import functools
from typing import NamedTuple

from analysis.python.imports import swallowed
from analysis.python.nodes import walk
from analysis.python.scopes import deferred_annotations, global_reads, module_scopes
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


_PRESENT = {"__name__", "__file__", "__doc__", "__package__", "__spec__", "__path__", "__loader__", "__builtins__"}
_PRESENT |= {"__cached__", "__annotations__", "__dict__", "__debug__", "__module__", "__qualname__", "__class__"}
_PRESENT |= {"__classcell__", "__conditional_annotations__"}
_NEW_BUILTINS = {"PythonFinalizationError": (3, 13), "_IncompleteInputError": (3, 13), "BaseExceptionGroup": (3, 11)}
_NEW_BUILTINS |= {"ExceptionGroup": (3, 11), "aiter": (3, 10), "anext": (3, 10), "EncodingWarning": (3, 10)}


def names_of(tree: ast.Module, dead: list[ast.stmt], target: PythonVersion, *, open_ended: bool) -> ModuleNames:
    """Return the names of the module `tree`; `dead` are its statements that never run on `target`.

    `open_ended` says that it makes names in a way that cannot be read, so that none is unbound for certain.

    Raises `SyntaxError` for what the compiler's symbol table refuses in definitions.
    """
    found, gone = module_scopes(tree, dead), _deleted(tree)
    bound = found.bound - found.never
    wanted = set() if open_ended else {*gone, *(found.read - bound - _PRESENT - builtins_of(target))}
    unbound: tuple[Unbound, ...] = ()
    if wanted:
        uses = _Uses(global_reads(tree, dead, wanted), dead, deferred=deferred_annotations(tree))
        uses.visit(tree)
        # A function that uses a name which the module deletes may have done its work before.
        unbound = tuple(
            each for each in uses.found if not (each.name in gone and (each.lazy or each.line <= gone[each.name]))
        )
    return ModuleNames(frozenset(bound - gone.keys()), open_ended, unbound)


def _deleted(tree: ast.Module) -> dict[str, int]:
    """Return the names that a module deletes for good, and the line: by `del`, or at the end of a handler that has one."""
    spans: dict[str, tuple[int, int]] = {}  # where the name may be bound all the same
    for node in tree.body:
        if isinstance(node, ast.Delete):
            spans |= {each.id: (0, node.lineno) for each in node.targets if isinstance(each, ast.Name)}
        for handler in node.handlers if isinstance(node, ast.Try) else ():
            if handler.name:
                start, _ = spans.get(handler.name, (handler.lineno, 0))
                spans[handler.name] = start, handler.end_lineno or 0
    for node in walk(*tree.body) if spans else ():
        name = _bound_by(node)
        if name in spans and not spans[name][0] <= node.lineno <= spans[name][1]:
            del spans[name]
    return {name: end for name, (_, end) in spans.items()}


def _bound_by(node: object) -> str:
    """Return the name that a node binds by itself."""
    if isinstance(node, ast.Name):
        return node.id if isinstance(node.ctx, ast.Store) else ""
    if isinstance(node, ast.alias):
        return node.asname or node.name.partition(".")[0]
    return node.name if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) else ""


@functools.cache
def builtins_of(target: PythonVersion) -> frozenset[str]:
    """Return the names of the builtins on `target`."""
    missing = {name for name, since in _NEW_BUILTINS.items() if since > target}
    return frozenset({*dir(builtins), "WindowsError"} - missing)


class _Uses(ast.NodeVisitor):
    """Finds what is around some reads of names, as far as they are evaluated."""

    def __init__(self, reads: set[int], dead: list[ast.stmt], *, deferred: bool) -> None:
        self.found: list[Unbound] = []
        self._reads, self._dead, self._deferred = reads, {id(node) for node in dead}, deferred
        self._inside: type[ast.AST] = ast.Module
        self._lazy = False
        self._catches: tuple[str, ...] = ()

    def visit(self, node: ast.AST) -> None:
        if id(node) not in self._dead:
            super().visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        if id(node) in self._reads:
            self.found.append(Unbound(node.id, node.lineno, self._lazy, self._catches))

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        # The annotation of a local variable is never evaluated; with deferred annotations none is.
        self._each(node.target, node.value)
        if not self._deferred and self._inside is not ast.FunctionDef:
            self.visit(node.annotation)

    def visit_Try(self, node: ast.Try | ast.TryStar) -> None:
        outer = self._catches
        self._catches = (*outer, *swallowed(node))
        self._each(*node.body)
        self._catches = outer
        self._each(*node.handlers, *node.orelse, *node.finalbody)

    visit_TryStar = visit_Try  # noqa: N815

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._each(*node.decorator_list, *node.bases, *node.keywords, *getattr(node, "type_params", ()))
        outer, self._inside = self._inside, ast.ClassDef
        self._each(*node.body)
        self._inside = outer

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._each(*node.decorator_list, node.args, node.returns, *getattr(node, "type_params", ()))
        self._later(*node.body)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.visit(node.args)
        self._later(node.body)

    def _later(self, *body: ast.AST) -> None:
        """Visit what runs when a function is called, where no guard around its definition counts."""
        outer = self._inside, self._lazy, self._catches
        self._inside, self._lazy, self._catches = ast.FunctionDef, True, ()
        self._each(*body)
        self._inside, self._lazy, self._catches = outer

    def _each(self, *nodes: ast.AST | None) -> None:
        for node in nodes:
            if node is not None:
                self.visit(node)
