"""What one module touches outside itself: environment, SQL, topics, collections, URLs, places, programs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from analysis.python.constants import UNKNOWN, CodePath, Value, dotted, evaluate
from analysis.python.nodes import FIELDS
from blueprint.archive.model import Query, TableUse, Use, Uses
from blueprint.archive.program import MAY_READ_ENVIRON, Program, env_key
from blueprint.archive.sql import is_sql, read_sql
from blueprint.findings import Location

_REGION = re.compile(
    r"\b(?:us|europe|asia|australia|northamerica|southamerica|me|africa)-(?:north|south|east|west|central)(?:east|west)?\d\b"
)
_PROJECT_NUMBER = re.compile(r"(?<![\w.])\d{11,12}(?![\w])")
_TOPIC = re.compile(r"^projects/[^/]+/topics/(.+)$")
_SECRET = re.compile(r"^projects/[^/]+/secrets/([^/]+)")
_API_HOST = re.compile(r"^https://([a-z]+)\.googleapis\.com")
_TABLE = re.compile(r"^[\w{}-]+(?:\.[\w{}$-]+){1,2}$")
_TABLE_CALLS = {
    "insert_rows_json": 0,
    "insert_rows": 0,
    "get_table": 0,
    "load_table_from_json": 1,
    "load_table_from_dataframe": 1,
}
_RUNS = {"subprocess.run", "subprocess.Popen", "subprocess.call", "subprocess.check_call", "subprocess.check_output"}
_RUNS |= {"os.system", "os.popen", "shutil.which"}


# A text with none of these touches nothing, and need not be read. Plain words are looked for as such: ten times as fast.
_PLAIN = b"""environ getenv http:// https:// projects/ .collection( .collection_group( topic_path secret_version_path
    insert_rows get_table load_table_from subprocess os.system os.popen shutil.which
    -north -south -east -west -central""".split()
_DIGITS_AS_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_SQL = re.compile(
    rb"""\b(?:select\s|insert\s+(?:into|[`{])|delete\s+from\s|merge\s+(?:into|[`{])|set\s+\w+\s*=
    |with\s+\w+\s+as\s*\(|create\s+(?:or|temp|table|view)|truncate\s+table)""",
    re.VERBOSE,
)


@dataclass
class Found:
    """Uses of one kind each, in order of discovery, by the fields of `Uses`."""

    by_kind: dict[str, set[Use]] = field(default_factory=dict)
    queries: dict[Query, None] = field(default_factory=dict)

    def add(self, kind: str, name: str, at: Location) -> None:
        """Add one use."""
        self.by_kind.setdefault(kind, set()).add(Use(name, at))

    def merge(self, other: Found) -> None:
        """Add everything that `other` holds."""
        for kind, uses in other.by_kind.items():
            self.by_kind.setdefault(kind, set()).update(uses)
        self.queries.update(other.queries)

    def query(self, text: str, at: Location) -> None:
        """Add a SQL text."""
        tables, error = read_sql(text)
        uses = tuple(TableUse(each.table, each.columns, at, each.written) for each in tables)
        self.queries[Query(text, at, uses, error)] = None

    def uses(self) -> Uses:
        """Return everything, ordered."""

        def place(use: Use) -> tuple[str, str, int]:
            return use.name, use.at.file, use.at.line or 0

        kinds = {kind: tuple(sorted(found, key=place)) for kind, found in self.by_kind.items()}
        return Uses(queries=tuple(self.queries), **kinds)


def touches_anything(content: bytes) -> bool:
    """Return whether a source may touch something; calls of helpers that read the environment aside."""
    return (
        any(word in content for word in _PLAIN)
        or b"0" * 11 in content.translate(_DIGITS_AS_ZEROS)
        or _SQL.search(content.lower()) is not None
    )


def read_module(program: Program, module: str, file: str, tree: ast.Module) -> tuple[Found, dict[str, Value]]:
    """Return what a module touches, and the constants it took for that: name → value."""
    reader = _Reader(program, module, file)
    reader.visit(tree)
    return reader.found, reader.lookups


class _Reader:
    """Reads the uses of one module."""

    def __init__(self, program: Program, module: str, file: str) -> None:
        self._program, self._module, self._file = program, module, file
        self.found = Found()
        self._locals: dict[str, Value] = {}
        self.lookups: dict[str, Value] = {}

    def _lookup(self, name: str) -> Value:
        if name in self._locals:
            return self._locals[name]
        if name not in self.lookups:
            self.lookups[name] = self._program.lookup(self._module, name)
        return self.lookups[name]

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
        """Read a node and what is below it; spelled out because most of the time of reading uses goes here."""
        kind = node.__class__
        if kind is ast.Name:
            return
        if kind in MAY_READ_ENVIRON:
            key = env_key(node)
            if key is not None:
                self._env(key, node)
        handler = _HANDLERS.get(kind)
        if handler is None:
            self.generic_visit(node)
        else:
            handler(self, node)

    def generic_visit(self, node: ast.AST) -> None:
        for name in FIELDS[node.__class__]:
            value = getattr(node, name)
            if value.__class__ is list:
                for item in value:
                    if item is not None:
                        self.visit(item)
            elif value is not None:
                self.visit(value)

    def case(self, node: ast.match_case) -> None:
        for part in (node.guard, *node.body):
            if part is not None:
                self.visit(part)

    def _env(self, key: ast.expr, node: ast.AST) -> None:
        value = evaluate(key, self._lookup)
        if isinstance(value, tuple) and not isinstance(value, CodePath):
            for name in value:
                self.found.add("env", name if isinstance(name, str) else self._text(key), self._at(node))
            return
        name = self._text(key)
        if not (isinstance(key, ast.Name) and key.id in self._parameters()):  # its callers are read instead
            self.found.add("env", name, self._at(node))

    def _loop(self, target: ast.expr, iterated: ast.expr) -> None:
        """Let a loop variable stand for all values of a constant tuple."""
        if isinstance(target, ast.Name):
            self._locals = {**self._locals, target.id: evaluate(iterated, self._lookup)}

    def loop(self, node: ast.For) -> None:
        self._loop(node.target, node.iter)
        self.generic_visit(node)

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> None:
        outer = self._locals
        for generator in node.generators:
            self._loop(generator.target, generator.iter)
        self.generic_visit(node)
        self._locals = outer

    def _parameters(self) -> tuple[str, ...]:
        value = self._locals.get("*parameters", ())
        return tuple(str(item) for item in value) if isinstance(value, tuple) else ()

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        outer = self._locals
        arguments = node.args
        named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        parameters = tuple(each.arg for each in named if each is not None)
        self._locals = {**outer, **dict.fromkeys(parameters, UNKNOWN), "*parameters": parameters}
        assigned = list(_assigned(node.body))
        names = [name for name, _ in assigned]
        for name, value in assigned:
            if value is not None and names.count(name) == 1:
                self._locals[name] = evaluate(value, self._lookup)
        self.generic_visit(node)
        self._locals = outer

    def statement(self, node: ast.Expr) -> None:
        if not (isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)):  # docstrings
            self.generic_visit(node)

    def constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self._string(node.value, node)
        elif isinstance(node.value, int) and _PROJECT_NUMBER.fullmatch(str(node.value)):
            self.found.add("project_numbers", str(node.value), self._at(node))

    def formatted(self, node: ast.JoinedStr) -> None:
        self._string(self._text(node), node)
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                self.visit(part.value)

    def operation(self, node: ast.BinOp) -> None:
        text = self._text(node) if isinstance(node.op, ast.Add) else ""
        if is_sql(text):
            self._string(text, node)
        else:
            self.generic_visit(node)

    def _string(self, text: str, node: ast.AST) -> None:
        at = self._at(node)
        if is_sql(text):
            self.found.query(text, at)
            return
        if re.match(r"https?://[\w{]", text):
            self.found.add("urls", text, at)
            if match := _API_HOST.match(text):
                self.found.add("apis", match[1], at)
        for kind, pattern in (("topics", _TOPIC), ("secrets", _SECRET)):
            if (match := pattern.match(text)) and not match[1].startswith("{"):
                self.found.add(kind, match[1], at)
        for region in _REGION.findall(text):
            self.found.add("regions", region, at)
        if len(text) < 200:
            for number in _PROJECT_NUMBER.findall(text):
                self.found.add("project_numbers", number, at)

    def call(self, node: ast.Call) -> None:
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
            self._table(node.args[_TABLE_CALLS[method]], written=method != "get_table")
        if name in _RUNS and first is not None:
            command = evaluate(first, self._lookup)
            word = (
                command[0] if isinstance(command, tuple) and command and not isinstance(command, CodePath) else command
            )
            text = word if isinstance(word, str) else self._text(first)
            self.found.add("commands", text.split()[0] if text.split() else text, self._at(node))
        self.generic_visit(node)

    def _named(self, kind: str, node: ast.expr) -> None:
        self.found.add(kind, self._text(node), self._at(node))

    def _table(self, node: ast.expr, *, written: bool) -> None:
        text = self._text(node)
        if _TABLE.match(text) and "." in text:
            use = TableUse(".".join(text.split(".")[-2:]), (), self._at(node), written)
            self.found.queries[Query("", self._at(node), (use,))] = None


def _assigned(body: list[ast.stmt]) -> Iterator[tuple[str, ast.expr | None]]:
    """Yield name and value of the assignments in `body`, None where the value is not all of it."""
    for node in body:
        if isinstance(node, ast.Assign):
            yield from ((target.id, node.value) for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign | ast.AugAssign) and isinstance(node.target, ast.Name):
            yield node.target.id, node.value if isinstance(node, ast.AnnAssign) else None
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for part in ("body", "orelse", "finalbody", "handlers", "cases"):
                for inner in getattr(node, part, ()):
                    yield from _assigned([inner])


_HANDLERS: dict[type[ast.AST], Any] = {
    ast.For: _Reader.loop,
    ast.ListComp: _Reader._comprehension,
    ast.SetComp: _Reader._comprehension,
    ast.DictComp: _Reader._comprehension,
    ast.GeneratorExp: _Reader._comprehension,
    ast.FunctionDef: _Reader.function,
    ast.AsyncFunctionDef: _Reader.function,
    ast.Expr: _Reader.statement,
    ast.match_case: _Reader.case,
    ast.Constant: _Reader.constant,
    ast.JoinedStr: _Reader.formatted,
    ast.BinOp: _Reader.operation,
    ast.Call: _Reader.call,
}
