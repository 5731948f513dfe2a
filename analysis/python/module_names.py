"""Which names a module has, and which it uses without having them.

The scopes tell which names look unbound. Only for those is the tree walked again, to find their lines and to
leave out what is never evaluated.
"""

from __future__ import annotations

import ast
import builtins
import functools
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from analysis.python.imports import swallowed
from analysis.python.scopes import Span, deferred_annotations, global_reads, module_scopes
from analysis.python.syntax import PythonVersion


class Unbound(NamedTuple):
    """A name that is read and bound nowhere, or `deleted` before: its line, whether in a function, what is caught around it."""

    name: str
    line: int
    lazy: bool
    catches: tuple[str, ...]
    deleted: bool = False


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


def names_of(tree: ast.Module, dead: Sequence[ast.AST], target: PythonVersion, *, open_ended: bool) -> ModuleNames:
    """Return the names of the module `tree`; `dead` are its statements that never run on `target`.

    `open_ended` says that it makes names in a way that cannot be read, so that none is unbound for certain.

    Raises `SyntaxError` for what the compiler's symbol table refuses in definitions.
    """
    found = module_scopes(tree, dead)
    bound = found.bound - found.never
    wanted = set() if open_ended else {*found.gone, *(found.read - bound - _PRESENT - builtins_of(target))}
    unbound: tuple[Unbound, ...] = ()
    if wanted or found.after:
        reads = global_reads(tree, dead, wanted) if wanted else set()
        uses = _Uses(reads, {id(node) for node in found.after}, found.gone, dead, deferred=deferred_annotations(tree))
        uses.visit(tree)
        unbound = tuple(uses.found)
    return ModuleNames(frozenset(bound - found.gone.keys()), open_ended, unbound)


@functools.cache
def builtins_of(target: PythonVersion) -> frozenset[str]:
    """Return the names of the builtins on `target`."""
    missing = {name for name, since in _NEW_BUILTINS.items() if since > target}
    return frozenset({*dir(builtins), "WindowsError"} - missing)


class _Uses(ast.NodeVisitor):
    """Finds what is around some reads of names, as far as they are evaluated."""

    def __init__(
        self, reads: set[int], after: set[int], gone: Mapping[str, Span], dead: Sequence[ast.AST], *, deferred: bool
    ) -> None:
        self.found: list[Unbound] = []
        self._reads, self._after, self._gone = reads, after, gone
        self._dead, self._deferred = {id(node) for node in dead}, deferred
        self._inside: type[ast.AST] = ast.Module
        self._lazy, self._top = False, ""
        self._catches: tuple[str, ...] = ()

    def visit(self, node: ast.AST) -> None:
        if id(node) not in self._dead:
            super().visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        if id(node) in self._after or (id(node) in self._reads and not self._is_bound(node)):
            deleted = id(node) in self._after or node.id in self._gone
            self.found.append(Unbound(node.id, node.lineno, self._lazy, self._catches, deleted))

    def _is_bound(self, node: ast.Name) -> bool:
        """Return whether a name that the module deletes may be there yet: a function may have done its work before."""
        span = self._gone.get(node.id)
        if span is None or not self._lazy:
            return span is not None and span.holds(node.lineno)
        return not self._top or self._top in span.called

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
        outer, self._inside = (self._inside, self._top), ast.ClassDef
        self._top = self._top or node.name
        self._each(*node.body)
        self._inside, self._top = outer

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._each(*node.decorator_list, node.args, node.returns, *getattr(node, "type_params", ()))
        top, self._top = self._top, self._top or node.name
        self._later(*node.body)
        self._top = top

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
