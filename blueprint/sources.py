"""From the declared functions to their archives: which folders, which library, which generated files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from analysis.files import Unreadable, read_bytes
from blueprint import causes
from blueprint.findings import Finding, Location, Refused, shown
from blueprint.functions import Function
from blueprint.manifest import Manifest
from blueprint.names import Names

if TYPE_CHECKING:
    from blueprint.archive import Archive, ArchiveSource
    from blueprint.schemas.firestore import Firestore

FOLDER = "functions"
ENGINE = Path(__file__).resolve().parents[1] / FOLDER
"""The functions of the tool itself: its `shared` is the engine, its lock what the engine needs."""
CACHE = ".cache/archives"
KIBI = 1024
OPTIONAL = "optional_imports"
OPERATORS_ENGINE: Final = "orchestration/replay.py"
"""What `ops repair` runs of the functions' library (`ops.operate.engine`), and no function imports."""
OPERATORS = "operators' engine"
"""The name of its archive, which is read and not deployed; no function can be called so."""
_RUNS_IT = """import functions_framework
from {library}.orchestration import replay

@functions_framework.http
def run(request):
    return replay.main()
"""
RESTING_ON_THE_LOCK = frozenset({"archive-missing-module"})
"""What is said of an import that neither a file nor a locked distribution answers."""


def function_source(
    root: Path, manifest: Manifest, names: Names, function: Function, firestore: Firestore
) -> ArchiveSource:
    """Return what the archive of `function` is made from.

    Raises `Refused` where the declaration names a file that its view needs and that is not there.
    """
    from blueprint.view import FILE, function_view, queries, view_bytes

    return replace(
        code_source(root, function, library_folder(root, manifest)),
        extra_files={FILE: view_bytes(function_view(manifest, function.name, names, root, firestore))},
        queries=tuple((text, at) for _, text, at in queries(manifest, function.name, root)),
    )


def library_folder(root: Path, manifest: Manifest) -> Path:
    """Return the functions' one shared package: the one declared, else the engine that comes with the tool."""
    return root / manifest.library if manifest.library else ENGINE / "shared"


def lock_folder(root: Path) -> Path:
    """Return where the functions' lock is: beside them where they have requirements of their own, else the engine's."""
    from blueprint.archive.distributions import DIRECT, LOCK

    own = root / FOLDER
    return own if any((own / name).exists() for name in (DIRECT, LOCK)) else ENGINE


def sql_files(root: Path, manifest: Manifest) -> list[Path]:
    """Return the SQL files in the functions' folders and in their library."""
    folders = (root / FOLDER, library_folder(root, manifest))
    return sorted({path for folder in folders for path in folder.rglob("*.sql") if path.is_file()})


def code_source(root: Path, function: Function, library: Path) -> ArchiveSource:
    """Return the function's own code and what is declared about it, with an empty view: enough to read it, not to run it."""
    from blueprint.archive import ArchiveSource, SourceRoot
    from blueprint.view import FILE

    return ArchiveSource(
        name=function.name,
        folder=root / FOLDER / function.folder,
        entry_point=function.entry_point,
        signature="http",
        project=root,
        roots=(SourceRoot(library.parent, only=(library.name,)),),
        extra_files={FILE: b"{}"},
        optional_imports=function.optional_imports,
        dynamic_imports=function.dynamic_imports,
        resources=function.resources,
        declared_at={name: function.where(f"{OPTIONAL}.{name}") for name in function.optional_imports},
        size_budget=_bytes(function.size_budget),
    )


def build_archives(
    root: Path, manifest: Manifest, names: Names, firestore: Firestore
) -> tuple[Mapping[str, Archive], list[Finding]]:
    """Return the archive of every declared function that has a folder, and everything that is wrong with any."""
    findings: list[Finding] = []
    sources: list[ArchiveSource] = []
    for function in _present(root, manifest, findings):
        try:
            sources.append(function_source(root, manifest, names, function, firestore))
        except Refused as refused:
            findings += refused.findings
            sources.append(code_source(root, function, library_folder(root, manifest)))
    archives, faults = _analysed(root, manifest, sources)
    return archives, [*findings, *faults]


def read_code(root: Path, manifest: Manifest) -> list[Finding]:
    """Return what is wrong with the functions' code alone, for a declaration of which more cannot be derived."""
    findings: list[Finding] = []
    sources = [code_source(root, each, library_folder(root, manifest)) for each in _present(root, manifest, findings)]
    return [*findings, *_analysed(root, manifest, sources)[1]]


def _analysed(
    root: Path, manifest: Manifest, sources: list[ArchiveSource]
) -> tuple[Mapping[str, Archive], list[Finding]]:
    from analysis.cache import Cache
    from blueprint.archive.build import analyse_functions
    from blueprint.archive.distributions import read_distributions

    locked, findings = read_distributions(lock_folder(root), root, manifest.python, manifest.places.get("runtime"))
    operators = [*_operators_engine(root, manifest, sources, findings)]
    everything = analyse_functions(
        [*sources, *operators], target_python=manifest.python, locked=locked, cache=Cache(root / CACHE)
    )
    archives = {name: archive for name, archive in everything.items() if name != OPERATORS}
    told = dict.fromkeys(finding for archive in archives.values() for finding in archive.findings)
    if OPERATORS in everything:
        own = f"{shown(root, library_folder(root, manifest))}/"
        told |= dict.fromkeys(each for each in everything[OPERATORS].findings if each.at.file.startswith(own))
    if not locked.known:  # nor is it then known what an import that no file answers would find
        told = dict.fromkeys(each for each in told if each.rule not in RESTING_ON_THE_LOCK)
    return archives, [*findings, *_unused_by_all(manifest, told)]


def _operators_engine(
    root: Path, manifest: Manifest, functions: Sequence[ArchiveSource], findings: list[Finding]
) -> Iterator[ArchiveSource]:
    """Yield what operators run of the library, so that its code is read as that of a function is."""
    from blueprint.archive import ArchiveSource, SourceRoot
    from blueprint.operations import FOLDER as ANSWERS

    library = library_folder(root, manifest)
    if not functions or not library.is_dir() or not (root / ANSWERS).is_dir():
        return
    if not (library / OPERATORS_ENGINE).is_file():
        message = f"`ops repair` runs {OPERATORS_ENGINE} of the functions' library, and it is not there; put it back."
        findings.append(Finding("operators-answered", message, Location(shown(root, library))))
        return
    yield ArchiveSource(
        name=OPERATORS,
        folder=root / ANSWERS,
        entry_point="run",
        signature="http",
        project=root,
        roots=(SourceRoot(library.parent, only=(library.name,)),),
        extra_files={"main.py": _RUNS_IT.format(library=library.name).encode()},
        optional_imports={name: why for each in functions for name, why in each.optional_imports.items()},
        dynamic_imports=tuple(sorted({name for each in functions for name in each.dynamic_imports})),
    )


def _unused_by_all(manifest: Manifest, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield the findings, those on a shared line only where they hold for every function that has it from there."""
    holders = Counter(
        at for each in manifest.functions.values() for key, at in each.places.items() if key.startswith(f"{OPTIONAL}.")
    )
    alike: dict[Location, list[Finding]] = {}
    for finding in findings:
        if finding.severity == "warning" and holders[finding.at] > 1:
            alike.setdefault(finding.at, []).append(finding)
        else:
            yield finding
    for at, found in alike.items():
        if len(found) == holders[at]:
            yield from (replace(finding, at=replace(at, shared=True)) for finding in found)


def _present(root: Path, manifest: Manifest, findings: list[Finding]) -> Iterator[Function]:
    if manifest.library and not (root / manifest.library).is_dir():
        message = f"The functions' library '{manifest.library}' is not there, and nothing that imports it can be read; correct its name."
        findings.append(Finding("function-folder", message, manifest.places.get("library", manifest.at)))
        return
    for function in manifest.functions.values():
        missing = _missing(root, function)
        if missing:
            findings.append(missing)
        else:
            yield function


def _missing(root: Path, function: Function) -> Finding | None:
    folder = root / FOLDER / function.folder
    if not folder.is_dir():
        message = f"Function '{function.name}' has no folder {FOLDER}/{function.folder}; add it with a main.py."
        cause = causes.folder(f"{FOLDER}/{function.folder}")
        return Finding("function-folder", message, function.at, cause=cause, at_cause=True)
    if (folder / "main.py").is_symlink() or (folder / "main.py").exists():
        try:
            read_bytes(folder / "main.py")
        except Unreadable as error:
            return Finding("function-folder", str(error), Location(f"{FOLDER}/{function.folder}/main.py"))
    else:
        message = (
            f"Function '{function.name}' has no main.py, where the platform looks for '{function.entry_point}'; add it."
        )
        return Finding("function-folder", message, Location(f"{FOLDER}/{function.folder}"))
    return None


def _bytes(text: str) -> int:
    return int(text[:-2]) * (KIBI if text.endswith("Ki") else KIBI * KIBI)
