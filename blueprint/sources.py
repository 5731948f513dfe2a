"""From the declared functions to their archives: which folders, which library, which generated files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from blueprint.findings import Finding, Location, Refused
from blueprint.manifest import Function, Manifest
from blueprint.names import Names

if TYPE_CHECKING:
    from blueprint.archive import Archive, FunctionSource
    from blueprint.schemas.firestore import Firestore

FOLDER = "functions"
CACHE = ".cache/archives"
KIBI = 1024


def function_source(
    root: Path, manifest: Manifest, names: Names, function: Function, firestore: Firestore
) -> FunctionSource:
    """Return what the archive of `function` is made from.

    Raises `Refused` where the declaration names a file that its view needs and that is not there.
    """
    from blueprint.archive import FunctionSource, SourceRoot
    from blueprint.view import FILE, function_view, queries, view_bytes

    library = Path(manifest.library)
    return FunctionSource(
        name=function.name,
        folder=root / FOLDER / function.folder,
        entry_point=function.entry_point,
        signature="http",
        project=root,
        roots=(SourceRoot(root / library.parent, only=(library.name,)),),
        extra_files={FILE: view_bytes(function_view(manifest, function.name, names, root, firestore))},
        optional_imports=function.optional_imports,
        dynamic_imports=function.dynamic_imports,
        resources=function.resources,
        queries=tuple((text, at) for _, text, at in queries(manifest, function.name, root)),
        size_budget=_bytes(function.size_budget),
    )


def build_archives(
    root: Path, manifest: Manifest, names: Names, firestore: Firestore
) -> tuple[Mapping[str, Archive], list[Finding]]:
    """Return the archive of every declared function that has a folder, and everything that is wrong with any."""
    from analysis.cache import Cache
    from blueprint.archive.build import analyse_functions
    from blueprint.archive.distributions import read_distributions

    locked, findings = read_distributions(root / FOLDER, root, manifest.python)
    sources = []
    for function in manifest.functions.values():
        missing = _missing(root, function)
        if missing:
            findings.append(missing)
            continue
        try:
            sources.append(function_source(root, manifest, names, function, firestore))
        except Refused as refused:
            findings += refused.findings
    archives = analyse_functions(sources, target_python=manifest.python, locked=locked, cache=Cache(root / CACHE))
    for archive in archives.values():
        findings += archive.findings
    return archives, list(dict.fromkeys(findings))


def _missing(root: Path, function: Function) -> Finding | None:
    folder = root / FOLDER / function.folder
    if not folder.is_dir():
        message = f"Function '{function.name}' has no folder {FOLDER}/{function.folder}; add it with a main.py."
        return Finding("function-folder", message, function.at)
    if not (folder / "main.py").is_file():
        message = (
            f"Function '{function.name}' has no main.py, where the platform looks for '{function.entry_point}'; add it."
        )
        return Finding("function-folder", message, Location(f"{FOLDER}/{function.folder}"))
    return None


def _bytes(text: str) -> int:
    return int(text[:-2]) * (KIBI if text.endswith("Ki") else KIBI * KIBI)
