"""Archives of little functions, and whether each runs: unpacked alone, in a fork that has nothing but what is installed.

All archives are unpacked, and one process forks once for each: the child has nothing but the archive and what is installed.
"""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

from blueprint.archive import (
    Archive,
    ArchiveSource,
    LockedDistributions,
    SourceRoot,
    analyse_function,
    analyse_functions,
    read_distributions,
)

ROOT = Path(__file__).resolve().parents[2]
TARGET = (sys.version_info[0], sys.version_info[1])
HANDLE = "\n\ndef handle(request):\n    return 'ok'\n"
_DRIVER = """
import importlib.util, json, os, sys
import flask, google.cloud.bigquery, werkzeug  # once for all

told = {}
for number, folder in json.load(sys.stdin):
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        why = ''
        try:
            os.chdir(folder)
            sys.path[0] = folder
            spec = importlib.util.spec_from_file_location('main', folder + '/main.py', submodule_search_locations=[folder])
            main = sys.modules['main'] = importlib.util.module_from_spec(spec)  # as the functions framework loads it
            spec.loader.exec_module(main)
            main.handle(None)
        except BaseException as error:
            why = f'{type(error).__name__}: {error}'
        os.write(writing, (why or '-').encode()[:4000])
        os._exit(0)
    os.close(writing)
    told[number] = os.read(reading, 5000).decode()
    os.close(reading)
    os.waitpid(child, 0)
json.dump(told, sys.stdout)
"""


class Tried(NamedTuple):
    """An archive, why it does not run, and why its whole folder does not ("-" where it does)."""

    archive: Archive
    archived: str
    whole: str

    @property
    def refused(self) -> list[str]:
        """Return the violations."""
        return [str(finding) for finding in self.archive.findings if finding.severity == "violation"]


def tried(
    root: Path,
    mains: Mapping[str, str],
    files: Mapping[str, str],
    shared: Mapping[str, str],
    *,
    dynamic_imports: tuple[str, ...] = (),
    resources: tuple[str, ...] = (),
) -> dict[str, Tried]:
    """Return what becomes of each `main.py`, by name; each has the same files beside it and the same library."""
    write(root / "functions" / "shared", shared)
    sources, folders = [], []
    for number, main in enumerate(mains.values()):
        source, whole = source_in(root, f"f{number}"), root / "whole" / str(number)
        write(source.folder, {**files, "main.py": with_handle(main)})
        shutil.copytree(source.folder, whole)
        shutil.copytree(root / "functions" / "shared", whole / "shared")
        sources.append(replace(source, dynamic_imports=dynamic_imports, resources=resources))
    archives = analyse_functions(sources, target_python=TARGET, locked=locked())
    for number in range(len(mains)):
        with zipfile.ZipFile(io.BytesIO(archives[f"f{number}"].content)) as packed:
            packed.extractall(root / "unpacked" / str(number))
        folders += [(f"{kind} {number}", str(root / kind / str(number))) for kind in ("unpacked", "whole")]
    command = (sys.executable, "-c", _DRIVER)
    done = subprocess.run(command, input=json.dumps(folders), capture_output=True, text=True, check=True, cwd=root)
    told: dict[str, str] = json.loads(done.stdout)
    return {
        name: Tried(archives[f"f{number}"], told[f"unpacked {number}"], told[f"whole {number}"])
        for number, name in enumerate(mains)
    }


def with_handle(main: str) -> str:
    """Return a `main.py` that has an entry point."""
    return main + ("" if "def handle" in main else HANDLE)


def source_in(root: Path, name: str) -> ArchiveSource:
    """Return a function of a project, whose library is `shared`."""
    roots = (SourceRoot(root / "functions", only=("shared",)),)
    return ArchiveSource(name, root / "functions" / name, "handle", "http", root, roots=roots)


def violations(root: Path, main: str, files: Mapping[str, str]) -> list[str]:
    """Return the rules that a function breaks which has these files beside its `main.py`."""
    source = source_in(root, "f")
    write(source.folder, {**files, "main.py": with_handle(main)})
    write(root / "functions" / "shared", {"__init__.py": ""})
    found = analyse_function(source, target_python=TARGET, locked=locked()).findings
    return [each.rule for each in found if each.severity == "violation"]


@cache
def locked() -> LockedDistributions:
    """Return what this project's functions may install."""
    return read_distributions(ROOT / "functions", ROOT, (3, 11))[0]


def write(folder: Path, files: Mapping[str, str]) -> None:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
