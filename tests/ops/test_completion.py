"""What a shell completes: commands, options, stacks and declared names; in a real bash, and in zsh and fish where present."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from blueprint.loader import load_manifest
from ops.completion import SHELLS

ROOT = Path(__file__).resolve().parents[2]


def completed(line: str, tmp_path: Path) -> list[str]:
    """Return what is offered for a command line, by the protocol of the completion library."""
    answer = tmp_path / "answer"
    environment = {"_ARGCOMPLETE": "1", "COMP_LINE": line, "COMP_POINT": str(len(line)), "_ARGCOMPLETE_IFS": "\n"}
    environment |= {"_ARGCOMPLETE_STDOUT_FILENAME": str(answer), "_ARGCOMPLETE_SUPPRESS_SPACE": "1"}
    subprocess.run([sys.executable, "-m", "ops"], cwd=ROOT, env={**os.environ, **environment}, check=False)
    return sorted(word.strip() for word in answer.read_text().splitlines())


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("ops pl", ["plan"]),
        ("ops re", ["redrive", "release", "release-schema", "repair", "report"]),
        ("ops plan --e", ["--explain"]),
        ("ops plan --stack ", ["prod"]),
        ("ops completion ", sorted(SHELLS)),
    ],
)
def test_words(line: str, offered: list[str], tmp_path: Path) -> None:
    assert completed(line, tmp_path) == offered


def test_names_of_the_declaration(tmp_path: Path) -> None:
    manifest = load_manifest(ROOT)
    assert completed("ops build ", tmp_path) == sorted(manifest.functions)
    assert completed("ops repair 2026-01-29 --boundary ", tmp_path) == sorted(manifest.boundaries)


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_takes_its_script(shell: str, tmp_path: Path) -> None:
    script = tmp_path / "script"
    done = subprocess.run(
        [sys.executable, "-m", "ops", "completion", shell], cwd=ROOT, capture_output=True, text=True, check=True
    )
    script.write_text(done.stdout)
    assert "ops" in done.stdout
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed; on Debian: apt-get install {shell}")
    subprocess.run([shell, "-n", str(script)], check=True)


def test_bash_completes(tmp_path: Path) -> None:
    (tmp_path / "ops").write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m ops "$@"\n')
    (tmp_path / "ops").chmod(0o755)
    code = 'eval "$(ops completion bash)"; COMP_LINE="ops pl"; COMP_POINT=6; COMP_TYPE=9; COMP_WORDS=(ops pl); COMP_CWORD=1; _python_argcomplete ops; echo "${COMPREPLY[@]}"'
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["plan"]
