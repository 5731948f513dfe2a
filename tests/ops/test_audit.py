"""The audit as a package of its own: installed by pip into a bare environment with its locked needs and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ops.setup.pins import AUDIT, rows

ROOT = Path(__file__).resolve().parents[2]
ALONE = ROOT / "audit"
MESSY = ROOT / "tests" / "archive" / "trees" / "messy" / "functions"
LOCK = rows((ALONE / "requirements.txt").read_text(encoding="utf-8"))


def repacked(folder: Path, name: str) -> None:
    """Write an installed distribution as the wheel that it was installed from."""
    installed = distribution(name)
    tag = next(
        line.partition(": ")[2]
        for line in (installed.read_text("WHEEL") or "").splitlines()
        if line.startswith("Tag: ")
    )
    stem = f"{canonicalize_name(installed.name).replace('-', '_')}-{installed.version}"
    with zipfile.ZipFile(folder / f"{stem}-{tag}.whl", "w") as wheel:
        for file in installed.files or ():
            if not str(file).startswith("..") and "__pycache__" not in str(file):
                wheel.write(str(file.locate()), str(file))


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the command, installed alone."""
    scratch = tmp_path_factory.mktemp("alone")
    index, bare = scratch / "index", scratch / "bare"
    index.mkdir()
    for name in LOCK:
        repacked(index, name)
    venv.create(bare)
    python = bare / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check", "install", "--quiet")
    subprocess.run([*pip, "--no-index", "--find-links", str(index), str(ALONE)], check=True)
    listed = subprocess.run([*pip[:5], "list", "--format", "json"], capture_output=True, text=True, check=True)
    assert {each["name"].lower() for each in json.loads(listed.stdout)} == {"audit-functions", *LOCK}
    return bare / "bin" / "audit-functions"


def run(command: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "XDG_CACHE_HOME": str(folder / "kept"), "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        [str(command), *words], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_its_lock_is_what_it_asks_for_and_what_the_project_has() -> None:
    project = rows((ROOT / "requirements.txt").read_text(encoding="utf-8"))
    assert {name: project[name] for name in AUDIT} == LOCK
    asked = {}
    for line in (ALONE / "pyproject.toml").read_text(encoding="utf-8").splitlines():
        if line.startswith("dependencies"):
            asked = {each.name: each for each in map(Requirement, json.loads(line.partition("=")[2]))}
    assert set(asked) == set(LOCK)
    assert all(asked[name].specifier.contains(row.split()[0].partition("==")[2]) for name, row in LOCK.items())


def test_it_judges_a_tree_as_the_project_does(command: Path, tmp_path: Path) -> None:
    done = run(command, tmp_path, str(MESSY), "--json")
    ours = subprocess.run(
        [sys.executable, "-m", "ops", "audit", str(MESSY), "--json", "--no-cache"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (ours.returncode, "") == (1, "")
    assert json.loads(done.stdout) == json.loads(ours.stdout)
    assert (tmp_path / "kept" / "audit-functions").is_dir()


@pytest.mark.parametrize(
    ("source", "code"),
    [("import json", 0), ("import requests", 1), ("import strange_thing", 4)],
)
def test_its_exit_codes(command: Path, source: str, code: int, tmp_path: Path) -> None:
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "main.py").write_text(f"{source}\n\n\ndef handle(request):\n    return 1\n")
    (tmp_path / "f" / "requirements.txt").write_text("unheard-of==1.0\n" if code == 4 else "")
    assert run(command, tmp_path, ".").returncode == code
    assert run(command, tmp_path, ".", "--format", "sarif").returncode == code
    annotations = run(command, tmp_path, ".", "--format", "github").stdout
    assert annotations.startswith("::error file=f/main.py,line=1") is (code == 1)


def test_a_mistake_of_its_user_is_a_sentence(command: Path, tmp_path: Path) -> None:
    done = run(command, tmp_path, "nowhere")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "No such folder: nowhere.\n")
    done = run(command, tmp_path, ".", "--deploy", "magic")
    assert done.returncode == 2
    assert "folder, rsync, gcloud, scripts" in done.stderr.replace("'", "")
    assert run(command, tmp_path, "--version").stdout == "audit-functions 0.3.0\n"


def test_the_action_installs_by_hash_and_passes_what_it_is_given() -> None:
    action = yaml.safe_load((ALONE / "action.yml").read_text(encoding="utf-8"))
    install, judge = action["runs"]["steps"]
    assert "--require-hashes" in install["run"]
    assert "${{" not in install["run"] + judge["run"]  # a value of a workflow is no part of a script
    assert {each.split(".")[-1].rstrip(" }") for each in judge["env"].values()} == set(action["inputs"])


@pytest.mark.parametrize("sarif", ["", "found.sarif"])
def test_the_action_runs(command: Path, sarif: str, tmp_path: Path) -> None:
    tree = tmp_path / "tree" / "f"
    tree.mkdir(parents=True)
    (tree / "main.py").write_text("import shared\n\n\ndef handle(request):\n    return 1\n")
    (tmp_path / "lib" / "shared").mkdir(parents=True)
    (tmp_path / "lib" / "shared" / "__init__.py").write_text("")
    (tmp_path / "audit-functions").symlink_to(command.parents[1])
    script = yaml.safe_load((ALONE / "action.yml").read_text(encoding="utf-8"))["runs"]["steps"][1]["run"]

    def judged(roots: str) -> subprocess.CompletedProcess[str]:
        given = {"TREE": "tree", "ROOTS": roots, "WAY": "", "VERSION": "3.11", "SARIF": sarif}
        environment = {**given, "RUNNER_TEMP": str(tmp_path), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
        call = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
        return subprocess.run(call, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    assert judged("lib").returncode == 0
    missing = judged("")
    assert missing.returncode == 1
    told = (tmp_path / sarif).read_text() if sarif else missing.stdout
    assert "shared" in told
