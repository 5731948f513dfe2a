"""The imports of one file, with what is around each: a function, a guard, a condition.

Walks statements and leaves expressions alone unless the text has a word that makes them matter; imports are
statements, and this is what keeps reading thousands of files fast.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from analysis.python.conditions import truth
from analysis.python.constants import RESOURCE_READS, UNKNOWN, CodePath, Value, dotted, evaluate, module_constants
from analysis.python.nodes import FIELDS, walk
from analysis.python.syntax import PythonVersion


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
        dynamic: it is a call such as `importlib.import_module`, not a statement.
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
    dynamic: bool = False


class Resource(NamedTuple):
    """A data file read beside the code: `base` package ("" = this module), path from there, None if computed."""

    base: str
    path: str | None
    line: int


@dataclass
class Statements:
    """What the statements of one file say; `dead` are those that can never run on the target."""

    imports: list[ImportFact] = field(default_factory=list)
    resources: list[Resource] = field(default_factory=list)
    search_path: list[str] = field(default_factory=list)
    dead: list[ast.stmt] = field(default_factory=list)


_WORDS = (b"import_module", b"__import__", b"__file__", b"get_data", b"importlib.resources", b"import resources")
_TELLING = {"__file__", "import_module", "__import__", "files", *RESOURCE_READS}
# Fields of statements that hold what is read as statements itself, or is never evaluated here.
_INNER = {"body", "orelse", "finalbody", "handlers", "cases", "type_params", "names"}
_FAILED_IMPORT = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException", "*"}
_LEAVES = ("exit", "_exit", "abort", "quit")


def read_statements(tree: ast.Module, content: bytes, target: PythonVersion) -> Statements:
    """Return imports, data files and search path changes of `tree`."""
    reader = _Reader(tree, content, target)
    reader.block(tree.body, _Context())
    return reader.found


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


def swallowed(node: ast.Try) -> tuple[str, ...]:
    """Return the classes whose handlers in `node` go on."""
    return tuple(name for handler in node.handlers if goes_on(handler.body) for name in caught(handler))


class _Context(NamedTuple):
    lazy: bool = False
    function: str = ""
    catches: tuple[str, ...] = ()
    group: int = 0
    instead_of: int = 0


class _Reader:
    def __init__(self, tree: ast.Module, content: bytes, target: PythonVersion) -> None:
        expressions = any(word in content for word in _WORDS)
        self.found = Statements()
        self._target = target
        self._groups = 0
        self._expressions = expressions
        self._probes = b"find_spec" in content
        self._values: dict[str, Value] = module_constants(tree) if expressions else {}

    def block(self, body: list[ast.stmt], context: _Context) -> None:
        for node in body:
            if self._expressions:
                self._read_expressions(node, context)
            visit = _VISITS.get(type(node))
            if visit is not None:
                visit(self, node, context)

    def plain_import(self, node: ast.Import, context: _Context) -> None:
        for alias in node.names:
            self.found.imports.append(ImportFact(alias.name, 0, None, node.lineno, *context))

    def from_import(self, node: ast.ImportFrom, context: _Context) -> None:
        names = tuple(alias.name for alias in node.names)
        self.found.imports.append(ImportFact(node.module or "", node.level, names, node.lineno, *context))

    def function(self, node: ast.FunctionDef, context: _Context) -> None:
        # A guard around a definition says nothing about the call.
        outer = dict(self._values)
        for argument in walk(node.args) if self._expressions else ():
            if isinstance(argument, ast.arg):
                self._values.pop(argument.arg, None)
        self.block(node.body, _Context(lazy=True, function=node.name, instead_of=context.instead_of))
        self._values = outer

    def condition(self, node: ast.If, context: _Context) -> None:
        answer = truth(node.test, self._target)
        inner = context
        if self._probes and answer is None and _asks_for_a_module(node.test):
            inner = context._replace(catches=(*context.catches, "ImportError"))
        for body, runs, where in ((node.body, answer is not False, inner), (node.orelse, answer is not True, context)):
            if runs:
                self.block(body, where)
            else:
                self.found.dead.extend(body)

    def attempt(self, node: ast.Try, context: _Context) -> None:
        self._groups += 1
        group = self._groups
        catches = (*context.catches, *swallowed(node))
        self.block(node.body, context._replace(catches=catches, group=group))
        for handler in node.handlers:
            on_failed_import = _FAILED_IMPORT.intersection(caught(handler))
            self.block(handler.body, context._replace(instead_of=group) if on_failed_import else context)
        self.block(node.orelse, context)
        self.block(node.finalbody, context)

    def manager(self, node: ast.With, context: _Context) -> None:
        for item in node.items:
            call = item.context_expr
            if isinstance(call, ast.Call) and dotted(call.func).rpartition(".")[2] == "suppress":
                kinds = (dotted(kind).rpartition(".")[2] for kind in call.args)
                context = context._replace(catches=(*context.catches, *kinds))
        self.block(node.body, context)

    def nested(self, node: Any, context: _Context) -> None:
        self.block(node.body, context)
        self.block(getattr(node, "orelse", []), context)

    def match(self, node: ast.Match, context: _Context) -> None:
        for case in node.cases:
            self.block(case.body, context)

    def _read_expressions(self, statement: ast.stmt, context: _Context) -> None:
        if isinstance(statement, ast.For | ast.AsyncFor) and isinstance(statement.target, ast.Name):
            # `for name in ("a", "b"): import_module(name)` names both.
            self._values.setdefault(statement.target.id, evaluate(statement.iter, self._lookup))
        expressions: list[Any] = []
        for name in FIELDS[statement.__class__]:
            if name not in _INNER:
                value = getattr(statement, name)
                expressions += value if isinstance(value, list) else [value]
        if self._matter(expressions):
            for expression in filter(None, expressions):
                self._read_expression(expression, context)
        if context.lazy and isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            self._values[statement.targets[0].id] = evaluate(statement.value, self._lookup)

    def _matter(self, expressions: list[Any]) -> bool:
        """Return whether an import by a computed name or a path beside the code can be in `expressions`."""
        for node in walk(*expressions):
            if node.__class__ is ast.Name:
                if node.id in _TELLING or isinstance(self._values.get(node.id), CodePath):
                    return True
            elif node.__class__ is ast.Attribute and node.attr in _TELLING:
                return True
        return False

    def _lookup(self, name: str) -> Value:
        return self._values.get(name, UNKNOWN)

    def _read_expression(self, node: ast.AST, context: _Context) -> None:
        if isinstance(node, ast.Call):
            name = dotted(node.func)
            if name.startswith("sys.path."):
                paths = [evaluate(item, self._lookup) for item in node.args]
                self.found.search_path += [path.path for path in paths if isinstance(path, CodePath) and path.path]
                return
            if name.rpartition(".")[2] in ("import_module", "__import__"):
                self._dynamic_import(node, context)
        if isinstance(node, ast.Lambda):
            context = context._replace(lazy=True, catches=())
        value = evaluate(node, self._lookup) if isinstance(node, ast.expr) else UNKNOWN
        if isinstance(value, CodePath):
            self.found.resources.append(Resource(value.base, value.path, node.lineno))  # type: ignore[attr-defined]
            return
        for child in ast.iter_child_nodes(node):
            self._read_expression(child, context)

    def _dynamic_import(self, node: ast.Call, context: _Context) -> None:
        value = evaluate(node.args[0], self._lookup) if node.args else UNKNOWN
        package = (
            node.args[1] if len(node.args) > 1 else next((k.value for k in node.keywords if k.arg == "package"), None)
        )
        names = value if isinstance(value, tuple) and not isinstance(value, CodePath) else (value,)
        for name in names:
            module, level = _anchor(name, package if dotted(node.func).endswith("import_module") else None)
            self.found.imports.append(ImportFact(module, level, None, node.lineno, *context, dynamic=True))


def _asks_for_a_module(test: ast.expr) -> bool:
    return any(isinstance(item, ast.Call) and dotted(item.func).endswith("find_spec") for item in walk(test))


def _anchor(name: Value, package: ast.expr | None) -> tuple[str | None, int]:
    """Return module and level of a dynamic import by `name` relative to `package`."""
    if not isinstance(name, str) or not name:
        return None, 0
    module = name.lstrip(".")
    level = len(name) - len(module)
    if not level:
        return module, 0
    anchor = evaluate(package)
    if isinstance(anchor, str):
        return ".".join([*anchor.split(".")[: len(anchor.split(".")) - level + 1], module]), 0
    return (module, level) if package is not None and dotted(package) in ("__package__", "__name__") else (None, 0)


_VISITS: dict[type[ast.stmt], Any] = {
    ast.Import: _Reader.plain_import,
    ast.ImportFrom: _Reader.from_import,
    ast.FunctionDef: _Reader.function,
    ast.AsyncFunctionDef: _Reader.function,
    ast.ClassDef: _Reader.nested,
    ast.If: _Reader.condition,
    ast.For: _Reader.nested,
    ast.AsyncFor: _Reader.nested,
    ast.While: _Reader.nested,
    ast.With: _Reader.manager,
    ast.AsyncWith: _Reader.manager,
    ast.Try: _Reader.attempt,
    ast.TryStar: _Reader.attempt,
    ast.Match: _Reader.match,
}
