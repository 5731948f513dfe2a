"""The page on the hand-over, typed up to the preview: an old system on the twin is adopted and nothing of it is lost."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.report.gather import gather
from tests.engine import harness, legacy
from tests.engine.twin.cloud import Cloud
from tests.operations.pages import FOLDER, ROOT, commands

pytestmark = [
    pytest.mark.engine,
    pytest.mark.slow,
    pytest.mark.skipif(bool(harness.missing()), reason=harness.HOW_TO_GET),
]
GCLOUD = """#!/bin/sh
case "$*" in
  "asset list "*) cat "$LISTINGS/assets.json";;
  "firestore indexes composite list "*) cat "$LISTINGS/firestore.json";;
  "firestore indexes fields list "*) echo "[]";;
  *) exit 64;;
esac
"""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[harness.Engine]:
    """The project beside a cloud that holds the old system; nothing is adopted yet."""
    home = tmp_path / "home"
    home.mkdir()
    cloud = Cloud(home / "cloud.sqlite")
    legacy.populate(cloud, [(each.type, dict(each.inputs)) for each in gather(ROOT, "prod").resources])
    with harness.engine(ROOT, home, "prod", cloud=cloud) as made:
        yield made


def test_what_the_page_says_adopts_an_old_system(engine: harness.Engine) -> None:
    for name, listing in zip(("assets", "firestore"), legacy.listings(engine.cloud), strict=True):
        (engine.home / f"{name}.json").write_text(json.dumps(listing), encoding="utf-8")
    tools = engine.home / "tools"
    tools.mkdir()
    (tools / "gcloud").write_text(GCLOUD)
    (tools / "gcloud").chmod(0o755)
    lines = list(commands(FOLDER / "handover.md"))
    lines = lines[: lines.index("pulumi preview --stack prod") + 1]
    found = [f"{line} || [ $? -eq 3 ]" if " adopt " in line else line for line in lines]  # 3: something is left over
    before = {(each.kind, each.id) for each in engine.cloud.all()}
    variables = engine.variables()
    variables |= {"LISTINGS": str(engine.home), "PROJECT": legacy.PROJECT, "PATH": f"{tools}:{variables['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", "\n".join(["set -eu", *found])],
        cwd=engine.program,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert {(each.kind, each.id) for each in engine.cloud.all()} == before
    adopted = {each["id"] for each in engine.resources().values()}
    assert "projects/nba-props-platform/datasets/nba_orchestration/tables/service_errors" in adopted
    assert "replace" not in done.stdout
