"""What a deployment puts beside every function, as far as its scripts say it in plain copy steps."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator
from typing import NamedTuple

from analysis.python.file_tree import EntryKind, FileTree

_SCRIPTS = re.compile(r"(?:\.(?:sh|bash|ya?ml|mk)|^Makefile|^Dockerfile|^justfile)$")
_COPIES = {"cp", "rsync", "COPY", "ADD"}
_PLACES = ("", "bin", "scripts", "deploy", "ci", "tools", ".github/workflows")
MOST_BYTES = 1_000_000


class CopyStep(NamedTuple):
    """A name at the tree's top that a script copies, and the line that does it."""

    name: str
    file: str
    line: int


def copy_steps(files: FileTree, base: str, names: set[str]) -> Iterator[CopyStep]:
    """Yield the copies of `names` at the top of the tree `base` into somewhere else."""
    for place in _PLACES:
        folder = posixpath.join(base, place).rstrip("/")
        for name, kind in sorted(files.entries(folder).items()):
            if kind is EntryKind.FILE and _SCRIPTS.search(name):
                file = f"{folder}/{name}"
                for line, source in _sources(files.content(file)):
                    if source in names:
                        yield CopyStep(source, posixpath.relpath(file, base), line)


def _sources(content: tuple[bytes, str] | None) -> Iterator[tuple[int, str]]:
    """Yield the last names of what the commands of a script copy, the target apart."""
    text = content[0].decode("utf-8", "replace") if content and len(content[0]) <= MOST_BYTES else ""
    for number, row in enumerate(text.splitlines(), start=1):
        for command in re.split(r"&&|\|\||;|\||^\s*-\s*(?:run:)?|^RUN\s", row):
            try:
                words = shlex.split(command, comments=True)
            except ValueError:
                continue
            if words and words[0].rpartition("/")[2] in _COPIES:
                for word in [each for each in words[1:-1] if not each.startswith("-")]:
                    yield (
                        number,
                        posixpath.basename(word.removesuffix("/.").removesuffix("/*").rstrip("/")).removesuffix(".py"),
                    )
