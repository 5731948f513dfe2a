"""An import of one file, what is around it or any other place (a function, a guard), and what a guard takes."""

from __future__ import annotations

import ast
from typing import NamedTuple


class ImportFact(NamedTuple):
    """One import that can run on the target.

    Attributes:
        module: dotted name as written, without leading dots; None when only running the code tells.
        level: number of leading dots.
        names: what `from` takes; None for a plain `import`.
        line: 1-based line.
        lazy: it runs when a function is called rather than when the module is loaded.
        function: the innermost enclosing function, "" at module level.
        catches: exception classes that are caught around it by a handler that goes on without it.
        group: number of the innermost `try` whose body holds it, 0 if none.
        instead_of: number of the `try` whose handler holds it, which therefore runs only when that body failed.
        perhaps: only running the code tells whether it runs: it is in a branch or a handler.
    """

    module: str | None
    level: int
    names: tuple[str, ...] | None
    line: int
    lazy: bool = False
    function: str = ""
    catches: tuple[str, ...] = ()
    group: int = 0
    instead_of: int = 0
    perhaps: bool = False


class Around(NamedTuple):
    """What is around a place; see `ImportFact`. `scope` is the dotted name of the function it is in."""

    lazy: bool = False
    function: str = ""
    catches: tuple[str, ...] = ()
    group: int = 0
    instead_of: int = 0
    perhaps: bool = False
    scope: str = ""

    def fact(
        self, line: int, module: str | None = None, level: int = 0, names: tuple[str, ...] | None = None
    ) -> ImportFact:
        """Return an import at a line inside; without `module` one that only running the code tells."""
        return ImportFact(module, level, names, line, *self[:-1])


_LEAVES = ("exit", "_exit", "abort", "quit")


def caught(handler: ast.ExceptHandler) -> tuple[str, ...]:
    """Return the classes a handler catches, last names only; `*` stands for everything."""
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return tuple("*" if kind is None else (dotted(kind).rpartition(".")[2] or "?") for kind in kinds)


def goes_on(body: list[ast.stmt]) -> bool:
    """Return whether a handler lets the program continue: it neither raises nor exits at its end."""
    last = body[-1]
    if isinstance(last, ast.Raise):
        return False
    call = last.value if isinstance(last, ast.Expr) else None
    return not (isinstance(call, ast.Call) and dotted(call.func).rpartition(".")[2] in _LEAVES)


def swallowed(node: ast.Try | ast.TryStar) -> tuple[str, ...]:
    """Return the classes whose handlers in `node` go on."""
    return tuple(name for handler in node.handlers if goes_on(handler.body) for name in caught(handler))


def dotted(node: ast.expr) -> str:
    """Return `a.b.c` for such an expression, "" for any other."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""
