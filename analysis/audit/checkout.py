"""The tree that is audited: its function folders, what is deployed with each, and what else has which name in it."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator
from pathlib import Path

from analysis.audit.deployment import Deploy, DeployedTree
from analysis.cache import Cache
from analysis.python.file_tree import EntryKind, FileTree, Trace, relative
from analysis.python.finder import ENTRY
from analysis.python.linking import Links
from analysis.python.listed_names import standard_library
from analysis.python.reader import RecordReader
from analysis.python.syntax import PythonVersion


class Checkout:
    """What an audit knows of the tree as a whole.

    Args:
        tree: the tree's top.
        roots: folders that are copied beside every function.
        target: the runtime's version.
        way: how the folders are deployed.
        cache: where results of earlier runs are.
        generated: files that a build writes into every function's folder, by their path in it.
    """

    def __init__(
        self,
        tree: Path,
        roots: Collection[Path],
        target: PythonVersion,
        way: Deploy | None,
        cache: Cache,
        generated: Collection[str] = (),
    ) -> None:
        self.base, self.generated = str(tree), frozenset(generated)
        self.target, self.standard = target, standard_library(target)
        self.files = FileTree()
        self.read, self.links = RecordReader(target, cache, depth="names"), Links()
        self.left_out: list[str] = []
        self.folders = list(self._find(self.base, 0))
        carried = {name for folder in self.folders for name in _modules(self.files, folder)}
        self.deployments = DeployedTree(self.files, self.base, self.folders, way, map(str, roots))
        self.roots = tuple(dict.fromkeys(root for folder in self.folders for root in self.deployments.of(folder).roots))
        carries = any("requirements.txt" in self.files.entries(folder) for folder in self.folders)
        shared = [name for name in ("requirements.txt", "requirements.lock") if name in self.files.entries(self.base)]
        self.common_requirements = f"{self.base}/{shared[0]}" if shared and not carries else ""
        self._around = [self.base, *_checkout(self.files, self.base)]
        around = {name for folder in self._around for name in _modules(self.files, folder)}
        self.own_names = carried | around | {name for root in roots for name in _modules(self.files, str(root))}
        self._elsewhere = [*(str(root) for root in roots), *self._around, *self.folders]

    def _find(self, folder: str, depth: int) -> Iterator[str]:
        """Yield function folders: those with a `main.py`, except packages inside packages; what is left out is named."""
        entries = self.files.entries(folder)
        if f"{ENTRY}.py" in entries and (not depth or _is_function(self.files, folder, self.base)):
            yield folder
            return
        for name, kind in sorted(entries.items()):
            path = f"{folder}/{name}"
            if kind is EntryKind.FOLDER and name != ".git":
                why = self._why_left_out(path, name, depth)
                if why:
                    self.left_out.append(f"{self.place(path)}: {why}")
                else:
                    yield from self._find(path, depth + 1)

    def _why_left_out(self, path: str, name: str, depth: int) -> str:
        if _ENVIRONMENT in self.files.entries(path):
            return "an environment of Python"
        if name in SKIPPED:
            return "installed packages"
        if name.startswith("."):
            return "hidden"
        if self.files.is_link(path):
            return "a link"
        return "too deep" if depth >= MOST_DEPTH else ""

    def is_own(self, module: str) -> bool:
        """Return whether the tree has first-party code of that top-level name somewhere."""
        return module.partition(".")[0] in self.own_names

    def elsewhere(self, trace: Trace, module: str, folder: str) -> str:
        """Return a source of `module` somewhere else in the tree, "" if there is none."""
        path = module.replace(".", "/")
        for base in self._elsewhere:
            above = posixpath.dirname(f"{base}/{path}")
            name = posixpath.basename(path)
            entries = trace.entries(above) if base != folder else {}
            if entries.get(f"{name}.py") is EntryKind.FILE:
                return self.place(f"{above}/{name}.py")
            if entries.get(name) is EntryKind.FOLDER:
                return self.place(f"{above}/{name}")
        return ""

    def place(self, path: str) -> str:
        """Return a path from the tree's top."""
        return relative(path, self.base)


SKIPPED = {"node_modules", "site-packages"}


_ENVIRONMENT = "pyvenv.cfg"


MOST_DEPTH, MOST_FUNCTIONS = 40, 5_000
"""How deep folders are looked into, and how many functions are audited; what is beyond is named as left out."""


def _modules(tree: FileTree, folder: str) -> set[str]:
    """Return names that could be imported from `folder`; broken links count, they were meant to."""
    names = set()
    for name, kind in tree.entries(folder).items():
        if name.endswith(".py"):
            names.add(name.removesuffix(".py"))
        elif kind is not EntryKind.FILE and name.isidentifier() and name not in SKIPPED:
            names.add(name)
    return names - {ENTRY, "setup", "conftest"}


def _checkout(files: FileTree, base: str) -> Iterator[str]:
    """Yield the folders around a tree, up to the top of the checkout that it is in; none where it is in none."""
    folders = []
    while ".git" not in files.entries(base):
        base = posixpath.dirname(base)
        folders.append(base)
        if base in ("/", "") or len(folders) > MOST_DEPTH:
            return
    yield from folders


def _is_function(tree: FileTree, folder: str, base: str) -> bool:
    entries = tree.entries(folder)
    return posixpath.dirname(folder) == base or "__init__.py" not in entries or "requirements.txt" in entries
