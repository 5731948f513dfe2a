"""A requirements file is read as pip reads it: the same files are given to pip itself."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from analysis.audit.requirements_file import Requirement, RequirementsReader

TARGET = (sys.version_info[0], sys.version_info[1])
NAMES = ("alpha", "beta", "gamma-x", "delta", "epsilon", "zeta", "eta")


def read(file: Path) -> list[Requirement]:
    def content(name: str) -> bytes | None:
        path = Path(name)
        return path.read_bytes() if path.is_file() else None

    return list(RequirementsReader(content, TARGET).read(str(file)))


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheels")
    for name in NAMES:
        stem = f"{name.replace('-', '_')}-1.0"
        with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as wheel:
            info = f"{stem}.dist-info"
            wheel.writestr(
                f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nProvides-Extra: more\n"
            )
            wheel.writestr(
                f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            )
            wheel.writestr(f"{info}/RECORD", "")
    return folder


@pytest.mark.parametrize(
    "files",
    [
        {"requirements.txt": b"alpha==1.0\nBeta >= 0.5  # why\n# gamma-x\n\n  delta[more] == 1.0\n"},
        {"requirements.txt": "alpha==1.0\nbeta\n".encode("utf-16")},
        {"requirements.txt": b"\xef\xbb\xbfalpha==1.0\r\nbeta\r\n"},
        {"requirements.txt": b"# -*- coding: latin-1 -*-\n# caf\xe9\nalpha\n"},
        {"requirements.txt": b"alpha \\\n  == 1.0\nbeta\n"},
        {
            "requirements.txt": b"-r more/one.txt\n--requirement=more/two.txt\n--requirement more/three.txt\nalpha\n",
            "more/one.txt": b"beta\n-rfour.txt\n",
            "more/two.txt": b"gamma_x\n",
            "more/three.txt": b"delta\n",
            "more/four.txt": b"epsilon\n",
        },
        {"requirements.txt": b"-c limits.txt\nalpha\n", "limits.txt": b"beta==1.0\n"},
        {
            "requirements.txt": b"alpha ; sys_platform == 'win32'\nbeta ; python_version >= '3.8'\nzeta; platform_system == 'Linux' and python_version < '3.0'\n"
        },
        {"requirements.txt": b"--pre\n--prefer-binary\nalpha\n--no-binary zeta\n"},
    ],
)
def test_the_same_is_asked_for_as_pip_installs(files: dict[str, bytes], wheels: Path, tmp_path: Path) -> None:
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    options = ("--quiet", "--no-index", "--no-deps", "--ignore-installed", f"--find-links={wheels}", "--dry-run")
    command = (sys.executable, "-m", "pip", "install", *options, "--report=-", "-r", "requirements.txt")
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    theirs = {each["metadata"]["name"].lower() for each in json.loads(result.stdout)["install"]}
    ours = read(tmp_path / "requirements.txt")
    assert {each.name for each in ours} == theirs
    assert all(not each.unread for each in ours)


@pytest.mark.parametrize(
    ("row", "name", "exact"),
    [
        ("git+https://one.example.com/x/y.git#egg=thing", "thing", False),
        ("thing @ git+https://one.example.com/x/y.git@" + "0" * 40, "thing", True),
        ("https://one.example.com/thing-1.0-py3-none-any.whl", "thing", False),
        ("./libs/thing", "", True),
        ("-e ./libs/thing", "", True),
        ("--editable=./libs/thing", "", True),
        ("file:libs/thing", "", True),
        ("thing==", "", False),
        ("-r https://one.example.com/more.txt", "", False),
        ("-r gone.txt", "", True),
    ],
)
def test_what_pip_builds_or_fetches_is_not_known(row: str, name: str, exact: bool, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(f"{row}\n")
    [found] = read(tmp_path / "requirements.txt")
    assert (found.name, found.exact) == (name, exact)
    assert found.unread


def test_a_file_that_names_itself_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("-r requirements.txt\nalpha==1.0\n")
    assert [each.name for each in read(tmp_path / "requirements.txt")] == ["alpha"]


def test_only_an_exact_version_is_exact(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("alpha==1.0\nbeta==1.*\ngamma~=1.0\ndelta\neta===1.0\n")
    assert [each.exact for each in read(tmp_path / "requirements.txt")] == [True, False, False, False, True]
