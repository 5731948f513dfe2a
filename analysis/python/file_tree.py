"""The file system as the analysis sees it: listings and contents, read once, every look recorded.

A `Trace` is the list of looks that one analysis took. The analysis depends on nothing else, so a stored result
is valid exactly as long as every look still gives the same answer. Times and inode numbers play no part.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Mapping
from enum import StrEnum

MOST_BYTES = 256_000_000
"""How large a file may be to be read at all."""


class EntryKind(StrEnum):
    """What a name in a folder leads to once links are followed."""

    FILE = "file"
    FOLDER = "folder"
    DANGLING = "dangling"
    LOOP = "loop"
    OTHER = "other"


def digest(content: bytes) -> str:
    """Return the sha256 of `content` as hex digits."""
    return hashlib.sha256(content).hexdigest()


def relative(path: str, base: str) -> str:
    """Return `path` as seen from the folder `base`, both absolute and POSIX."""
    start = base if base.endswith("/") else f"{base}/"
    return path[len(start) :] if path.startswith(start) else os.path.relpath(path, base)


class FileTree:
    """Reads folders and files once; paths are absolute strings, links are followed like Python follows them."""

    def __init__(self) -> None:
        self._entries: dict[str, Mapping[str, EntryKind]] = {}
        self._listings: dict[str, Mapping[str, EntryKind]] = {}
        self._real: dict[str, str] = {}
        self._contents: dict[str, tuple[bytes, str] | None] = {}
        self._by_inode: dict[tuple[int, int], tuple[bytes, str]] = {}
        self._links: dict[str, bool] = {}
        self._binaries: dict[str, list[str]] = {}

    def entries(self, folder: str) -> Mapping[str, EntryKind]:
        """Return name → kind of everything in `folder`; empty when it is not a readable folder."""
        found = self._entries.get(folder)
        if found is None:
            real = os.path.realpath(folder)
            if real not in self._listings:
                self._listings[real] = _scan(real)
            found = self._entries[folder] = self._listings[real]
        return found

    def _place(self, path: str) -> str:
        """Return where `path` is once links on the way to it are followed: many functions link to the same folder."""
        folder, _, name = path.rpartition("/")
        if name in ("", ".", ".."):
            return path
        found = self._real.get(folder)
        if found is None:
            found = self._real[folder] = os.path.realpath(folder or "/").rstrip("/")
        return f"{found}/{name}"

    def binaries(self, folder: str) -> list[str]:
        """Return the compiled modules in `folder`."""
        found = self._binaries.get(folder)
        if found is None:
            listing = sorted(self.entries(folder).items())
            found = self._binaries[folder] = [
                name for name, kind in listing if name.endswith(".so") and kind is EntryKind.FILE
            ]
        return found

    def is_link(self, path: str) -> bool:
        """Return whether `path` itself is a symbolic link."""
        place = self._place(path)
        found = self._links.get(place)
        if found is None:
            found = self._links[place] = os.path.islink(place)
        return found

    def content(self, file: str) -> tuple[bytes, str] | None:
        """Return the bytes of `file` and their sha256, or None when it cannot be read."""
        place = self._place(file)
        if place not in self._contents:
            self._contents[place] = self._read(place)
        return self._contents[place]

    def _read(self, file: str) -> tuple[bytes, str] | None:
        try:
            status = os.stat(file)
            if not stat.S_ISREG(status.st_mode) or status.st_size > MOST_BYTES:
                return None  # reading a pipe or a device may never end, and what is this large is no part of a function
            inode = (status.st_dev, status.st_ino)
            if inode not in self._by_inode:
                with open(file, "rb") as stream:
                    content = stream.read()
                self._by_inode[inode] = (content, digest(content))
            return self._by_inode[inode]
        except OSError:
            return None


class Trace:
    """A view of a `FileTree` that remembers what was looked at.

    Args:
        tree: the files.
        overlay: generated files, absolute path → content, that stand before what is on disk.
    """

    def __init__(self, tree: FileTree, overlay: Mapping[str, bytes] | None = None) -> None:
        self._tree = tree
        self.is_link, self.binaries = tree.is_link, tree.binaries
        self._overlay = {path: (content, digest(content)) for path, content in (overlay or {}).items()}
        self._generated: dict[str, dict[str, EntryKind]] = {}
        for path in self._overlay:
            self._generated.setdefault(os.path.dirname(path), {})[os.path.basename(path)] = EntryKind.FILE
        self._folders: set[str] = set()
        self._files: set[str] = set()

    def entries(self, folder: str) -> Mapping[str, EntryKind]:
        """Return and record the listing of `folder`."""
        self._folders.add(folder)
        entries = self._tree.entries(folder)
        return {**entries, **self._generated[folder]} if folder in self._generated else entries

    def content(self, file: str) -> tuple[bytes, str] | None:
        """Return and record the bytes of `file` and their sha256."""
        if file in self._overlay:
            return self._overlay[file]
        self._files.add(file)
        return self._tree.content(file)

    def looks(self, base: str) -> Looks:
        """Return every look, in a fixed order."""
        found: Looks = {}
        for folder in sorted(self._folders):
            found[relative(folder, base)] = {"": _fingerprint(self._tree, folder, True)}
        for file in sorted(self._files):
            folder, _, name = file.rpartition("/")
            found.setdefault(relative(folder, base), {})[name] = _fingerprint(self._tree, file, False)
        return found


Looks = dict[str, dict[str, str]]
"""Folder, from a base → name in it, "" for its listing → what was seen there."""


def unchanged(tree: FileTree, base: str, looks: Looks) -> bool:
    """Return whether every recorded look would see the same again."""
    for path, names in looks.items():
        folder = os.path.normpath(os.path.join(base, path))
        for name, seen in names.items():
            if _fingerprint(tree, f"{folder}/{name}" if name else folder, not name) != seen:
                return False
    return True


def _fingerprint(tree: FileTree, path: str, folder: bool) -> str:
    """Name what is at `path` and where a link leads: a listing begins with a slash, a content does not."""
    leads = f"@{os.path.realpath(path)}" if tree.is_link(path) else ""
    if not folder:
        found = tree.content(path)
        return (found[1] if found else "-") + leads
    listing = "\n".join(f"{name}\0{kind}" for name, kind in sorted(tree.entries(path).items()))
    return "/" + digest(listing.encode("utf-8", "surrogateescape")) + leads


def _scan(folder: str) -> dict[str, EntryKind]:
    try:
        with os.scandir(folder) as listing:
            return {entry.name: _kind(entry) for entry in listing if not _ignored(entry.name)}
    except OSError:
        return {}


def _ignored(name: str) -> bool:
    """Leave out what tools drop beside sources, so that running a test does not change a listing."""
    return name == "__pycache__" or name.endswith((".pyc", ".pyo", "~", ".swp")) or name == ".DS_Store"


def _kind(entry: os.DirEntry[str]) -> EntryKind:
    try:
        if entry.is_file():
            return EntryKind.FILE
        if entry.is_dir():
            return EntryKind.FOLDER
        if entry.is_symlink():
            return _broken_link(entry.path)
    except OSError:
        return EntryKind.LOOP
    return EntryKind.OTHER


def _broken_link(path: str) -> EntryKind:
    try:
        os.stat(path)
    except FileNotFoundError:
        return EntryKind.DANGLING
    except OSError:
        return EntryKind.LOOP
    return EntryKind.OTHER
