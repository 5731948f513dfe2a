"""Reads a `requirements.txt` the way pip does: encodings, continued lines, nested files, options, markers, addresses, paths.

The format is pip's (pip.pypa.io/en/stable/reference/requirements-file-format); single requirements are read by `packaging`.
"""

from __future__ import annotations

import codecs
import posixpath
import re
import shlex
from collections.abc import Callable, Iterator
from typing import NamedTuple

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Specified
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from analysis.python.syntax import PythonVersion


class Requirement(NamedTuple):
    """One thing that is asked for.

    Attributes:
        name: normalised, "" where only building or fetching it tells.
        extras: those asked for.
        exact: whether every build installs the same.
        file: the file that asks.
        line: 1-based line in it.
        text: as written.
        folder: a project in the tree that is asked for by its path.
        unread: why nothing is known of what it brings, "" for a distribution of an index.
    """

    name: str
    extras: tuple[str, ...]
    exact: bool
    file: str
    line: int
    text: str = ""
    folder: str = ""
    unread: str = ""


Content = Callable[[str], bytes | None]
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CODING = re.compile(rb"coding[:=]\s*([-\w.]+)")
_COMMENT = re.compile(r"(^|\s+)#.*$")
_OF_LINE = re.compile(r"\s(?:--hash|--config-settings?|--global-option|--install-option)[=\s].*$")
_ADDRESS = re.compile(r"^(?:[a-z][a-z0-9+.-]*:|\.{0,2}/|\.{1,2}$)|/|\.(?:whl|zip|tar\.gz|tgz)$", re.IGNORECASE)
_FILES = {"-r": True, "--requirement": True, "-c": False, "--constraint": False}
MOST_FILES, MOST_LINES = 50, 20_000


def decoded(content: bytes) -> str:
    """Return the text of a requirements file: by its byte order mark, its `coding` comment, else UTF-8."""
    for mark, name in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(name, "replace")
    for row in content.split(b"\n")[:2]:
        if row.startswith(b"#") and (match := _CODING.search(row)):
            try:
                return content.decode(match[1].decode("ascii"), "replace")
            except LookupError:
                break
    return content.decode("utf-8", "replace")


class RequirementsReader:
    """Reads one file and those it names.

    Args:
        content: returns the bytes of a file, None where it cannot be read.
        target: the version that markers are judged for.
    """

    def __init__(self, content: Content, target: PythonVersion) -> None:
        self._content, self._target = content, target
        self._seen: set[str] = set()

    def read(self, file: str) -> Iterator[Requirement]:
        """Yield what a file asks for where functions run."""
        if file in self._seen or len(self._seen) >= MOST_FILES:
            return
        self._seen.add(file)
        content = self._content(file)
        if content is None:
            yield Requirement("", (), True, file, 0, unread=f"'{posixpath.basename(file)}' cannot be read")
            return
        for line, row in _rows(decoded(content)):
            yield from self._row(file, line, row)

    def _row(self, file: str, line: int, row: str) -> Iterator[Requirement]:
        if not row.startswith("-"):
            yield from self._asked(file, line, row, editable=False)
            return
        option, value = _option(row)
        if option in _FILES:
            if "://" in value:
                yield Requirement("", (), False, file, line, row, unread="a file elsewhere is asked for")
            elif _FILES[option]:
                yield from self.read(posixpath.normpath(posixpath.join(posixpath.dirname(file), value)))
        elif option in ("-e", "--editable"):
            yield from self._asked(file, line, value, editable=True)

    def _asked(self, file: str, line: int, row: str, *, editable: bool) -> Iterator[Requirement]:
        text = _OF_LINE.sub("", row).strip()
        try:
            found = Specified(text)
        except InvalidRequirement:
            yield from self._address(file, line, text, editable=editable)
            return
        if found.marker is not None and not found.marker.evaluate(_environment(self._target)):
            return
        name, extras = canonicalize_name(found.name), tuple(sorted(each.lower() for each in found.extras))
        exact = any(each.operator in ("==", "===") and "*" not in each.version for each in found.specifier)
        if found.url:
            fixed = found.url.endswith(".whl") or re.search(r"@[0-9a-f]{40}(?:#|$)", found.url) is not None
            yield Requirement(name, extras, fixed, file, line, text, unread=f"'{text}' is fetched from an address")
        else:
            yield Requirement(name, extras, exact, file, line, text)

    def _address(self, file: str, line: int, text: str, *, editable: bool) -> Iterator[Requirement]:
        """Yield a requirement that is an address or a path."""
        place, _, marker = text.partition(" ;")
        place = re.sub(r"\[[^\]]*\]$", "", place.strip())
        egg = re.search(r"#.*?egg=([A-Za-z0-9._-]+)", place)
        name = canonicalize_name(egg[1]) if egg else _name_of_wheel(place)
        if marker and not self._holds(marker):
            return
        if not (editable or _ADDRESS.search(place)):
            yield Requirement("", (), False, file, line, text, unread=f"'{text}' is no requirement that pip reads")
            return
        if re.match(r"[a-z][a-z0-9+.-]*:", place, re.IGNORECASE) and not place.startswith("file:"):
            yield Requirement(name, (), False, file, line, text, unread=f"'{text}' is fetched from an address")
            return
        folder = posixpath.normpath(
            posixpath.join(posixpath.dirname(file), place.removeprefix("file:").partition("#")[0])
        )
        yield Requirement(name, (), True, file, line, text, folder=folder, unread=f"'{text}' is built from its path")

    def _holds(self, marker: str) -> bool:
        try:
            found = Specified(f"x ; {marker}").marker
        except InvalidRequirement:
            return True
        return found is None or found.evaluate(_environment(self._target))


def _rows(text: str) -> Iterator[tuple[int, str]]:
    """Yield the number and text of every line that asks for something, continued lines joined."""
    joined, start = "", 0
    for number, row in enumerate(text.splitlines()[:MOST_LINES], start=1):
        start = start or number
        comment = row.lstrip().startswith("#")
        if row.endswith("\\") and not comment:
            joined += row[:-1]
            continue
        whole = _COMMENT.sub("", joined + (" " if comment else row)).strip()
        if whole:
            yield start, whole
        joined, start = "", 0
    if joined.strip():
        yield start, _COMMENT.sub("", joined).strip()


def _option(row: str) -> tuple[str, str]:
    """Return the option that begins a line, and its value."""
    try:
        words = shlex.split(row)
    except ValueError:
        words = row.split()
    first = words[0] if words else ""
    if first.startswith("--"):
        name, equals, value = first.partition("=")
        return name, value if equals else " ".join(words[1:2])
    return first[:2], first[2:].removeprefix("=") or " ".join(words[1:2])


def _name_of_wheel(place: str) -> str:
    try:
        return str(parse_wheel_filename(posixpath.basename(place.partition("#")[0]))[0])
    except InvalidWheelFilename:
        return ""


def _environment(target: PythonVersion) -> dict[str, str]:
    """Return what markers are judged by: Python `target` in a function."""
    version = f"{target[0]}.{target[1]}"
    return {
        "os_name": "posix",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_machine": "x86_64",
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
        "implementation_version": f"{version}.0",
        "python_version": version,
        "python_full_version": f"{version}.0",
        "extra": "",
    }
