"""What the copy steps of a deployment put beside functions, read from shell scripts, YAML, Makefiles and Dockerfiles.

A step is a `cp`, `rsync`, `COPY` or `ADD`. Variables, arrays and loops count as far as literals give their values; a
directory that only a run of the script tells is taken for the top of the tree. What cannot be told is said to be unread.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from analysis.audit.shell import UNKNOWN, ShellCommand, commands_of
from analysis.audit.yaml_texts import texts_of
from analysis.python.file_tree import EntryKind, FileTree

_SCRIPTS = re.compile(r"(?:\.(?:sh|bash|ya?ml|mk)|^Makefile|^Dockerfile|^justfile)$")
_COPIES = {"cp", "rsync", "COPY", "ADD"}
_PLACES = ("", "bin", "scripts", "deploy", "ci", "tools", ".github/workflows")
_DEPLOYS = re.compile(
    r"gcloud\s+(?:\w+\s+)?(?:functions|run)\s+deploy|aws\s+lambda\s+\S+-function|sam\s+deploy|'functions', 'deploy'"
)
_VALUED = {
    "--exclude",
    "--include",
    "--from",
    "--chown",
    "--chmod",
    "--exclude-from",
    "--include-from",
    "--files-from",
    "--filter",
    "-f",
    "-e",
    "--rsh",
}
_UNREAD_FILTERS = ("--exclude-from", "--include-from", "--files-from", "--filter", "-f")
MOST_BYTES = 1_000_000


class CopyStep(NamedTuple):
    """Something of the tree that a script copies, and the line that does it.

    Attributes:
        name: its path from the tree's top; a module without its ending.
        file: the script.
        line: 1-based line in it.
        inside: where it lands beside the function, by its path.
        rules: what of it `--include` and `--exclude` let through, in order.
    """

    name: str
    file: str
    line: int
    inside: str = ""
    rules: tuple[tuple[bool, str], ...] = ()


class UnreadStep(NamedTuple):
    """A copy step whose source or target is not to be told from the script, as it stands there."""

    text: str
    file: str
    line: int


class Script(NamedTuple):
    """What one script does.

    Attributes:
        file: its path from the tree's top.
        text: what is written in it.
        steps: what it copies.
        unread: copy steps of it that cannot be told, where the script deploys functions.
        lost: copy steps that name something of the tree that is not there.
    """

    file: str
    text: str
    steps: tuple[CopyStep, ...]
    unread: tuple[UnreadStep, ...]
    lost: tuple[UnreadStep, ...]


def scripts_of(files: FileTree, base: str, functions: tuple[str, ...]) -> Iterator[Script]:
    """Yield every script of the tree `base`, and below its usual folders for scripts; `functions` are paths in it."""
    for place in _PLACES:
        folder = posixpath.join(base, place).rstrip("/")
        yield from _below(files, base, folder, functions, deep=bool(place))


def _below(files: FileTree, base: str, folder: str, functions: tuple[str, ...], *, deep: bool) -> Iterator[Script]:
    for name, kind in sorted(files.entries(folder).items()):
        path = f"{folder}/{name}"
        if kind is EntryKind.FILE and _SCRIPTS.search(name):
            content = files.content(path)
            if content and len(content[0]) <= MOST_BYTES:
                yield _read(files, base, path, functions, content[0].decode("utf-8", "replace"))
        elif deep and kind is EntryKind.FOLDER and not files.is_link(path) and path.count("/") - base.count("/") < 4:
            yield from _below(files, base, path, functions, deep=True)


def _read(files: FileTree, base: str, path: str, functions: tuple[str, ...], text: str) -> Script:
    file = posixpath.relpath(path, base)
    steps: list[CopyStep] = []
    unread: list[UnreadStep] = []
    lost: list[UnreadStep] = []
    for command in _commands(path, text):
        name = posixpath.basename(command.words[0][0]) if command.words[0] else ""
        if name in _COPIES:
            reader = _Copy(files, base, file, command, functions)
            steps += reader.steps()
            unread += reader.unread
            lost += reader.lost
    if not _DEPLOYS.search(text):
        unread = []
    return Script(file, text, tuple(steps), tuple(unread), tuple(lost))


def _commands(path: str, text: str) -> Iterator[ShellCommand]:
    if path.endswith((".yml", ".yaml")):
        for block in texts_of(text):
            yield from commands_of(block.text, block.line, block.known)
    else:
        yield from commands_of(text, 1, {})


class _Copy:
    """One copy command: which of its words are sources, and what these are in the tree."""

    def __init__(
        self, files: FileTree, base: str, file: str, command: ShellCommand, functions: tuple[str, ...]
    ) -> None:
        self._files, self._base, self._file, self._command = files, base, file, command
        self._functions = functions
        self.unread: list[UnreadStep] = []
        self.lost: list[UnreadStep] = []

    def steps(self) -> Iterator[CopyStep]:
        operands, rules, readable = self._operands()
        if len(operands) < 2:
            return
        *sources, targets = operands
        for source in sources:
            for text in source:
                yield from self._step(text, targets, rules, readable)

    def _operands(self) -> tuple[list[tuple[str, ...]], tuple[tuple[bool, str], ...], bool]:
        operands: list[tuple[str, ...]] = []
        rules: list[tuple[bool, str]] = []
        readable, words = True, iter(self._command.words[1:])
        for word in words:
            first = word[0] if word else ""
            if not first.startswith("-") or first == "-":
                operands += [word] if first and not re.fullmatch(r"\d?>.*|<.*", first) else []
                continue
            option, given, value = first.partition("=")
            if option in _VALUED and not given:
                value = (next(words, ("",)) or ("",))[0]
            if option in ("--exclude", "--include"):
                rules.append((option == "--include", value))
            readable &= option not in _UNREAD_FILTERS
        return operands, tuple(rules), readable

    def _step(
        self, text: str, targets: tuple[str, ...], rules: tuple[tuple[bool, str], ...], readable: bool
    ) -> Iterator[CopyStep]:
        contents = text.endswith(("/*", "/.")) or (text.endswith("/") and self._command.words[0][0].endswith("rsync"))
        source = self._inside(text.removesuffix("/*").removesuffix("/.").rstrip("/"))
        note = UnreadStep(self._command.text, self._file, self._command.line)
        if self._is_function(text, contents, targets):
            return
        if source is None or not readable:
            self.unread.append(note)
            return
        found = self._found(source)
        if found is None:
            if self._is_of_tree(source):
                self.lost.append(note._replace(text=source))
            return
        if contents and found in self._functions:
            return  # its own folder, which every deployment copies
        for target in dict.fromkeys(targets):
            inside = _landing(found, target, contents)
            if inside is None:
                self.unread.append(note)
            else:
                yield CopyStep(found, self._file, self._command.line, inside, rules)

    def _inside(self, text: str) -> str | None:
        """Return a source from the tree's top; what stands before the last unknown folder is taken for that top."""
        head, unknown, tail = text.rpartition(UNKNOWN)
        if unknown and (not tail.startswith("/") or (head.replace(UNKNOWN, "").strip("/."))):
            return None
        path = posixpath.normpath((tail if unknown else text).lstrip("/") or ".").removeprefix("workspace/")
        parts = [part for part in path.split("/") if part not in ("..", ".")]
        return "/".join(parts) or (None if unknown else "")

    def _is_function(self, text: str, contents: bool, targets: tuple[str, ...]) -> bool:
        """Return whether a source that only a run tells is a function's own folder, which every deployment copies.

        One whose path says nothing at all is, where its contents land at the top of what is deployed.
        """
        bare = text.removesuffix("/*").removesuffix("/.").rstrip("/").removeprefix("/workspace/")
        if UNKNOWN not in bare:
            return False
        if not bare.replace(UNKNOWN, "").strip("/"):
            return contents and all(not target.rpartition(UNKNOWN)[2].strip("/.") for target in targets)
        if not bare.strip(f"{UNKNOWN}./"):
            return False
        written = re.escape(re.sub(rf"^[{UNKNOWN}./]+/", "", bare)).replace(re.escape(UNKNOWN), "[^/]+")
        return any(re.search(rf"(?:^|/){written}$", function) for function in self._functions)

    def _is_of_tree(self, source: str) -> bool:
        """Return whether a path that is not there begins in a folder of the tree, so that it was meant to be."""
        top = source.partition("/")[0]
        return "/" in source and "*" not in source and self._files.entries(self._base).get(top) is EntryKind.FOLDER

    def _found(self, source: str) -> str | None:
        """Return the path of a source that is in the tree, with as much of its front as is there."""
        parts = source.split("/") if source and "*" not in source else []
        for start in range(len(parts)):
            above, name = posixpath.split("/".join(parts[start:]))
            entries = self._files.entries(posixpath.join(self._base, above).rstrip("/"))
            if name in entries and entries[name] in (EntryKind.FILE, EntryKind.FOLDER):
                return posixpath.join(above, name)
        return None


def _landing(source: str, target: str, contents: bool) -> str | None:
    """Return where a source lands beside the function; None where that is not the end of its own path."""
    _, unknown, tail = target.rpartition(UNKNOWN)
    parts = [part for part in (tail if unknown else target).split("/") if part not in ("", ".", "..")]
    name = posixpath.basename(source)
    if contents:
        return _end_of(source, parts) if parts and parts[-1] == name else ("" if len(parts) < 2 else None)
    if not parts or parts[-1] != name:
        parts = [*parts, name]
    return _end_of(source, parts) or name


def _end_of(source: str, parts: list[str]) -> str:
    """Return the longest end of `source` that `parts` ends with."""
    mine = source.split("/")
    length = 0
    while length < min(len(mine), len(parts)) and mine[-1 - length] == parts[-1 - length]:
        length += 1
    return "/".join(mine[len(mine) - length :]) if length else ""


def meant_for(script: Script, folders: Iterable[str]) -> frozenset[str]:
    """Return the function folders, by their paths from the tree's top, that a script names; none where it names none."""
    return frozenset(folder for folder in folders if re.search(rf"(?<![\w-]){re.escape(folder)}(?![\w-])", script.text))


def let_through(rules: Iterable[tuple[bool, str]], path: str, *, is_folder: bool) -> bool:
    """Return whether `--include` and `--exclude` let a path below the source through: the first pattern that fits decides."""
    for include, pattern in rules:
        if pattern.endswith("/") and not is_folder:
            continue
        bare = pattern.rstrip("/")
        wanted = _pattern(bare)
        if wanted.fullmatch(f"/{path}" if "/" in bare else posixpath.basename(path)):
            return include
    return True


def _pattern(text: str) -> re.Pattern[str]:
    anchored = "" if text.startswith("/") else "(?:.*/)?" if "/" in text else ""
    if "/" in text and not text.startswith("/"):
        anchored = "/(?:.*/)?"
    made = re.sub(
        r"\\\*\\\*|\\\*|\\\?", lambda found: {r"\*\*": ".*", r"\*": "[^/]*", r"\?": "[^/]"}[found[0]], re.escape(text)
    )
    return re.compile(anchored + made)


def by_name(steps: Iterable[CopyStep]) -> Mapping[str, CopyStep]:
    """Return the first step of each name."""
    found: dict[str, CopyStep] = {}
    for step in steps:
        found.setdefault(step.name, step)
    return found
