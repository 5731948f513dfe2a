"""What the reader of one file alone says of a mistake, which is most of what there is to say, in a tenth of the time.

A plan says it too, with the same words: a table is read once, and a module is read for each archive that holds it. What
is not refused here is judged whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from analysis.cache import Cache
from analysis.python.closure import Builder
from analysis.python.file_tree import FileTree, Trace
from analysis.python.finder import SearchFolder
from analysis.python.linking import Links
from analysis.python.reader import RecordReader
from analysis.python.syntax import PythonVersion
from blueprint.archive.distributions import LockedDistributions, read_distributions
from blueprint.archive.rules import judge
from blueprint.findings import Finding
from blueprint.model import Blueprint
from blueprint.schemas.loader import load_schemas
from blueprint.schemas.messages import load_messages
from blueprint.schemas.placeholders import view_values
from blueprint.sources import CACHE, function_source, lock_folder

FOLDERS = ("schemas/bigquery/", "schemas/external/", "schemas/messages/", "functions/")


def violations(root: Path, model: Blueprint, file: str) -> list[Finding]:
    """Return the violations that the reader of a file finds in it, of a project that was sound as `model`."""
    found = [*_read(root, model, file)] if file.startswith(FOLDERS) else []
    return [each for each in found if each.severity == "violation" and each.at.file == file]


def _read(root: Path, model: Blueprint, file: str) -> Iterator[Finding]:
    if file.endswith(".py"):
        yield from _of_module(root, model, file)
    elif file.startswith("schemas/messages/") and file.endswith(".json"):
        yield from load_messages(root, model.manifest.phase_labels())[1]
    elif file.endswith(".sql") and file.startswith("schemas/"):
        values = view_values(model.manifest)
        yield from load_schemas(root, project=model.stack.project, values=values)[1]


def _of_module(root: Path, model: Blueprint, file: str) -> Iterator[Finding]:
    """Yield what is wrong with the smallest archive that holds a module."""
    holding = [
        each for each in model.archives.values() if file.removeprefix("functions/") in _paths(each.function, model)
    ]
    if not holding:
        return
    smallest = min(holding, key=lambda each: len(each.modules))
    function = model.manifest.functions[smallest.function]
    source = function_source(root, model.manifest, model.names, function, model.firestore)
    locked = _locked(lock_folder(root), root, model.manifest.python)
    folder = source.folder.absolute()
    trace = Trace(FileTree(), {f"{folder}/{path}": content for path, content in source.extra_files.items()})
    target = model.manifest.python
    closure = Builder(
        trace,
        (SearchFolder(str(folder)), *(SearchFolder(str(each.path.absolute()), "", each.only) for each in source.roots)),
        locked,
        RecordReader(target, Cache(root / CACHE)),
        target,
        declared=source.dynamic_imports,
        provided=dict(source.extra_files),
        links=Links(),
    ).build()
    found = judge(source, closure, trace, locked, target)
    yield from sorted(set(found), key=lambda each: (each.at.file, each.at.line or 0, each.rule, each.message))


@cache
def _locked(folder: Path, root: Path, python: PythonVersion) -> LockedDistributions:
    """Return the lock, which no mistake in a module changes."""
    return read_distributions(folder, root, python, None)[0]


def _paths(function: str, model: Blueprint) -> set[str]:
    """Return the files of an archive, below the folder of functions."""
    folder = model.manifest.functions[function].folder
    inside = [each.path for each in model.archives[function].files]
    library = str(model.manifest.library).partition("/")[2]
    return {each if each.startswith(f"{library}/") else f"{folder}/{each}" for each in inside}
