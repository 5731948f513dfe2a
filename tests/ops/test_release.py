"""A release: plan, apply that plan and no other, go on, go back, every refusal between; on the twin and on the real engine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.engine import harness
from tests.engine.twin.cloud import Cloud
from tests.ops.change.repository import commit, git
from tests.ops.rollout.pulumi import VARIABLE
from tests.ops.verification.server import serving
from tests.ops.verification.twin import TwinRest

ROOT = Path(__file__).resolve().parents[2]
PIPELINE = ROOT / "tests" / "pipelines" / "parcels"
CODE = (
    "analysis",
    "provider",
    "blueprint",
    "components",
    "ops",
    "policies",
    "functions",
    "__main__.py",
    "requirements.txt",
    "requirements-tools.txt",
)
TABLE = Path("schemas", "bigquery", "parcels_ops", "journal.sql")
SUBSCRIPTION = "gcp:pubsub/subscription:Subscription"
FUNCTION = "gcp:cloudfunctionsv2/function:Function"


REAL = pytest.param(
    "engine",
    marks=[
        pytest.mark.engine,
        pytest.mark.skipif(bool(harness.missing()), reason=f"{harness.missing()} not found. {harness.HOW_TO_GET}"),
    ],
)


@dataclass
class Releases:
    """A repository of the second pipeline, and what its releases go to."""

    root: Path
    cloud: Cloud
    variables: dict[str, str]

    def ops(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "ops", *words],
            cwd=self.root,
            env=self.variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def release(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self.ops("release", "--stack", "live", *words)

    def change(self, file: Path | str, old: str, new: str) -> str:
        path = self.root / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return commit(self.root, f"Change {file}")

    def instances(self) -> set[int]:
        return {each.inputs["serviceConfig"]["maxInstanceCount"] for each in self.cloud.all(FUNCTION)}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The second pipeline with the code beside it."""
    folder = tmp_path_factory.mktemp("source") / "program"
    shutil.copytree(PIPELINE, folder)
    for part in CODE:
        if (ROOT / part).is_dir():
            own = [each.name for each in (ROOT / part).iterdir() if part == "functions" and each.is_dir()]
            hidden = shutil.ignore_patterns("__pycache__", *(name for name in own if name != "shared"))
            shutil.copytree(ROOT / part, folder / part, ignore=hidden, dirs_exist_ok=True)
        else:
            shutil.copy(ROOT / part, folder / part)
    shutil.copy(ROOT / ".gitignore", folder / ".gitignore")
    return folder


@pytest.fixture(scope="module", params=["twin", REAL])
def releases(
    request: pytest.FixtureRequest, source: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Releases]:
    """The second pipeline as a repository of its own, never released."""
    home = tmp_path_factory.mktemp("releases")
    if request.param == "twin":
        harness.copy_program(source, home)
        yield begun(Releases(home / "program", Cloud(home / "cloud.sqlite"), stand_in(home)))
        return
    with harness.engine(source, home, "live") as engine:
        yield begun(Releases(engine.program, engine.cloud, engine.variables()))


def stand_in(home: Path) -> dict[str, str]:
    """Return the variables with which `pulumi` is the stand-in of this folder."""
    command = home / "bin" / "pulumi"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m tests.ops.rollout.pulumi "$@"\n')
    command.chmod(0o755)
    return {**os.environ, "PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}", VARIABLE: str(home)}


def begun(releases: Releases) -> Releases:
    git(releases.root, "init", "--quiet", "--initial-branch", "main")
    commit(releases.root, "Begin")
    return releases


@pytest.mark.slow
def test_from_the_first_release_to_a_roll_back(releases: Releases) -> None:
    root, plans = releases.root, releases.root / "build" / "release"
    first = git(root, "rev-parse", "HEAD")

    done = releases.release("--prepare", str(plans))
    assert done.returncode == 0, done.stderr
    assert json.loads((plans / "release.json").read_text())["commit"] == first
    assert "The first release of the stack `live`." in (plans / "notes.md").read_text()
    assert list(releases.cloud.all()) == []

    plan = (plans / "plan.json").read_bytes()
    (plans / "plan.json").write_bytes(plan + b"\n")
    done = releases.release("--apply", str(plans))
    assert (done.returncode, "its hash differs from the recorded one" in done.stderr) == (1, True)
    (plans / "plan.json").write_bytes(plan)
    done = releases.release("--apply", str(plans), "--no-verify")
    assert done.returncode == 0, done.stderr
    assert releases.instances() == {1, 2}

    last = 'OPTIONS(description="When it happened")'
    column = releases.change(TABLE, last, f"{last},\n  reason STRING")
    done = releases.release("--yes", "--no-verify")
    assert done.returncode == 0, done.stderr
    assert "`schema[reason].name`" in done.stdout

    done = releases.release("--to", first, "--yes", "--no-verify")
    assert done.returncode == 1
    assert "column reason of table parcels_ops.journal" in done.stderr
    assert f"git checkout {column[:12]} -- schemas" in done.stderr

    wider = releases.change("pipeline.yaml", "max_instances: 2", "max_instances: 5")
    assert releases.release("--prepare", str(plans)).returncode == 0
    done = releases.release("--yes", "--no-verify")
    assert done.returncode == 0, done.stderr
    assert releases.instances() == {1, 5}
    done = releases.release("--apply", str(plans), "--no-verify")
    assert (done.returncode, f"Since the plan was made, {wider[:12]} was released" in done.stderr) == (1, True)

    done = releases.release("--to", column, "--yes", "--no-verify")
    assert done.returncode == 0, done.stderr
    assert releases.instances() == {1, 2}

    with serving(releases.cloud, releases.root, "parcels-live", unready_when_wide) as host:
        releases.variables["CONTROL_PLANE_HOST"] = host
        done = releases.release("--yes")
        assert (done.returncode, releases.instances()) == (1, {1, 5}), done.stdout + done.stderr
        assert "is not ready" in done.stdout
        assert f"To go back to the release before: `make release COMMIT={column}`" in done.stderr

        done = releases.release("--to", column, "--yes")  # what that target of make does
        assert (done.returncode, releases.instances()) == (0, {1, 2}), done.stdout + done.stderr
        assert "A completion travels through each boundary" in done.stdout

        done = releases.release("--yes", "--roll-back")
        assert (done.returncode, releases.instances()) == (1, {1, 2}), done.stdout + done.stderr
        assert f"The release before runs again, {column[:12]}, and is verified." in done.stderr
        del releases.variables["CONTROL_PLANE_HOST"]


def unready_when_wide(rest: TwinRest) -> None:
    """Let the newest revision of a function fail to start as long as it may have five instances."""
    wide = [each for each in rest.cloud.all(FUNCTION) if each.inputs["serviceConfig"]["maxInstanceCount"] == 5]
    paths = [each.outputs["serviceConfig"]["service"] for each in wide]
    failing = {"terminalCondition": {"state": "CONDITION_FAILED", "message": "It is not ready."}}
    rest.faults = {path: {**failing, "latestCreatedRevision": "revisions/new"} for path in paths}


def test_nobody_to_ask(releases: Releases) -> None:
    done = releases.release()
    assert (done.returncode, "nobody to ask" in done.stderr) == (2, True)


def test_what_is_not_committed_is_not_released(releases: Releases) -> None:
    (releases.root / "new.txt").write_text("new")
    done = releases.release("--prepare", str(releases.root / "build" / "other"))
    (releases.root / "new.txt").unlink()
    assert (done.returncode, "a release is made from a commit" in done.stderr) == (1, True)


def test_only_the_history_of_the_branch_is_released(releases: Releases) -> None:
    git(releases.root, "checkout", "--quiet", "-b", "elsewhere")
    (releases.root / "new.txt").write_text("new")
    elsewhere = commit(releases.root, "Elsewhere")
    git(releases.root, "checkout", "--quiet", "main")
    done = releases.release("--to", elsewhere, "--yes")
    assert (done.returncode, "is not in the history of what is checked out" in done.stderr) == (1, True)
