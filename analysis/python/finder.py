"""Where a dotted name leads, by the rules of Python's own path finder, without importing anything.

In each folder of the search path a package (`name/__init__.py`) comes before a module (`name.py`), a folder
without `__init__.py` is a portion of a namespace package and yields to anything regular further on.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from analysis.python.file_tree import EntryKind, Trace

ENTRY = "main"
"""The module that the platform loads."""
Form = Literal["module", "package", "namespace", "absent"]


class SearchFolder(NamedTuple):
    """One folder that names are looked up in.

    Attributes:
        path: absolute path of the folder.
        inside: the folder's path in the archive, "" for the archive's root.
        only: names that may be found here; None for all.
        installed: whether its packages lie in one folder with those of all others that are installed.
    """

    path: str
    inside: str = ""
    only: tuple[str, ...] | None = None
    installed: bool = False


class Located(NamedTuple):
    """What a dotted name leads to.

    Attributes:
        name: the dotted name.
        form: what it is; `absent` when nothing first-party has the name.
        file: absolute path of the source; "" for a namespace package.
        inside: path of the source in the archive.
        folders: where its submodules are looked up; what has any is a package to what it imports.
        also: sources of the same name further down the search path, which Python would never load.
        broken: a link of that name that leads nowhere.
    """

    name: str
    form: Form = "absent"
    file: str = ""
    inside: str = ""
    folders: tuple[SearchFolder, ...] = ()
    also: tuple[str, ...] = ()
    broken: str = ""


@dataclass
class Finder:
    """Locates dotted names in `folders`, in order.

    Attributes:
        trace: the file system.
        folders: the search path.
        entry: the module that is loaded as a package of the archive's root, "" for none. The functions framework
            loads `main.py` so: `from . import helper` works in it, and makes `main.helper`.
    """

    trace: Trace
    folders: tuple[SearchFolder, ...]
    entry: str = ""
    _known: dict[str, Located] = field(default_factory=dict)
    _paths: dict[str, tuple[Located, ...]] = field(default_factory=dict)

    def locate(self, name: str) -> Located:
        """Return what `name` leads to."""
        found = self._known.get(name)
        if found is None:
            parent, _, last = name.rpartition(".")
            folders = self.locate(parent).folders if parent else self.folders
            found = self._known[name] = self._search(name, last, folders)
        return found

    def path_to(self, name: str) -> tuple[Located, ...]:
        """Return what is loaded for `name`: the packages around it, outermost first, then itself."""
        found = self._paths.get(name)
        if found is None:
            parent = name.rpartition(".")[0]
            found = self._paths[name] = (*(self.path_to(parent) if parent else ()), self.locate(name))
        return found

    def _search(self, name: str, last: str, folders: tuple[SearchFolder, ...]) -> Located:
        hits = [hit for folder in folders for hit in self._in_folder(name, last, folder)]
        regular = [hit for hit in hits if hit.form in ("module", "package")]
        broken = next((hit.broken for hit in hits if hit.broken), "")
        if regular:
            first = regular[0]
            also = tuple(hit.file for hit in regular[1:])
            below = first.folders
            if name == self.entry:
                below = tuple(each for each in self.folders if not each.inside)
            elif any(each.installed for each in below):
                below, also = tuple(each for hit in regular for each in hit.folders if each.installed), ()
            return Located(name, first.form, first.file, first.inside, below, also, broken)
        portions = tuple(portion for hit in hits for portion in hit.folders)
        return Located(name, "namespace" if portions else "absent", folders=portions, broken=broken)

    def _in_folder(self, name: str, last: str, folder: SearchFolder) -> Iterator[Located]:
        if folder.only is not None and last not in folder.only:
            return
        entries = self.trace.entries(folder.path)
        kind = entries.get(last)
        path, inside = f"{folder.path}/{last}", posixpath.join(folder.inside, last)
        broken = ""
        if kind is EntryKind.FOLDER:
            below = SearchFolder(path, inside, None, folder.installed)
            init = self.trace.entries(path).get("__init__.py")
            if init is EntryKind.FILE:
                yield Located(name, "package", f"{path}/__init__.py", f"{inside}/__init__.py", (below,))
            else:
                broken = f"{path}/__init__.py" if init in (EntryKind.DANGLING, EntryKind.LOOP) else ""
                yield Located(name, "namespace", folders=(below,), broken=broken)
        elif kind in (EntryKind.DANGLING, EntryKind.LOOP):
            yield Located(name, broken=path)
        for binary in self.trace.binaries(folder.path):
            if binary.startswith(f"{last}."):
                yield Located(name, "module", f"{folder.path}/{binary}", posixpath.join(folder.inside, binary))
        module = entries.get(last + ".py")
        if module is EntryKind.FILE:
            yield Located(name, "module", f"{path}.py", f"{inside}.py")
        elif module in (EntryKind.DANGLING, EntryKind.LOOP):
            yield Located(name, broken=f"{path}.py")
