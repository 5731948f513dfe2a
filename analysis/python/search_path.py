"""Folders that the code itself adds to where its modules are looked up: `sys.path`, and `__path__` of a package."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from analysis.python.call_sites import CodePlace
from analysis.python.file_names import paths_in
from analysis.python.finder import ENTRY, SearchFolder
from analysis.python.graph import Closure
from analysis.python.loads import SEARCH_PATH
from analysis.python.program import Program
from analysis.python.record import FileRecord
from analysis.python.values import CodePath, Constant, Member, SequenceValue, Value, parts_of


def added_folders(closure: Closure, program: Program) -> list[SearchFolder]:
    """Return folders that the code itself puts on `sys.path`, as far as they are inside the archive."""
    found = []
    for module in closure.modules:
        for _, call in program.calls_of(module, SEARCH_PATH):
            for value in call.arguments:
                for given, place in program.reached(value, CodePlace(module, call.line, call.around)):
                    beside = [*paths_in(given), *_in_working_folder(given)]
                    found += [_search_folder(closure, path, place.module) for path in beside]
    return [folder for folder in found if folder is not None]


def _search_folder(closure: Closure, path: CodePath, module: str) -> SearchFolder | None:
    located = closure.modules.get(path.base)
    if located is None or path.path is None:
        return None
    inside = posixpath.normpath(posixpath.join(posixpath.dirname(located.inside), path.path))
    source = posixpath.normpath(posixpath.join(posixpath.dirname(located.file), path.path))
    return SearchFolder(source, inside) if inside != "." and not inside.startswith("..") else None


def _in_working_folder(value: Value) -> Iterator[CodePath]:
    for each in parts_of(value):
        if isinstance(each, Constant) and isinstance(each.value, str) and each.value and each.value[0] != "/":
            yield CodePath(ENTRY, each.value)


def moves(record: FileRecord) -> bool:
    """Return whether a package adds folders in which its modules are looked for."""
    own = SequenceValue((CodePath("", "."),))
    changes = ("append", "extend", "insert", "__set__")
    return "__path__" in record.names or any(
        isinstance(call.function, Member) and call.function.owner == own and call.function.name in changes
        for call in record.calls
    )
