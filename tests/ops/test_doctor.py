"""What a machine has and lacks: three answers, from a Python without any package."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ops import doctor, environment

ROOT = Path(__file__).resolve().parents[2]
LOCK = """# Made.
first==1.0 \\
    --hash=sha256:00
Second_Thing[extra]==2.0 ; sys_platform == 'win32' \\
    --hash=sha256:00
"""


def run(*options: str, path: str = os.environ["PATH"]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-S", "-m", "ops", "doctor", *options],
        cwd=ROOT,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """Return a folder for programs that alone is on PATH."""
    return tmp_path


def program(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def checks(path: Path) -> dict[str, dict[str, str]]:
    return {each["name"]: each for each in json.loads(run("--json", path=str(path)).stdout)["checks"]}


def test_a_machine_with_nothing_is_told_how_to_get_it(tools: Path) -> None:
    done = run("--json", path=str(tools))
    found = {each["name"]: each for each in json.loads(done.stdout)["checks"]}
    assert done.stderr == ""
    for name in ("Pulumi CLI", "promtool", "browser", "Java", "git", "gcloud"):
        assert found[name]["state"] == "absent", name
        assert "`" in found[name]["get"] or "https://" in found[name]["get"]
    assert found["state backend"]["state"] == "not known"


def test_three_answers(tools: Path) -> None:
    program(tools, "promtool", "echo promtool, version 9.9")
    program(tools, "java", "exit 3")
    found = checks(tools)
    assert (found["promtool"]["state"], found["promtool"]["detail"]) == ("there", "promtool, version 9.9")
    assert found["Java"]["state"] == "not known"
    assert found["git"]["state"] == "absent"


def test_emulators_beside_a_cli_are_seen_and_beside_another_kind_not_known(tools: Path) -> None:
    sdk = tools / "sdk"
    (sdk / "bin").mkdir(parents=True)
    program(sdk / "bin", "gcloud", "true")
    (tools / "gcloud").symlink_to(sdk / "bin" / "gcloud")
    assert checks(tools)["pubsub-emulator"]["state"] == "not known"
    (sdk / "platform" / "pubsub-emulator").mkdir(parents=True)
    found = checks(tools)
    assert found["pubsub-emulator"]["state"] == "there"
    assert found["cloud-firestore-emulator"]["state"] == "absent"


def test_the_text_has_a_line_for_each_and_a_sum() -> None:
    done = run()
    shown = json.loads(run("--json").stdout)["checks"]
    assert all(each["name"] in done.stdout for each in shown)
    there = sum(each["state"] == "there" for each in shown)
    assert done.stdout.splitlines()[-1].startswith(f"{there} there, ")


def test_a_lock_is_read_with_its_conditions() -> None:
    assert doctor.pins(LOCK) == {"first": ("1.0", True), "second-thing": ("2.0", False)}


@pytest.mark.parametrize(
    ("version", "state"), [("1.0", "there"), ("0.9", "absent"), (None, "absent")], ids=["exact", "other", "missing"]
)
def test_the_environment_is_held_to_its_lock(
    version: str | None, state: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "lib" / "python3.11" / "site-packages"
    site.mkdir(parents=True)
    if version:
        info = site / f"first-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: first\nVersion: {version}\n")
    monkeypatch.setattr(environment, "FOLDER", tmp_path)
    monkeypatch.setattr(doctor, "_text", lambda _: LOCK)
    assert {each.state for each in doctor.packages()} == {state}
