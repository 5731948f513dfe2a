"""The page on bootstrap, typed line by line: the real engine, the provider twin, and stand-ins for gcloud, gh and jq."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine import harness
from tests.engine.twin.cloud import Cloud
from tests.engine.twin.provider import serving
from tests.operations.pages import FOLDER, ROOT, commands

pytestmark = [
    pytest.mark.engine,
    pytest.mark.slow,
    pytest.mark.skipif(bool(harness.missing()), reason=harness.HOW_TO_GET),
]
TOOLS = {
    "gcloud": 'echo "gcloud $*" >> "$CALLS"; case "$*" in *describe*) echo 12345;; esac',
    "gh": 'echo "gh $*" >> "$CALLS"; case "$*" in *.owner.id) echo 89;; *.id) echo 67;; esac',
    "make": 'echo "make $*" >> "$CALLS"',
    # The bucket is a folder here and the key a passphrase: both are what the engine is told, and not what it does.
    "jq": 'python3 -c "import json,sys; print(json.load(open(sys.argv[2]))[sys.argv[1][1:]])" "$2" "$3" | sed -e "s#^gs://#file://$BUCKETS/#" -e "s#^gcpkms://.*#passphrase#"',
}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[harness.Engine]:
    program = tmp_path / "program"
    program.mkdir()
    shutil.copytree(ROOT / "bootstrap", program / "bootstrap", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Pulumi.yaml", "Pulumi.prod.yaml"):
        shutil.copy(ROOT / name, program / name)
    (program / ".venv").symlink_to(sys.prefix)
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, body in TOOLS.items():
        (tools / name).write_text(f"#!/bin/sh\n{body}\n")
        (tools / name).chmod(0o755)
    (tmp_path / "buckets" / "my-project-pulumi-state").mkdir(parents=True)
    cloud = Cloud(tmp_path / "cloud.sqlite")
    with serving(cloud) as port:
        yield harness.Engine(home=tmp_path, stack="prod", cloud=cloud, port=port)


def test_what_the_page_says_makes_an_empty_project_ready(engine: harness.Engine) -> None:
    home = engine.home
    variables = engine.variables() | {"CALLS": str(home / "calls.txt"), "BUCKETS": str(home / "buckets")}
    variables |= {"PATH": f"{home / 'tools'}:{variables['PATH']}"}
    script = "\n".join(["set -eu", *commands(FOLDER / "bootstrap.md")])
    done = subprocess.run(
        ["bash", "-c", script], cwd=engine.program, env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]

    assert engine.cloud.get("gcp:storage/bucket:Bucket", "my-project-pulumi-state") is not None
    assert {each.inputs["accountId"] for each in engine.cloud.all("gcp:serviceaccount/account:Account")} == {
        "pulumi-preview",
        "pulumi-release",
    }
    bucket = home / "buckets" / "my-project-pulumi-state"
    assert (bucket / ".pulumi" / "stacks" / "release-access" / "prod.json").is_file()
    assert (bucket / ".pulumi" / "stacks" / "phase-orchestration" / "prod.json").is_file()
    assert not (engine.program / "bootstrap" / ".state").exists()
    calls = (home / "calls.txt").read_text()
    provider = "projects/12345/locations/global/workloadIdentityPools/release-workflows/providers/github"
    assert f"gh variable set WORKLOAD_IDENTITY_PROVIDER --body {provider}" in calls
    assert "gh variable set RELEASE_ACCOUNT --body pulumi-release@my-project.iam.gserviceaccount.com" in calls
