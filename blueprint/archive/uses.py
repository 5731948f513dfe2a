"""What the code of one closure touches outside itself, read from the source: the basis of grants and env.

A value is followed through constants of any module of the closure. What only running the code tells is kept as
`{expression}`, so that nobody mistakes it for absent.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from blueprint.archive.closure import Closure
from blueprint.archive.constants import UNKNOWN, CodePath, Value, dotted, evaluate, module_constants
from blueprint.archive.grammar import parse
from blueprint.archive.model import PythonVersion, Query, TableUse, Use, Uses
from blueprint.archive.sql import is_sql, read_sql
from blueprint.findings import Location

_APIS = {
    "google.cloud.firestore": "firestore",
    "google.cloud.firestore_v1": "firestore",
    "google.cloud.pubsub": "pubsub",
    "google.cloud.pubsub_v1": "pubsub",
    "google.pubsub_v1": "pubsub",
    "google.cloud.bigquery": "bigquery",
    "google.cloud.bigquery_storage": "bigquery",
    "google.cloud.storage": "storage",
    "google.cloud.secretmanager": "secretmanager",
    "google.cloud.logging": "logging",
    "google.cloud.monitoring_v3": "monitoring",
    "google.cloud.tasks": "cloudtasks",
    "google.cloud.tasks_v2": "cloudtasks",
    "google.cloud.scheduler": "cloudscheduler",
    "google.cloud.scheduler_v1": "cloudscheduler",
    "google.cloud.run_v2": "run",
}
_REGION = re.compile(
    r"\b(?:us|europe|asia|australia|northamerica|southamerica|me|africa)-(?:north|south|east|west|central)(?:east|west)?\d\b"
)
_PROJECT_NUMBER = re.compile(r"(?<![\w.])\d{11,12}(?![\w])")
_TOPIC = re.compile(r"^projects/[^/]+/topics/(.+)$")
_SECRET = re.compile(r"^projects/[^/]+/secrets/([^/]+)")
_API_HOST = re.compile(r"^https://([a-z]+)\.googleapis\.com")
_TABLE = re.compile(r"^[\w{}-]+(?:\.[\w{}$-]+){1,2}$")
_LOOKUPS = (".get", ".pop", ".setdefault")
_ENVIRON = ("os.environ", "environ")
_TABLE_CALLS = {
    "insert_rows_json": 0,
    "insert_rows": 0,
    "get_table": 0,
    "load_table_from_json": 1,
    "load_table_from_dataframe": 1,
}
_RUNS = {"subprocess.run", "subprocess.Popen", "subprocess.call", "subprocess.check_call", "subprocess.check_output"}
_RUNS |= {"os.system", "os.popen", "shutil.which"}


@dataclass
class _Found:
    """Uses of one kind each, in order of discovery, by the fields of `Uses`."""

    by_kind: dict[str, set[Use]] = field(default_factory=dict)
    queries: dict[Query, None] = field(default_factory=dict)

    def add(self, kind: str, name: str, at: Location) -> None:
        self.by_kind.setdefault(kind, set()).add(Use(name, at))

    def query(self, text: str, at: Location) -> None:
        tables, error = read_sql(text)
        uses = tuple(TableUse(table, columns, at) for table, columns in tables)
        self.queries[Query(text, at, uses, error)] = None

    def uses(self) -> Uses:
        def place(use: Use) -> tuple[str, str, int]:
            return use.name, use.at.file, use.at.line or 0

        kinds = {kind: tuple(sorted(found, key=place)) for kind, found in self.by_kind.items()}
        return Uses(queries=tuple(self.queries), **kinds)


def read_uses(
    closure: Closure,
    sources: Mapping[str, bytes],
    places: Mapping[str, str],
    target: PythonVersion,
    carried: Iterable[tuple[str, Location]] = (),
) -> Uses:
    """Return the uses of a closure.

    Args:
        closure: the finished graph.
        sources: module → source text.
        places: module → file to name in locations.
        target: the runtime's Python version.
        carried: SQL in data files and generated files, with its place.
    """
    trees = {name: tree for name, text in sources.items() if isinstance(tree := parse(text, target), ast.Module)}
    program = _Program(closure, trees)
    found = _Found()
    for name, tree in trees.items():
        _Reader(program, name, places[name], found).visit(tree)
    for imported in closure.third_party:
        api = next((api for prefix, api in _APIS.items() if f"{imported.module}.".startswith(f"{prefix}.")), None)
        if api:
            found.add("apis", api, Location(places[imported.importer], imported.fact.line))
    for text, at in carried:
        found.query(text, at)
    return found.uses()


class _Program:
    """Constants of all modules, and the helpers that read the environment for their callers."""

    def __init__(self, closure: Closure, trees: Mapping[str, ast.Module]) -> None:
        self._closure = closure
        self._constants = {name: module_constants(tree) for name, tree in trees.items()}
        self._aliases = {name: dict(self._imported(name, tree)) for name, tree in trees.items()}
        self.env_readers = dict(pair for tree in trees.values() for pair in _env_readers(tree))

    def _imported(self, module: str, tree: ast.Module) -> Iterator[tuple[str, tuple[str, str]]]:
        """Yield local name → (module, name in it) for the imports of `module`."""
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                base = self._base(module, node)
                for alias in node.names:
                    yield alias.asname or alias.name, (base, alias.name)
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    yield alias.asname or alias.name, (alias.name, "")

    def _base(self, module: str, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        package = module if self._closure.modules[module].form == "package" else module.rpartition(".")[0]
        parts = package.split(".")[: len(package.split(".")) - node.level + 1]
        return ".".join([*parts, node.module] if node.module else parts)

    def lookup(self, module: str, name: str, depth: int = 0) -> Value:
        """Return the constant that `name`, possibly dotted, has in `module`."""
        constants = self._constants.get(module, {})
        if name in constants or depth > 8:
            return constants.get(name, UNKNOWN)
        head, _, rest = name.partition(".")
        target, inner = self._aliases.get(module, {}).get(head, ("", ""))
        if not target:
            return UNKNOWN
        if inner and f"{target}.{inner}" in self._constants:
            target, inner = f"{target}.{inner}", ""
        full = ".".join(part for part in (inner, rest) if part)
        return self.lookup(target, full, depth + 1) if full else UNKNOWN


def _env_readers(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield function → position of the argument that it looks up in the environment."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            names = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
            for key in (key for item in ast.walk(node) if (key := _env_key(item)) is not None):
                if isinstance(key, ast.Name) and key.id in names:
                    yield node.name, names.index(key.id) - (names[0] in ("self", "cls"))


def _env_key(node: ast.AST) -> ast.expr | None:
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


class _Reader(ast.NodeVisitor):
    """Reads the uses of one module."""

    def __init__(self, program: _Program, module: str, file: str, found: _Found) -> None:
        self._program, self._module, self._file, self._found = program, module, file, found
        self._locals: dict[str, Value] = {}

    def _lookup(self, name: str) -> Value:
        return self._locals[name] if name in self._locals else self._program.lookup(self._module, name)

    def _at(self, node: ast.AST) -> Location:
        return Location(self._file, getattr(node, "lineno", None))

    def _text(self, node: ast.expr) -> str:
        """Return a string expression with `{expression}` where a part is unknown."""
        value = evaluate(node, self._lookup)
        if isinstance(value, str):
            return value
        if isinstance(node, ast.JoinedStr):
            return "".join(self._text(part) for part in node.values)
        if isinstance(node, ast.FormattedValue):
            return self._text(node.value)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return self._text(node.left) + self._text(node.right)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
            return self._text(node.func.value)
        return "{" + ast.unparse(node).replace("{", "(").replace("}", ")") + "}"

    def visit(self, node: ast.AST) -> None:
        key = _env_key(node)
        if key is not None and isinstance(node, ast.expr):
            self._env(key, node)
        super().visit(node)

    def _env(self, key: ast.expr, node: ast.AST) -> None:
        value = evaluate(key, self._lookup)
        if isinstance(value, tuple) and not isinstance(value, CodePath):
            for name in value:
                self._found.add("env", name if isinstance(name, str) else self._text(key), self._at(node))
            return
        name = self._text(key)
        if not (isinstance(key, ast.Name) and key.id in self._parameters()):  # its callers are read instead
            self._found.add("env", name, self._at(node))

    def _loop(self, target: ast.expr, iterated: ast.expr) -> None:
        """Let a loop variable stand for all values of a constant tuple."""
        if isinstance(target, ast.Name):
            self._locals = {**self._locals, target.id: evaluate(iterated, self._lookup)}

    def visit_For(self, node: ast.For) -> None:
        self._loop(node.target, node.iter)
        self.generic_visit(node)

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> None:
        outer = self._locals
        for generator in node.generators:
            self._loop(generator.target, generator.iter)
        self.generic_visit(node)
        self._locals = outer

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension  # noqa: N815

    def _parameters(self) -> tuple[str, ...]:
        value = self._locals.get("*parameters", ())
        return tuple(str(item) for item in value) if isinstance(value, tuple) else ()

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        outer = self._locals
        parameters = tuple(item.arg for item in ast.walk(node.args) if isinstance(item, ast.arg))
        self._locals = {**outer, **dict.fromkeys(parameters, UNKNOWN), "*parameters": parameters}
        assigned = [item for item in ast.walk(node) if isinstance(item, ast.Assign | ast.AnnAssign | ast.AugAssign)]
        targets = [
            t.id
            for item in assigned
            for t in getattr(item, "targets", [getattr(item, "target", None)])
            if isinstance(t, ast.Name)
        ]
        for item in assigned:
            target = item.targets[0] if isinstance(item, ast.Assign) else item.target
            if isinstance(target, ast.Name) and targets.count(target.id) == 1 and item.value is not None:
                self._locals[target.id] = evaluate(item.value, self._lookup)
        self.generic_visit(node)
        self._locals = outer

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self.visit_FunctionDef(node)  # type: ignore[arg-type]

    def visit_Expr(self, node: ast.Expr) -> None:
        if not (isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)):  # docstrings
            self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self._string(node.value, node)
        elif isinstance(node.value, int) and _PROJECT_NUMBER.fullmatch(str(node.value)):
            self._found.add("project_numbers", str(node.value), self._at(node))

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        self._string(self._text(node), node)
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                self.visit(part.value)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        text = self._text(node) if isinstance(node.op, ast.Add) else ""
        if is_sql(text):
            self._string(text, node)
        else:
            self.generic_visit(node)

    def _string(self, text: str, node: ast.AST) -> None:
        at = self._at(node)
        if is_sql(text):
            self._found.query(text, at)
            return
        if re.match(r"https?://[\w{]", text):
            self._found.add("urls", text, at)
            if match := _API_HOST.match(text):
                self._found.add("apis", match[1], at)
        for kind, pattern in (("topics", _TOPIC), ("secrets", _SECRET)):
            if (match := pattern.match(text)) and not match[1].startswith("{"):
                self._found.add(kind, match[1], at)
        for region in _REGION.findall(text):
            self._found.add("regions", region, at)
        if len(text) < 200:
            for number in _PROJECT_NUMBER.findall(text):
                self._found.add("project_numbers", number, at)

    def visit_Call(self, node: ast.Call) -> None:
        name = dotted(node.func)
        method = node.func.attr if isinstance(node.func, ast.Attribute) else name
        first = node.args[0] if node.args else None
        if method in ("collection", "collection_group") and first is not None and isinstance(node.func, ast.Attribute):
            self._named("collections", first)
        if method == "topic_path" and len(node.args) > 1:
            self._named("topics", node.args[1])
        if method == "secret_version_path" and len(node.args) > 1:
            self._named("secrets", node.args[1])
        if method in self._program.env_readers and len(node.args) > (position := self._program.env_readers[method]):
            self._env(node.args[position], node)
        if method in _TABLE_CALLS and len(node.args) > _TABLE_CALLS[method]:
            self._table(node.args[_TABLE_CALLS[method]])
        if name in _RUNS and first is not None:
            command = evaluate(first, self._lookup)
            word = (
                command[0] if isinstance(command, tuple) and command and not isinstance(command, CodePath) else command
            )
            text = word if isinstance(word, str) else self._text(first)
            self._found.add("commands", text.split()[0] if text.split() else text, self._at(node))
        self.generic_visit(node)

    def _named(self, kind: str, node: ast.expr) -> None:
        self._found.add(kind, self._text(node), self._at(node))

    def _table(self, node: ast.expr) -> None:
        text = self._text(node)
        if _TABLE.match(text) and "." in text:
            use = TableUse(".".join(text.split(".")[-2:]), (), self._at(node))
            self._found.queries[Query("", self._at(node), (use,))] = None
