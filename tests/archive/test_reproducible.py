"""The same sources give the same bytes from any folder, user, umask, time zone, locale, order of files and Python."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import sqlglot

from analysis.python.file_tree import digest
from blueprint.archive.acceptance import find_python
from blueprint.archive.package import pack

ROOT = Path(__file__).resolve().parents[2]
TREES = Path(__file__).parent / "trees"
PURE = Path(sqlglot.__file__).parents[1]
"""Where the parser of SQL is installed, the only thing the analysis imports beside the standard library."""
SCRIPT = """
import sys
sys.path[:0] = [sys.argv[1], sys.argv[3]]
from pathlib import Path
from blueprint.archive import ArchiveSource, LockedDistributions, SourceRoot, analyse_function
root = Path(sys.argv[2])
for case in sorted(path.parent.name for path in root.glob("*/case.toml")):
    if case in ("link_outside",):
        continue
    project = root / case
    source = ArchiveSource(name="f", folder=project / "functions" / "f", entry_point="handle", signature="http",
                            project=project, roots=(SourceRoot(project / "functions", only=("shared",)),))
    archive = analyse_function(source, locked=LockedDistributions())
    print(case, archive.sha256, [finding.rule for finding in archive.findings])
"""


def hashes(trees: Path, *, python: str = sys.executable, **environment: str) -> str:
    command = (python, "-I", "-c", SCRIPT, str(ROOT), str(trees), str(PURE))
    result = subprocess.run(
        command, env={"PATH": os.defpath, **environment}, capture_output=True, text=True, check=True
    )
    return result.stdout


@pytest.fixture(scope="module")
def here() -> str:
    found = hashes(TREES)
    assert found.count("\n") > 50
    return found


def test_any_folder_and_any_order_of_files(here: str, tmp_path: Path) -> None:
    copy = tmp_path / "somewhere else" / "trees"
    for folder in sorted(TREES.iterdir(), reverse=True):
        names = sorted((path for path in folder.rglob("*") if not path.is_dir() or path.is_symlink()), reverse=True)
        for path in names:
            target = copy / path.relative_to(TREES)
            target.parent.mkdir(parents=True, exist_ok=True)
            if path.is_symlink():
                target.symlink_to(os.readlink(path))
            else:
                shutil.copyfile(path, target)
    assert hashes(copy) == here


def test_any_umask_mode_and_date(here: str, tmp_path: Path) -> None:
    old = os.umask(0o077)
    try:
        copy = tmp_path / "trees"
        shutil.copytree(TREES, copy, symlinks=True, copy_function=shutil.copyfile)
        for path in copy.rglob("*.py"):
            if not path.is_symlink():
                path.chmod(0o777)
                os.utime(path, (1, 1))
        assert hashes(copy) == here
    finally:
        os.umask(old)


@pytest.mark.parametrize(
    "environment",
    [
        {"TZ": "Pacific/Kiritimati"},
        {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0"},
        {"HOME": "/nonexistent", "USER": "someone"},
        {"PYTHONHASHSEED": "1"},
        {"PYTHONHASHSEED": "2"},
    ],
    ids=lambda value: ",".join(value),
)
def test_any_environment(here: str, environment: dict[str, str]) -> None:
    assert hashes(TREES, **environment) == here


@pytest.mark.parametrize("minor", [11, 12, 13, 14])
def test_any_python(here: str, minor: int) -> None:
    python = find_python((3, minor))
    if python is None:
        pytest.skip(f"no Python 3.{minor} on this machine")
    assert hashes(TREES, python=python) == here


def test_no_version_of_the_library_decides_about_a_byte() -> None:
    files = {"main.py": b"import shared\n" * 99, "shared/__init__.py": b"", "shared/\u00fcber.sql": b"SELECT 1"}
    assert digest(pack(files)) == "d46877865914bd1d6b72683e634b1a37bab2a33de24bf422c8c97d615c92922b"


def test_archives_hold_regular_files_with_fixed_modes_and_dates() -> None:
    with zipfile.ZipFile(io.BytesIO(pack({"b/c.py": b"2", "a.py": b"1"}))) as archive:
        entries = archive.infolist()
    assert [entry.filename for entry in entries] == ["a.py", "b/c.py"]
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {entry.external_attr >> 16 for entry in entries} == {0o100644}
    assert {entry.compress_type for entry in entries} == {zipfile.ZIP_STORED}
