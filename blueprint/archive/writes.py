"""Where code writes to Firestore, if it does: a function that only reads gets no right to change documents.

Code is reached from the modules' top level by the names that it mentions: a mention of `name` reaches every first-party
function of that name, and what that mentions in turn. That is more than what runs, never less, so that a writer is not
taken for a reader. A method of something that an installed package provides (`sys.stdout.write`) reaches nothing of ours.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple

GAPIC: Final = frozenset(
    {
        "batch_write",
        "begin_transaction",
        "bulk_delete_documents",
        "commit",
        "create_document",
        "delete_document",
        "import_documents",
        "update_document",
    }
)
"""Calls of the generated client that change something, by names that nothing else has."""
CLIENTS: Final = frozenset({"google.cloud.firestore", "google.cloud.firestore_v1", "firebase_admin.firestore"})
"""The hand-written client: its documents and batches have methods that other things have too."""
AMBIGUOUS: Final = frozenset(
    {"add", "batch", "bulk_writer", "create", "delete", "recursive_delete", "set", "transaction", "transactional", "update"}
)  # fmt: skip
COMPUTED: Final = "{computed}"
"""Stands for a method that is called by a name that only running the code tells."""


class Mention(NamedTuple):
    """A name that code mentions, and the line."""

    name: str
    line: int


@dataclass
class Mentions:
    """What one file mentions at its top level, and what each of its functions does; `client`: it imports the client."""

    client: bool = False
    top: list[Mention] = field(default_factory=list)
    functions: list[tuple[str, list[Mention]]] = field(default_factory=list)


def firestore_writes(sources: Mapping[str, bytes]) -> Iterator[tuple[str, int]]:
    """Yield `(module, line)` of each place that may change a document; `sources` are the files inside, by module."""
    ours = frozenset(name.partition(".")[0] for name in sources)
    files = {module: _mentions(source, ours) for module, source in sources.items()}
    reached = list(_reached(files))
    client = any(each.client for each in files.values())
    writing = GAPIC | {COMPUTED} | (AMBIGUOUS if client else frozenset())
    yield from sorted({(module, mention.line) for module, mention in reached if mention.name in writing})


def _reached(files: Mapping[str, Mentions]) -> Iterator[tuple[str, Mention]]:
    by_name: dict[str, list[tuple[str, list[Mention]]]] = {}
    for module, found in files.items():
        for name, mentions in found.functions:
            by_name.setdefault(name, []).append((module, mentions))
    waiting = [(module, mention) for module, found in files.items() for mention in found.top]
    seen: set[str] = set()
    while waiting:
        module, mention = waiting.pop()
        yield module, mention
        if mention.name not in seen:
            seen.add(mention.name)
            for where, mentions in by_name.get(mention.name, ()):
                waiting.extend((where, each) for each in mentions)


@lru_cache(maxsize=512)
def _mentions(source: bytes, ours: frozenset[str]) -> Mentions:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):  # the archive is refused for it
        return Mentions()
    found = Mentions(client=not CLIENTS.isdisjoint(_imported(tree)))
    reader = _Reader(found, _foreign(tree, ours))
    reader.into(tree.body, found.top)
    return found


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{each.name}" for each in node.names)


def _foreign(tree: ast.Module, ours: Collection[str]) -> frozenset[str]:
    """Return the names that a file binds to what others provide: modules and their members."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {
                each.asname or each.name.partition(".")[0]
                for each in node.names
                if each.name.partition(".")[0] not in ours
            }
        elif isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").partition(".")[0] not in ours:
            names |= {each.asname or each.name for each in node.names}
    return frozenset(names)


class _Reader:
    def __init__(self, found: Mentions, foreign: frozenset[str]) -> None:
        self._found, self._foreign = found, foreign

    def into(self, nodes: list[ast.stmt], mentions: list[Mention]) -> None:
        for node in nodes:
            self._read(node, mentions)

    def _read(self, node: ast.AST, mentions: list[Mention]) -> None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            self._function(node, mentions)
            return
        if isinstance(node, ast.Name):
            mentions.append(Mention(node.id, node.lineno))
        elif isinstance(node, ast.Attribute) and not self._of_others(node):
            mentions.append(Mention(node.attr, node.lineno))
        elif isinstance(node, ast.Call) and _is_computed(node.func):
            mentions.append(Mention(COMPUTED, node.lineno))
        for child in ast.iter_child_nodes(node):
            self._read(child, mentions)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, mentions: list[Mention]) -> None:
        inside: list[Mention] = []
        self.into(node.body, inside)
        self._found.functions.append((node.name, inside))
        if node.name.startswith("__"):  # called without being named
            mentions.append(Mention(node.name, node.lineno))
        defaults = [each for each in (*node.args.defaults, *node.args.kw_defaults) if each is not None]
        for outside in (*node.decorator_list, *defaults):
            self._read(outside, mentions)

    def _of_others(self, node: ast.Attribute) -> bool:
        root: ast.expr = node
        while isinstance(root, ast.Attribute):
            root = root.value
        return isinstance(root, ast.Name) and root.id in self._foreign


def _is_computed(function: ast.expr) -> bool:
    """Say whether what is called is an attribute whose name only running the code tells."""
    return (
        isinstance(function, ast.Call)
        and isinstance(function.func, ast.Name)
        and function.func.id == "getattr"
        and len(function.args) > 1
        and not isinstance(function.args[1], ast.Constant)
    )
