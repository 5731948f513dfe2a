"""Where code writes to Firestore, if it does: a function that only reads gets no right to change documents.

Code is reached from the modules' top level by the names that it mentions: `module.name` reaches that function, any other
mention of `name` every first-party function of that name, and what those mention in turn. That is more than what runs,
never less, so that a writer is not taken for a reader. A method of something that an installed package provides
(`sys.stdout.write`) reaches nothing of ours.

This walks the tree itself, for the record has what names are and what is called, and not every mention of a name: a
function that is handed over, or called by a decorator, is reached here and called nowhere.
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
_WRITING: Final = GAPIC | AMBIGUOUS | {COMPUTED}


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
    modules = frozenset(sources)
    files = {module: _mentions(source, modules) for module, source in sources.items()}
    reached = list(_reached(files))
    client = any(each.client for each in files.values())
    writing = GAPIC | {COMPUTED} | (AMBIGUOUS if client else frozenset())
    yield from sorted({(module, each.line) for module, each in reached if each.name.rpartition(":")[2] in writing})


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
            owner, _, name = mention.name.rpartition(":")
            known = by_name.get(name, ())
            own = [each for each in known if each[0] == owner]
            for where, mentions in own or known:
                waiting.extend((where, each) for each in mentions)


@lru_cache(maxsize=512)
def _mentions(source: bytes, modules: frozenset[str]) -> Mentions:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):  # the archive is refused for it
        return Mentions()
    found = Mentions(client=not CLIENTS.isdisjoint(_imported(tree)))
    ours = frozenset(name.partition(".")[0] for name in modules)
    reader = _Reader(found, _foreign(tree, ours), _bound(tree, modules))
    reader.into(tree.body, found.top)
    found.top = _told(found.top)
    found.functions = [(name, _told(mentions)) for name, mentions in found.functions]
    return found


def _told(mentions: list[Mention]) -> list[Mention]:
    """Return mentions without repeats; every line of what may write is kept, of other names the first one."""
    kept: dict[object, Mention] = {}
    for each in mentions:
        kept.setdefault(each if each.name.rpartition(":")[2] in _WRITING else each.name, each)
    return list(kept.values())


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


def _bound(tree: ast.Module, modules: Collection[str]) -> Mapping[str, str]:
    """Return what a file's imports bind of our own: name to a module, or to `module:member`."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {each.asname or each.name: each.name for each in node.names if each.name in modules}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for each in node.names:
                inner = f"{node.module}.{each.name}"
                if inner in modules:
                    found[each.asname or each.name] = inner
                elif node.module in modules:
                    found[each.asname or each.name] = f"{node.module}:{each.name}"
    return found


class _Reader:
    def __init__(self, found: Mentions, foreign: frozenset[str], bound: Mapping[str, str]) -> None:
        self._found, self._foreign, self._bound = found, foreign, bound
        self._parameters: tuple[str, ...] = ()

    def into(self, nodes: list[ast.stmt], mentions: list[Mention]) -> None:
        for node in nodes:
            self._read(node, mentions)

    def _read(self, node: ast.AST, mentions: list[Mention], owner: str = "") -> None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            self._function(node, mentions, owner)
            return
        if isinstance(node, ast.ClassDef):
            owner = node.name
        if isinstance(node, ast.Name) and node.id not in self._parameters:
            bound = self._bound.get(node.id, "")
            mentions.append(Mention(bound if ":" in bound else node.id, node.lineno))
        elif isinstance(node, ast.Attribute) and not self._of_others(node):
            owner = self._bound.get(node.value.id, "") if isinstance(node.value, ast.Name) else ""
            named = f"{owner}:{node.attr}" if owner and ":" not in owner else node.attr
            mentions.append(Mention(named, node.lineno))
        elif isinstance(node, ast.Call) and _is_computed(node.func):
            mentions.append(Mention(COMPUTED, node.lineno))
        for child in ast.iter_child_nodes(node):
            self._read(child, mentions, owner)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, mentions: list[Mention], owner: str) -> None:
        inside: list[Mention] = []
        outer, given = self._parameters, node.args
        # What a caller hands over is mentioned where it does.
        self._parameters = (*outer, *(each.arg for each in (*given.posonlyargs, *given.args, *given.kwonlyargs)))
        self.into(node.body, inside)
        self._parameters = outer
        self._found.functions.append((node.name, inside))
        if node.name.startswith("__") and owner:  # called without being named, once there is one of its class
            self._found.functions.append((owner, inside))
        elif node.name.startswith("__"):
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
