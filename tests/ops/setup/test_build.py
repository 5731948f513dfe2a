"""The environment is exactly what the lock says, by each Python's own pip, whatever the index offers and whatever was there.

A folder of two small wheels stands in for the index; pip, venv and the interpreters are real.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.setup.__main__ import refusal
from ops.setup.build import main
from tests.sealed.pythons import Python, pythons

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[3]
PARTS = ("ops/__init__.py", "ops/progress.py", "ops/terminal.py", "ops/setup")


def wheel(folder: Path, name: str, version: str, requires: str = "") -> str:
    """Write a wheel of one module that knows its version; return the row that pins it."""
    folder.mkdir(exist_ok=True)
    info = f"{name}-{version}.dist-info"
    needs = f"Requires-Dist: {requires}\n" if requires else ""
    files = {
        f"{name}.py": f"VERSION = '{version}'\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": "",
    }
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as made:
        for member, text in files.items():
            made.writestr(member, text)
    return f"{name}=={version} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


def laid(tmp_path: Path) -> Path:
    """A project with a lock of two packages, the first of which asks for any version of the second."""
    root = tmp_path / "project"
    for part in PARTS:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        (root / part).parent.mkdir(parents=True, exist_ok=True)
        copy(ROOT / part, root / part)
    (root / "ops" / "__main__.py").write_text("def guarded():\n    print('ops runs')\n")
    shutil.copy(ROOT / "pyproject.toml", root)
    index = tmp_path / "index"
    (root / "requirements.txt").write_text(wheel(index, "outer", "1.0", "inner>=1") + wheel(index, "inner", "1.0"))
    (root / "requirements-tools.txt").write_text(wheel(index, "tool", "1.0"))
    return root


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return laid(tmp_path)


@pytest.fixture(scope="module")
def healed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose environment is built; each test that breaks it leaves it built anew."""
    root = laid(tmp_path_factory.mktemp("healed"))
    assert build(root).returncode == 0
    return root


def build(
    root: Path, group: str = "program", python: str = sys.executable, *more: str
) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.defpath,
        "HOME": str(root.parent / "home"),
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(root.parent / "index"),
        "PIP_TARGET": str(root.parent / "elsewhere"),
    }
    command = (python, "-m", "ops.setup", group, *more)
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)


def has(root: Path, module: str) -> str:
    command = (str(root / ".venv" / "bin" / "python"), "-I", "-c", f"import {module}; print({module}.VERSION)")
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


@pytest.mark.parametrize("python", pythons(), ids=lambda each: f"{each.version}-pip-{each.pip}")
def test_each_pip_installs_the_lock_and_not_what_is_newer(project: Path, python: Python) -> None:
    wheel(project.parent / "index", "inner", "2.0")
    built = build(project, "program", str(python.path))
    assert (built.returncode, built.stdout, built.stderr) == (0, "", "")
    assert (has(project, "outer"), has(project, "inner"), has(project, "tool")) == ("1.0", "1.0", "")
    command = (str(project / ".venv" / "bin" / "ops"),)
    said = subprocess.run(command, cwd=project / "ops", capture_output=True, text=True, check=True).stdout
    assert said == "ops runs\n"


def test_ready_is_left_alone_and_tools_are_added(project: Path) -> None:
    assert build(project).returncode == 0
    kept = project / ".venv" / "kept"
    kept.touch()
    assert build(project).returncode == 0
    assert build(project, "tools").returncode == 0
    assert (has(project, "tool"), kept.exists()) == ("1.0", True)


def removed_record(venv: Path) -> None:
    (venv / "built.json").unlink()


def vanished_interpreter(venv: Path) -> None:
    (venv / "bin" / "python").unlink()
    (venv / "bin" / "python").symlink_to("/nowhere/python3")


def other_interpreter(venv: Path) -> None:
    known = json.loads((venv / "built.json").read_text())
    (venv / "built.json").write_text(json.dumps(known | {"python": "3.11.0 (another build)"}))


def half_installed(venv: Path) -> None:
    next(venv.glob("lib/*/site-packages/inner-*.dist-info/RECORD")).unlink()


def empty(venv: Path) -> None:
    shutil.rmtree(venv)
    venv.mkdir()


def outdated(venv: Path) -> None:
    lock = venv.parent / "requirements.txt"
    lock.write_text(lock.read_text() + "# a newer lock\n")


@pytest.mark.parametrize(
    "harm",
    [removed_record, vanished_interpreter, other_interpreter, half_installed, empty, outdated],
    ids=lambda f: f.__name__,
)
def test_what_is_broken_is_built_anew(healed: Path, harm: Callable[[Path], None]) -> None:
    project = healed
    (project / ".venv" / "kept").touch()
    harm(project / ".venv")
    assert build(project).returncode == 0
    assert (has(project, "inner"), (project / ".venv" / "kept").exists()) == ("1.0", False)


def test_an_interrupted_installation_is_not_taken_for_a_finished_one(project: Path) -> None:
    assert build(project).returncode == 0
    held = (project / "requirements-tools.txt").read_text()
    (project / "requirements-tools.txt").write_text("absent==1.0 --hash=sha256:" + "0" * 64 + "\n")
    assert build(project, "tools").returncode == 1
    (project / "requirements-tools.txt").write_text(held)
    (project / ".venv" / "kept").touch()
    assert build(project, "tools").returncode == 0
    assert not (project / ".venv" / "kept").exists()


def test_another_hash_is_refused_in_a_sentence(project: Path) -> None:
    wheel(project.parent / "index", "inner", "1.0", "outer")
    refused = build(project)
    assert refused.returncode == 1
    assert "DO NOT MATCH THE HASHES" in refused.stderr
    assert refused.stderr.rstrip().endswith("Its whole output is in .cache/setup.log.")
    assert "Traceback" not in refused.stderr


def test_a_folder_where_nothing_can_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / ".cache").write_text("")  # as good as a folder of somebody else's, and so for root too
    with pytest.raises(SystemExit, match=r"The environment cannot be built: .*\.cache: file exists\."):
        main(tmp_path, ["program"])


def test_a_link_to_somebody_elses_environment_is_not_touched(project: Path) -> None:
    (project.parent / "theirs").mkdir()
    (project / ".venv").symlink_to(project.parent / "theirs")
    refused = build(project)
    assert (refused.returncode, list((project.parent / "theirs").iterdir())) == (1, [])
    assert "is a link to an environment that lacks what requirements.txt pins" in refused.stderr


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ((3, 10), "This is Python 3.10, and the lock is for 3.11 to 3.14. "),
        ((3, 15), "This is Python 3.15"),
        ((2, 7), "This is Python 2.7"),
    ],
)
def test_a_python_that_the_lock_is_not_for(version: tuple[int, int], said: str) -> None:
    assert str(refusal(version, (ROOT / "pyproject.toml").read_text())).startswith(said)


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13), (3, 14)])
def test_a_python_that_the_lock_is_for(version: tuple[int, int]) -> None:
    assert refusal(version, (ROOT / "pyproject.toml").read_text()) is None
