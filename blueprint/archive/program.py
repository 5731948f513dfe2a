"""The constants of all modules of a closure, and the helpers through which they read the environment."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from analysis.python.closure import Closure
from analysis.python.constants import UNKNOWN, Value, dotted, module_constants
from analysis.python.nodes import walk

_LOOKUPS = (".get", ".pop", ".setdefault")
_ENVIRON = ("os.environ", "environ")


class Source(NamedTuple):
    """One module's text: sha256, content, and the file to name in locations."""

    sha256: str
    content: bytes
    place: str


class Outline(NamedTuple):
    """What other modules may ask of one: constants, imports (local name → module, level, name), environment readers."""

    constants: Mapping[str, Value]
    imports: Mapping[str, tuple[str, int, str]]
    env_readers: Mapping[str, int]


def read_outline(tree: ast.Module, content: bytes) -> Outline:
    """Return the outline of a module."""
    reads_environment = b"environ" in content or b"getenv" in content
    readers = dict(_env_readers(tree)) if reads_environment else {}
    return Outline(module_constants(tree), dict(_imports(tree.body)), readers)


def _imports(body: list[ast.stmt]) -> Iterator[tuple[str, tuple[str, int, str]]]:
    for node in body:
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name, (node.module or "", node.level, alias.name)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.asname or alias.name, (alias.name, 0, "")
        elif hasattr(node, "body"):
            for part in ("body", "orelse", "finalbody"):
                yield from _imports(getattr(node, part, []))


class Program:
    """Looks constants up across the modules of a closure.

    Args:
        closure: the finished graph.
        sources: module → text.
        outline: text → outline, None where it does not compile.
    """

    def __init__(
        self, closure: Closure, sources: Mapping[str, Source], outline: Callable[[Source], Outline | None]
    ) -> None:
        self._closure = closure
        found = {module: outline(source) for module, source in sources.items()}
        self._outlines = {module: each for module, each in found.items() if each is not None}
        self.env_readers: dict[str, int] = {}
        for each in self._outlines.values():
            self.env_readers.update(each.env_readers)

    def _base(self, module: str, imported: str, level: int) -> str:
        if not level:
            return imported
        package = module if self._closure.modules[module].form == "package" else module.rpartition(".")[0]
        parts = package.split(".")[: len(package.split(".")) - level + 1]
        return ".".join([*parts, imported] if imported else parts)

    def lookup(self, module: str, name: str, depth: int = 0) -> Value:
        """Return the constant that `name`, possibly dotted, has in `module`."""
        outline = self._outlines.get(module)
        if outline is None or name in outline.constants or depth > 8:
            return outline.constants.get(name, UNKNOWN) if outline else UNKNOWN
        head, _, rest = name.partition(".")
        if head not in outline.imports:
            return UNKNOWN
        imported, level, inner = outline.imports[head]
        target = self._base(module, imported, level)
        if inner and f"{target}.{inner}" in self._outlines:
            target, inner = f"{target}.{inner}", ""
        full = ".".join(part for part in (inner, rest) if part)
        return self.lookup(target, full, depth + 1) if full else UNKNOWN


def _env_readers(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield function → position of the argument that it looks up in the environment."""
    nodes = walk(tree)
    variables = {
        key.id for node in nodes if node.__class__ in MAY_READ_ENVIRON and isinstance(key := env_key(node), ast.Name)
    }
    for node in nodes if variables else ():
        if isinstance(node, ast.FunctionDef):
            names = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
            for key in map(env_key, walk(node) if variables.intersection(names) else ()):
                if isinstance(key, ast.Name) and key.id in names:
                    yield node.name, names.index(key.id) - (names[0] in ("self", "cls"))


MAY_READ_ENVIRON = (ast.Subscript, ast.Compare, ast.Call)


def env_key(node: ast.AST) -> ast.expr | None:
    """Return the expression that names the variable, if `node` reads the environment."""
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and _is_environ(node.value):
        return node.slice
    if (
        isinstance(node, ast.Compare)
        and isinstance(node.ops[0], ast.In | ast.NotIn)
        and _is_environ(node.comparators[0])
    ):
        return node.left
    if isinstance(node, ast.Call) and node.args:
        name = dotted(node.func)
        if name in ("os.getenv", "getenv") or (name.rpartition(".")[0] in _ENVIRON and name.endswith(_LOOKUPS)):
            return node.args[0]
    return None


def _is_environ(node: ast.expr) -> bool:
    return dotted(node) in _ENVIRON
