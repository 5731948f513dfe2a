"""docs/another-pipeline.md is run as it stands: each block in a shell, one after the other, from an empty folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "another-pipeline.md"
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)


def blocks() -> list[str]:
    return BLOCK.findall(PAGE.read_text(encoding="utf-8"))


@pytest.mark.slow
def test_the_page_can_be_followed(tmp_path: Path) -> None:
    """The install lines are the packaging test's; here the tool is the checkout, found first on PATH and by Python."""
    commands = tmp_path / "bin"
    commands.mkdir()
    for name, call in (("ops", "-m ops"), ("python", "")):
        (commands / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {call} "$@"\n')
        (commands / name).chmod(0o755)
    followed = [block for block in blocks() if not block.startswith("pip ")]
    assert len(followed) == 3
    script = "set -e\n" + "\n".join(followed).replace("plan --stack dev\n", "plan --stack dev --no-acceptance\n")
    script = script.replace("--only start-deliver", "--only start-deliver --no-acceptance")
    environment = {**os.environ, "PATH": f"{commands}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ("sh", "-c", script), cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "start-deliver" in done.stdout
    assert (tmp_path / "shipments" / "Pulumi.prod.yaml").is_file()


def test_the_page_names_every_part() -> None:
    done = subprocess.run(
        (sys.executable, "-m", "ops", "new", "--help"), cwd=ROOT, capture_output=True, text=True, check=True
    )
    parts = re.findall(r"^    (\w+)\b", done.stdout, re.MULTILINE)
    assert len(parts) == 7
    assert all(f"ops new {part}" in PAGE.read_text(encoding="utf-8") for part in parts)
