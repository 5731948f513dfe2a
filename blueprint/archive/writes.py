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
    """A name that code mentions, and the line; of an attribute the name at its very start, "" where there is none."""

    name: str
    line: int
    start: str | None = None
    direct: bool = False
    """Whether nothing stands between that name and the attribute."""


class Bound(NamedTuple):
    """A name that an import binds: to a module, or to a member of one."""

    name: str
    module: str
    member: str = ""


@dataclass
class Mentions:
    """What one file mentions at its top level, and what each of its functions does; `bound`: what its imports bind."""

    bound: list[Bound] = field(default_factory=list)
    top: list[Mention] = field(default_factory=list)
    functions: list[tuple[str, list[Mention]]] = field(default_factory=list)


class _File:
    """What one file mentions, in a program of certain modules."""

    def __init__(self, source: bytes, modules: Collection[str], ours: Collection[str]) -> None:
        self.mentions = read_mentions(source)
        bound = self.mentions.bound
        self.client = not CLIENTS.isdisjoint({*(each.module for each in bound), *map(_whole, bound)})
        self._foreign = {each.name.partition(".")[0] for each in bound if each.module.partition(".")[0] not in ours}
        self._own: dict[str, str] = {}
        for each in bound:
            if _whole(each) in modules:
                self._own[each.name] = _whole(each)
            elif each.module in modules:
                self._own[each.name] = f"{each.module}:{each.member}"

    def called(self, mention: Mention) -> str:
        """Return what a mention may reach: `module:name` of our own, any `name`, or "" for what others provide."""
        if mention.start is None:
            known = self._own.get(mention.name, "")
            return known if ":" in known else mention.name
        if mention.start in self._foreign:
            return ""
        owner = self._own.get(mention.start, "") if mention.direct else ""
        return f"{owner}:{mention.name}" if owner and ":" not in owner else mention.name


def _whole(bound: Bound) -> str:
    return f"{bound.module}.{bound.member}" if bound.member else bound.module


def firestore_writes(sources: Mapping[str, bytes]) -> Iterator[tuple[str, int]]:
    """Yield `(module, line)` of each place that may change a document; `sources` are the files inside, by module."""
    ours = {name.partition(".")[0] for name in sources}
    files = {module: _File(source, sources.keys(), ours) for module, source in sources.items()}
    client = any(each.client for each in files.values())
    writing = GAPIC | {COMPUTED} | (AMBIGUOUS if client else frozenset())
    reached = _reached(files)
    yield from sorted({(module, line) for module, name, line in reached if name.rpartition(":")[2] in writing})


def _reached(files: Mapping[str, _File]) -> Iterator[tuple[str, str, int]]:
    """Yield module, name and line of each mention that is reached."""
    by_name: dict[str, list[tuple[str, list[Mention]]]] = {}
    for module, file in files.items():
        for name, mentions in file.mentions.functions:
            by_name.setdefault(name, []).append((module, mentions))
    waiting = [(module, mention) for module, file in files.items() for mention in file.mentions.top]
    seen = {""}
    while waiting:
        module, mention = waiting.pop()
        called = files[module].called(mention)
        yield module, called, mention.line
        if called not in seen:
            seen.add(called)
            owner, _, name = called.rpartition(":")
            known = by_name.get(name, ())
            own = [each for each in known if each[0] == owner]
            for where, mentions in own or known:
                waiting.extend((where, each) for each in mentions)


@lru_cache(maxsize=512)
def read_mentions(source: bytes) -> Mentions:
    """Read one file, in whichever program it is."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):  # the archive is refused for it
        return Mentions()
    found = Mentions(list(_bound(tree)))
    _Reader(found).into(tree.body, found.top)
    writing = _WRITING | {each.name for each in found.bound if each.member in _WRITING}
    found.top = _told(found.top, writing)
    found.functions = [(name, _told(mentions, writing)) for name, mentions in found.functions]
    return found


def _told(mentions: list[Mention], writing: Collection[str]) -> list[Mention]:
    """Return mentions without repeats; every line of what may write is kept, of other names the first one."""
    kept: dict[object, Mention] = {}
    for each in mentions:
        kept.setdefault(each if each.name in writing else each._replace(line=0), each)
    return list(kept.values())


def _bound(tree: ast.Module) -> Iterator[Bound]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (Bound(each.asname or each.name, each.name) for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (Bound(each.asname or each.name, node.module, each.name) for each in node.names)


class _Reader:
    def __init__(self, found: Mentions) -> None:
        self._found = found
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
            mentions.append(Mention(node.id, node.lineno))
        elif isinstance(node, ast.Attribute):
            mentions.append(Mention(node.attr, node.lineno, _start(node), isinstance(node.value, ast.Name)))
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


def _start(node: ast.Attribute) -> str:
    root: ast.expr = node
    while isinstance(root, ast.Attribute):
        root = root.value
    return root.id if isinstance(root, ast.Name) else ""


def _is_computed(function: ast.expr) -> bool:
    """Say whether what is called is an attribute whose name only running the code tells."""
    return (
        isinstance(function, ast.Call)
        and isinstance(function.func, ast.Name)
        and function.func.id == "getattr"
        and len(function.args) > 1
        and not isinstance(function.args[1], ast.Constant)
    )
