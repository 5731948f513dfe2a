"""How people deploy function folders, and what of a tree is therefore beside each function.

| Way | What is in an archive |
|---|---|
| `folder` | the folder with links followed, as `cp -rL` and `zip -r` take it |
| `rsync` | the same by `rsync -aL`, which fails at a link that leads nowhere |
| `gcloud` | what `gcloud functions deploy --source` uploads: by `.gcloudignore`, without linked folders |
| `scripts` | the folder, and what copy steps of the tree's scripts put beside it |
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from analysis.audit.scripts import CopyStep, Script, UnreadStep, by_name, let_through, meant_for, scripts_of
from analysis.python.file_tree import EntryKind, FileTree
from analysis.python.finder import SearchFolder

Hidden = Callable[[str, bool], bool]
"""Whether a path, absolute and a folder or not, is not deployed."""


class Deploy(StrEnum):
    """A way to deploy."""

    FOLDER = "folder"
    RSYNC = "rsync"
    GCLOUD = "gcloud"
    SCRIPTS = "scripts"


class DeployedView(FileTree):
    """A tree without what is not deployed."""

    def __init__(self, files: FileTree, hidden: Iterable[Hidden]) -> None:
        super().__init__()
        self._whole, self._rules = files, tuple(hidden)
        self.is_link = files.is_link  # type: ignore[method-assign]

    def entries(self, folder: str) -> Mapping[str, EntryKind]:
        """Return what is deployed of a folder."""
        listed = self._whole.entries(folder).items()
        return {name: kind for name, kind in listed if not self._hides(f"{folder}/{name}", kind is EntryKind.FOLDER)}

    def content(self, file: str) -> tuple[bytes, str] | None:
        """Return the bytes of a file that is deployed."""
        return None if self._hides(file, False) else self._whole.content(file)

    def _hides(self, path: str, is_folder: bool) -> bool:
        return any(hidden(path, is_folder) for hidden in self._rules)


@dataclass(frozen=True)
class DeployedFunction:
    """What is beside one function: search folders in order, what of the tree is left out, what could not be read."""

    roots: tuple[SearchFolder, ...] = ()
    hidden: tuple[Hidden, ...] = ()
    unread: tuple[UnreadStep, ...] = ()


class DeployedTree:
    """What is deployed with each function of a tree.

    Args:
        files: the tree.
        base: its top.
        folders: its function folders.
        way: how they are deployed; None for `scripts` where no roots are given, else `folder`.
        roots: folders that are copied beside each function.
    """

    def __init__(
        self, files: FileTree, base: str, folders: Iterable[str], way: Deploy | None, roots: Iterable[str]
    ) -> None:
        self.way = way
        self._files, self._base, self._folders = files, base, tuple(folders)
        self.roots = tuple(SearchFolder(root) for root in roots)
        reads = way is Deploy.SCRIPTS or (way is None and not self.roots)
        paths = tuple(posixpath.relpath(folder, base) for folder in self._folders)
        self._scripts = tuple(scripts_of(files, base, paths)) if reads else ()
        self._meant = {script.file: meant_for(script, paths) for script in self._scripts}
        self.copied = tuple(
            by_name(step for script in self._scripts for step in script.steps if self._is_shared(step)).values()
        )
        self.unread = tuple(dict.fromkeys(step for script in self._scripts for step in script.unread))
        self.lost = tuple(dict.fromkeys(step for script in self._scripts for step in script.lost))

    def _is_shared(self, step: CopyStep) -> bool:
        """Return whether a step copies more than a function's own folder, which is there anyway."""
        path = posixpath.join(self._base, step.name)
        return bool(step.inside) and not any(f"{path}/".startswith(f"{each}/") for each in self._folders)

    def of(self, folder: str) -> DeployedFunction:
        """Return what is deployed with one function."""
        hidden: list[Hidden] = [_uploads(self._files, folder)] if self.way is Deploy.GCLOUD else []
        mine = [script for script in self._scripts if self._is_for(script, folder)]
        steps = [step for script in mine for step in script.steps if self._is_shared(step)]
        roots = {**dict.fromkeys(self.roots)}
        for path, only in _tops(steps).items():
            roots[SearchFolder(posixpath.join(self._base, path).rstrip("/"), "", tuple(sorted(only)))] = None
        if steps:
            hidden.append(self._not_copied(steps, folder))
        return DeployedFunction(tuple(roots), tuple(hidden), tuple(step for script in mine for step in script.unread))

    def by_framework(self, folder: str) -> bool:
        """Return whether the functions framework loads a folder, as far as the way to deploy or a script says so."""
        scripts = (script for script in self._scripts if self._is_for(script, folder))
        return self.way is Deploy.GCLOUD or any(_RUNS_FRAMEWORK.search(script.text) for script in scripts)

    def _is_for(self, script: Script, folder: str) -> bool:
        meant = self._meant[script.file]
        return not meant or posixpath.relpath(folder, self._base) in meant

    def _not_copied(self, steps: Iterable[CopyStep], function: str) -> Hidden:
        """Return the rule that hides what lies beside a copied part of a package, and what a step leaves out."""
        copied = {posixpath.join(self._base, step.name): step.rules for step in steps}
        tops = {self._top(step) for step in steps}

        def hidden(path: str, is_folder: bool) -> bool:
            if f"{path}/".startswith(f"{function}/") or not any(path.startswith(f"{top}/") for top in tops):
                return False
            around = [source for source in copied if f"{path}/".startswith(f"{source}/")]
            if not around:
                bare = path.removesuffix(".py")
                return not any(source == bare or source.startswith(f"{path}/") for source in copied)
            return all(not _passes(copied[source], posixpath.relpath(path, source), is_folder) for source in around)

        return hidden

    def _top(self, step: CopyStep) -> str:
        above = step.name.removesuffix(step.inside).rstrip("/")
        return posixpath.join(self._base, above, step.inside.partition("/")[0])


def _tops(steps: Iterable[CopyStep]) -> dict[str, set[str]]:
    """Return folder → the names in it that are copied, or whose parts are."""
    found: dict[str, set[str]] = {}
    for step in steps:
        above = step.name.removesuffix(step.inside).rstrip("/")
        found.setdefault(above, set()).add(step.inside.partition("/")[0].removesuffix(".py"))
    return found


def _passes(rules: tuple[tuple[bool, str], ...], path: str, is_folder: bool) -> bool:
    if path == ".":
        return True
    parts = path.split("/")
    parents = ("/".join(parts[:count]) for count in range(1, len(parts)))
    return all(let_through(rules, each, is_folder=True) for each in parents) and let_through(
        rules, path, is_folder=is_folder
    )


_RUNS_FRAMEWORK = re.compile(
    r"gcloud\s+(?:\w+\s+)?functions\s+deploy|'functions', 'deploy'|gcloud\s+(?:\w+\s+)?run\s+deploy\b[^;&|]*--function\b|functions-framework"
)
_GIT = (".git", ".gitignore")
_DEFAULT = (".gcloudignore", ".git", ".gitignore", "node_modules")


def _uploads(files: FileTree, folder: str) -> Hidden:
    """Return the rule of `gcloud functions deploy`: what `.gcloudignore` names, and folders that are links."""
    from pathspec import GitIgnoreSpec  # a tenth of a warm audit, which most do without

    spec = GitIgnoreSpec.from_lines(map(_anywhere, _ignored(files, folder)))

    def hidden(path: str, is_folder: bool) -> bool:
        if not path.startswith(f"{folder}/"):
            return False
        parts = posixpath.relpath(path, folder).split("/")
        for count in range(1, len(parts) + 1):
            below = "/".join(parts[:count])
            whole = is_folder if count == len(parts) else True
            if (whole and files.is_link(f"{folder}/{below}")) or spec.match_file(f"{below}/" if whole else below):
                return True
        return False

    return hidden


def _anywhere(line: str) -> str:
    """Return a pattern as gcloud means it: unlike for git, a slash inside does not bind it to the folder, one in front does."""
    negated, pattern = ("!", line[1:]) if line.startswith("!") else ("", line)
    inside = "/" in pattern.rstrip("/") and not pattern.startswith(("/", "**/"))
    return f"{negated}**/{pattern}" if inside else line


def _ignored(files: FileTree, folder: str) -> Iterator[str]:
    """Yield the lines of a folder's `.gcloudignore`, or of that which gcloud makes beside files of git."""
    there = files.entries(folder)
    if ".gcloudignore" in there:
        lines = _lines(files, f"{folder}/.gcloudignore")
    elif any(name in there for name in (*_GIT, "node_modules")):
        lines = [*_DEFAULT, *(["#!include:.gitignore"] if ".gitignore" in there else [])]
    else:
        lines = []
    for line in lines:
        included = line[1:].lstrip() if line.startswith("#") else ""
        if included.startswith("!include:"):
            yield from (each for each in _lines(files, f"{folder}/{included.removeprefix('!include:').strip()}"))
        elif not line.startswith("#"):
            yield line


def _lines(files: FileTree, path: str) -> list[str]:
    content = files.content(path)
    return content[0].decode("utf-8", "replace").splitlines() if content else []
