"""Archives: analysis and packing against `zip`, bytes against a copy of everything, `modulefinder`; the audit of a large tree.

Each figure is the least processor time of some runs, so that a busy machine does not blur it; every ratio compares two
measurements that took turns.
"""

from __future__ import annotations

import ast
import io
import modulefinder
import resource
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from analysis.audit.tree import audit_tree
from analysis.python.closure import Builder
from analysis.python.file_tree import FileTree, Trace
from analysis.python.finder import SearchFolder
from analysis.python.graph import Closure
from analysis.python.reader import RecordReader, roomy
from analysis.python.record import read_record
from bench.figures import note
from blueprint.archive import ArchiveSource, Cache, LockedDistributions, analyse_functions
from blueprint.archive.distributions import LOCK, read_distributions
from blueprint.archive.package import pack
from blueprint.archive.sql import read_sql
from blueprint.archive.writes import read_mentions
from blueprint.loader import load_manifest
from blueprint.manifest import Manifest
from blueprint.names import Names
from blueprint.schemas.firestore import Firestore, load_firestore
from blueprint.sources import build_archives, function_source, library_folder

ROOT = Path(__file__).resolve().parents[1]
TARGET = (3, 11)
RUNS = 30
SIZE_TARGET = 0.5
AUDITED_FUNCTIONS, AUDITED_FILES = 56, 2300


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as scratch:
        for line in [*archives(Path(scratch)), *sizes(), *finder(Path(scratch)), *audit(Path(scratch))]:
            print(line)


def best(*runs: Callable[[], object], rounds: int = RUNS) -> list[float]:
    """Return the least processor time of each run, child processes included, in seconds.

    The runs take turns, so that what else the machine does meets all of them.
    """
    times: list[list[float]] = [[] for _ in runs]
    for _ in range(rounds):
        for run, spent in zip(runs, times, strict=True):
            start = _spent()
            run()
            spent.append(_spent() - start)
    return [min(spent) for spent in times]


def _spent() -> float:
    usages = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def declared() -> tuple[Manifest, Names, Firestore]:
    """Return what archives are made from beside their files, with a project of no stack."""
    manifest = load_manifest(ROOT)
    firestore, _ = load_firestore(ROOT, manifest)
    return manifest, Names(manifest.pipeline, "project", "1", "region-1"), firestore


def sources() -> list[ArchiveSource]:
    manifest, names, firestore = declared()
    return [function_source(ROOT, manifest, names, each, firestore) for each in manifest.functions.values()]


def archives(scratch: Path) -> list[str]:
    """Analyse and pack every function, cold and warm, and zip the same files."""
    functions = sources()
    locked, _ = read_distributions(ROOT / "functions", ROOT, TARGET)
    built = analyse_functions(functions, locked=locked)  # imports the SQL parser, which a process pays once

    def cold() -> None:
        read_sql.cache_clear()
        read_mentions.cache_clear()
        analyse_functions(functions, locked=locked)

    def warm() -> None:
        analyse_functions(functions, locked=locked, cache=Cache(scratch / "cache"))

    for name, archive in built.items():
        with zipfile.ZipFile(io.BytesIO(archive.content)) as packed:
            packed.extractall(scratch / "unpacked" / name)
    warm()
    zipped, *taken = best(lambda: _zip([scratch / "unpacked" / name for name in built]), cold, warm)
    rows = list(zip(("cold", "warm"), taken, (3.0, 0.2), strict=True))
    for name, spent, top in rows:
        note(
            "archives", f"archives, {name}, against `zip`", spent * 1000, "processor ms", floor=zipped * 1000, limit=top
        )
    texts = [file.read_bytes() for file in (scratch / "unpacked").rglob("*.py")]
    return [
        f"Archives of {len(built)} functions, analysed and packed, against `zip -r -6` of the same files",
        f"  zip      {zipped * 1000:7.1f} ms",
        *(
            f"  {name:8} {spent * 1000:7.1f} ms   {spent / zipped:5.2f} times zip (limit {top})"
            for name, spent, top in rows
        ),
        _floor(texts, taken[0], compiled=True),
    ]


def _floor(texts: Iterable[bytes], taken: float, *, compiled: bool) -> str:
    """Say how much of a time plain parsing, and compiling, of the same texts takes, each text once: without the reader."""
    different = set(texts)

    def parse() -> list[ast.Module]:
        return [ast.parse(text) for text in different]

    with roomy():
        trees = parse() if compiled else []
        parsed, generated = best(parse, lambda: [compile(tree, "<source>", "exec") for tree in trees])
    steps = [("`ast.parse`", parsed), *([("`compile`", generated)] if compiled else [])]
    told = ", ".join(f"{name} {spent * 1000:.1f} ms ({spent / taken:.0%})" for name, spent in steps)
    return f"  of cold, the {len(different)} texts take plain {told}"


def _zip(folders: list[Path]) -> None:
    for folder in folders:
        target = folder.with_suffix(".zip")
        target.unlink(missing_ok=True)
        subprocess.run(("zip", "-r", "-q", "-6", str(target), "."), cwd=folder, check=True)


def sizes() -> list[str]:
    """Compare archives with the function's folder, everything in the library and the whole lock, packed alike."""
    manifest, names, firestore = declared()
    built, _ = build_archives(ROOT, manifest, names, firestore)
    library = _contents(library_folder(ROOT, manifest), Path("functions"))
    lock = {"requirements.txt": (ROOT / "functions" / LOCK).read_bytes()}
    rows = []
    for name, archive in built.items():
        with zipfile.ZipFile(io.BytesIO(archive.content)) as packed:
            ours = {each: packed.read(each) for each in packed.namelist()}
        folder = Path("functions") / manifest.functions[name].folder
        rows.append((name, ours, {**_contents(ROOT / folder, folder), **library, **lock}))
    lines = [f"  {name:30} {_told([(ours, copied)])}" for name, ours, copied in rows]
    total = f"  {'all':30} {_told([row[1:] for row in rows])}   (target {SIZE_TARGET})"
    return ["", "Bytes of the archives, times the folder, the whole library and the whole lock", *lines, total]


def _contents(folder: Path, base: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return {path.relative_to(ROOT / base).as_posix(): path.read_bytes() for path in files}


def _told(rows: list[tuple[dict[str, bytes], dict[str, bytes]]]) -> str:
    """Return the bytes as uploaded, and three ratios: as uploaded, compressed alike, code alone."""
    ours, copied = [row[0] for row in rows], [row[1] for row in rows]
    code = [
        sum(len(text) for each in side for file, text in each.items() if file.endswith(".py"))
        for side in (ours, copied)
    ]
    uploaded = sum(len(pack(each)) for each in ours)
    stored = uploaded / sum(len(pack(each)) for each in copied)
    deflated = sum(map(_deflated, ours)) / sum(map(_deflated, copied))
    return f"{uploaded:7} B  {stored:5.2f}   deflated {deflated:5.2f}   code {code[0] / code[1]:5.2f}"


def _deflated(files: Mapping[str, bytes]) -> int:
    return sum(len(zlib.compress(content, 6)) for content in files.values())


def finder(scratch: Path) -> list[str]:
    """Compare with the standard library's modulefinder on one entry, first-party modules only."""
    folder, library = ROOT / "functions" / "self_heal", ROOT / "functions"
    folders = (SearchFolder(str(folder)), SearchFolder(str(library), "", ("shared",)))
    locked, _ = read_distributions(ROOT / "functions", ROOT, TARGET)
    kept = Cache(scratch / "facts")

    def ours(cache: Cache) -> Closure:
        with roomy():
            return Builder(
                Trace(FileTree()), folders, locked, RecordReader(TARGET, cache, depth="names"), TARGET
            ).build()

    def theirs() -> modulefinder.ModuleFinder:
        found = modulefinder.ModuleFinder(path=[str(folder), str(library)])
        found.run_script(str(folder / "main.py"))
        return found

    texts = [Path(each.file).read_bytes() for each in ours(kept).modules.values() if each.file]
    base, cold, warm = best(theirs, lambda: ours(Cache(None)), lambda: ours(kept))
    for name, taken in (("cold", cold), ("warm", warm)):
        note(
            "archives",
            f"closure of one entry, {name}, against modulefinder",
            taken * 1000,
            "processor ms",
            floor=base * 1000,
            limit=1,
        )
    return [
        "",
        "One entry, imports followed and names resolved, against the standard library's modulefinder (limit 1)",
        f"  {'modulefinder':13} {base * 1000:7.1f} ms",
        *(
            f"  {name:13} {taken * 1000:7.1f} ms   {taken / base:5.2f} times modulefinder"
            for name, taken in (("cold", cold), ("warm", warm))
        ),
        _floor(texts, cold, compiled=False),
        *(f"  {name}: {told}" for name, told in wrong_cases(scratch)),
    ]


def wrong_cases(scratch: Path) -> list[tuple[str, str]]:
    """Return what modulefinder makes of cases that the analysis is tested on."""
    cases = {
        "namespace package": {"main.py": "from space.one import value\n", "space/one.py": "value = 1\n"},
        "importlib.import_module": {"main.py": "import importlib\nimportlib.import_module('late')\n"},
        "if TYPE_CHECKING": {"main.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import absent\n"},
        "renamed function": {"main.py": "from part import old_name\n", "part.py": "def new_name():\n    pass\n"},
        "guarded import": {"main.py": "try:\n    import absent\nexcept ImportError:\n    absent = None\n"},
    }
    told = []
    for number, (name, files) in enumerate(cases.items()):
        folder = scratch / f"case{number}"
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
        told.append((name, f"modulefinder says {_finder_says(folder)}; ours: {_ours_says(folder)}"))
    return told


def _finder_says(folder: Path) -> str:
    found = modulefinder.ModuleFinder(path=[str(folder)])
    try:
        found.run_script(str(folder / "main.py"))
        missing, maybe = found.any_missing_maybe()
    except Exception as error:  # noqa: BLE001 - what it raises is the result
        return f"{type(error).__name__}"
    return f"missing {missing or 'nothing'}{f', perhaps {maybe}' if maybe else ''}"


def _ours_says(folder: Path) -> str:
    builder = Builder(
        Trace(FileTree()),
        (SearchFolder(str(folder)),),
        LockedDistributions(),
        lambda text, _: read_record(text, TARGET),
        TARGET,
    )
    problems = [f"{each.subject}{' (guarded)' if each.catches else ''}" for each in builder.build().problems]
    return f"missing {problems or 'nothing'}"


def audit(scratch: Path) -> list[str]:
    """Audit a generated tree of the size of a real one: link farms into a shared library."""
    tree = generate(scratch / "tree")
    files = sum(1 for path in tree.rglob("*") if path.is_symlink() or path.is_file())
    (cold,) = best(lambda: audit_tree(tree / "functions", target_python=TARGET), rounds=3)
    audit_tree(tree / "functions", target_python=TARGET, cache=Cache(scratch / "audit"))
    command = (sys.executable, "-m", "ops", "audit", str(tree / "functions"))
    subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    (warm,) = best(lambda: subprocess.run(command, cwd=ROOT, capture_output=True, check=False), rounds=3)
    for name, taken, limit in (("cold", cold, 3.0), ("warm, the whole command", warm, 0.5)):
        note("archives", f"audit of {AUDITED_FUNCTIONS} functions, {name}", taken, "processor s", limit=limit)
    return [
        "",
        f"Audit of {AUDITED_FUNCTIONS} functions, {files} files",
        f"  cold   {cold:6.2f} s   (limit 3)",
        f"  warm   {warm:6.2f} s   (limit 0.5), the whole command",
    ]


def generate(tree: Path) -> Path:
    """Write function folders that link to a library of modules which import each other."""
    body = "".join(
        f"def step_{number}(value):\n    total = value + {number}\n    return [total]\n\n\n" for number in range(40)
    )
    modules = 600
    for number in range(modules):
        imports = "".join(
            f"from shared.part_{other} import step_1 as s{other}\n" for other in range(number + 1, number + 3)
        )
        target = tree / "shared" / f"part_{number}.py"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text((imports if number < modules - 3 else "") + body, encoding="utf-8")
    (tree / "shared" / "__init__.py").write_text("", encoding="utf-8")
    own = (AUDITED_FILES - modules) // AUDITED_FUNCTIONS - 2
    for number in range(AUDITED_FUNCTIONS):
        folder = tree / "functions" / f"function_{number}"
        folder.mkdir(parents=True)
        imports = (
            "".join(f"import local_{each}\n" for each in range(own)) + f"from shared.part_{number * 10} import step_2\n"
        )
        (folder / "main.py").write_text(imports + "\n\ndef handle(request):\n    return step_2(1)\n", encoding="utf-8")
        (folder / "shared").symlink_to("../../shared")
        for each in range(own):
            (folder / f"local_{each}.py").write_text(body, encoding="utf-8")
    return tree
