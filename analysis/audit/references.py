"""Names of folders that are not there, in scripts, YAML and documentation: what a move or a deletion left behind.

A path is judged only where it begins in a folder of the tree, so that addresses, images and other machines' paths are not
taken for ours. What git ignores, what a script makes, and placeholders are left alone.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from analysis.python.file_tree import EntryKind, FileTree

_READ = re.compile(r"(?:\.(?:sh|bash|ya?ml|mk|md|rst|toml)|^Makefile.*|^Dockerfile.*|^justfile|^CODEOWNERS)$")
_PROSE = (".md", ".rst")
_PATH = re.compile(
    r"(?<![\w/.:@~+%*>}\])$-])((?:\$\{?\w+\}?/|\.{1,2}/)*)([A-Za-z0-9_][\w-]*(?:/[\w.-]*\w)+)(?:/\*\*?|/)?(?![\w<{*$(\[/@]|\.[*<{$])"
)
_SPAN = re.compile(r"`([^`]+)`|\]\(([^)\s]+)\)")
_PLACEHOLDER = re.compile(r"[A-Z][A-Z_]*|(?i:(?:my|your|example|some|foo|bar)(?:[-_].*)?)|x+|\.+")
_NO_PATH = re.compile(r"\bconfig\s+(?:get|set|get-value|unset)\s+\S+|\bapiVersion:.*")
_MAKES = re.compile(r"\bmkdir\b|--target|-o\s|>\s*\S*$|\bgit\s+(?:rm|mv)\b|rm\s+-")
_SKIPPED = {"node_modules", "site-packages", "__pycache__"}
MOST_FILES, MOST_BYTES, MOST_DEPTH = 20_000, 1_000_000, 12


class Reference(NamedTuple):
    """A folder that is named and not there.

    Attributes:
        path: as it is named, from the tree's top, up to the folder that is missing.
        file: where it is named, from the tree's top.
        line: 1-based line in it.
        now_at: where the only folder of its name is, "" where there is none or are several.
    """

    path: str
    file: str
    line: int
    now_at: str

    @property
    def sentence(self) -> str:
        """Return what is wrong."""
        moved = f"a folder of that name is at {self.now_at}" if self.now_at else "no folder of the tree has that name"
        return f"'{self.path}' is named here and is not there; {moved}."


def references(files: FileTree, base: str) -> Iterator[Reference]:
    """Yield each folder that is named in a file of the tree `base` and is not there, once per file."""
    walked = _Walk(files, base)
    for file in walked.files:
        found: dict[str, Reference] = {}
        for line, path in _named(walked, file):
            missing = walked.missing(path, posixpath.dirname(file))
            if missing:
                found.setdefault(missing, Reference(missing, file, line, walked.now_at(missing)))
        yield from found.values()


class _Walk:
    """The folders of a tree, and the files in it that name some."""

    def __init__(self, files: FileTree, base: str) -> None:
        self._files, self._base = files, base
        self.files: list[str] = []
        self._by_name: dict[str, list[str]] = {}
        self._looked_at = 0
        ignored = files.content(f"{base}/.gitignore")
        self._is_ignored = _matcher(ignored[0].decode("utf-8", "replace").splitlines()) if ignored else _nothing
        self._look("", 0)

    def _look(self, folder: str, depth: int) -> None:
        for name, kind in sorted(self.entries(folder).items()):
            path = posixpath.join(folder, name)
            self._looked_at += 1
            if self._looked_at > MOST_FILES or self._files.is_link(f"{self._base}/{path}"):
                continue
            if kind is EntryKind.FILE and _READ.search(name):
                self.files.append(path)
            elif kind is EntryKind.FOLDER and depth < MOST_DEPTH and self._is_walked(path, name):
                self._by_name.setdefault(name, []).append(path)
                self._look(path, depth + 1)

    def _is_walked(self, path: str, name: str) -> bool:
        hidden = name.startswith(".") and name != ".github"
        environment = "pyvenv.cfg" in self.entries(path)
        return not (hidden or environment or name in _SKIPPED or self._is_ignored(f"{path}/"))

    def entries(self, folder: str) -> dict[str, EntryKind]:
        return dict(self._files.entries(posixpath.join(self._base, folder).rstrip("/")))

    def text(self, file: str) -> str:
        content = self._files.content(f"{self._base}/{file}")
        return content[0].decode("utf-8", "replace") if content and len(content[0]) <= MOST_BYTES else ""

    def missing(self, path: str, beside: str) -> str:
        """Return the path up to the folder that is not there, "" where all is or nothing can be said."""
        parts = path.split("/")
        if self.entries("").get(parts[0]) is not EntryKind.FOLDER or (parts[0] in self.entries(beside) and beside):
            return ""
        for count in range(2, len(parts) + 1):
            name, entries = parts[count - 1], self.entries("/".join(parts[: count - 1]))
            if name in entries:
                if entries[name] is not EntryKind.FOLDER:
                    return ""
                continue
            is_file = count == len(parts) and "." in name
            prose = name in self.entries("")  # "analysis/provider" in a sentence
            module = f"{name}.py" in entries
            here = "/".join(parts[:count])
            return (
                ""
                if is_file or prose or module or _PLACEHOLDER.fullmatch(name) or self._is_ignored(f"{here}/")
                else here
            )
        return ""

    def now_at(self, path: str) -> str:
        found = self._by_name.get(posixpath.basename(path), [])
        return found[0] if len(found) == 1 else ""


def _matcher(lines: list[str]) -> Callable[[str], bool]:
    from pathspec import GitIgnoreSpec  # a tenth of a warm audit, which a tree without `.gitignore` does without

    return GitIgnoreSpec.from_lines(lines).match_file


def _nothing(_: str) -> bool:
    return False


def _named(walk: _Walk, file: str) -> Iterator[tuple[int, str]]:
    """Yield the paths that a file names, with their lines; of prose, those in code and links only."""
    fenced = False
    made: set[str] = set()
    for number, row in enumerate(walk.text(file).splitlines(), start=1):
        texts = [row]
        if file.endswith(_PROSE):
            if row.lstrip().startswith(("```", "~~~")):
                fenced = not fenced
            elif not fenced:
                texts = [span or link for span, link in _SPAN.findall(row)]
        for text in texts:
            for found in _PATH.finditer(_NO_PATH.sub("", text)):
                path = found[2]
                if _MAKES.search(text):
                    made.add(path)
                elif not any(f"{path}/".startswith(f"{each}/") for each in made):
                    yield number, path
