"""The hooks of `.pre-commit-hooks.yaml`, run by pre-commit itself in another repository, without a network."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
HOOKS = ROOT / ".pre-commit-hooks.yaml"
COPIED = ("functions", "schemas", "pipeline.yaml", "Pulumi.yaml", "Pulumi.prod.yaml", "__main__.py", "components")


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=n", "-c", "user.email=e@example.invalid", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def hooks(tmp_path: Path) -> Path:
    """Return a repository that offers the hooks."""
    folder = tmp_path / "hooks"
    folder.mkdir()
    shutil.copy(HOOKS, folder)
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "Offer hooks")
    return folder


@pytest.fixture
def project(tmp_path: Path, hooks: Path) -> Path:
    """Return a repository that uses them: a copy of this project's sources, with this environment."""
    folder = tmp_path / "project"
    folder.mkdir()
    for name in COPIED:
        source = ROOT / name
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(source, folder / name, ignore=ignore) if source.is_dir() else shutil.copy(source, folder)
    command = folder / ".venv" / "bin" / "ops"
    command.parent.mkdir(parents=True)
    command.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m ops "$@"\n')
    command.chmod(0o755)
    (folder / ".gitignore").write_text(".venv\n.cache\n")
    ids = [{"id": each["id"]} for each in yaml.safe_load(HOOKS.read_text()) if each["id"].startswith("ops-")]
    config = {"repos": [{"repo": str(hooks), "rev": "HEAD", "hooks": ids}]}
    (folder / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    return folder


def run(project: Path, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    nowhere = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9", "PIP_NO_INDEX": "1"}
    return subprocess.run(
        [sys.executable, "-m", "pre_commit", "run", "--all-files", "--color", "never"],
        cwd=project,
        env={**os.environ, **nowhere, "PRE_COMMIT_HOME": str(tmp_path / "kept")},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_a_sound_project_passes_and_a_broken_one_does_not(project: Path, tmp_path: Path) -> None:
    done = run(project, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("Passed") == 2
    with (project / "functions" / "self_heal" / "main.py").open("a") as main:
        main.write("\nimport not_there_at_all\n")
    git(project, "add", "-A")
    done = run(project, tmp_path)
    assert done.returncode == 1
    assert done.stdout.count("Failed") == 2
    assert "not_there_at_all" in done.stdout


def test_the_manifest_is_what_pre_commit_takes() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "validate-manifest", str(HOOKS)], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout
