"""The second pipeline, deployed by the real engine on the provider twin."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.report.gather import Plan, gather
from tests.engine import harness
from tests.engine.twin.cloud import Cloud
from tests.verification.twin import TwinRest

ROOT = Path(__file__).resolve().parents[2]
CODE = ("analysis", "provider", "blueprint", "components", "ops", "functions", "__main__.py")


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the second pipeline with the code beside it."""
    folder = tmp_path_factory.mktemp("verified") / "program"
    shutil.copytree(ROOT / "tests" / "pipelines" / "parcels", folder)
    for part in CODE:
        if (ROOT / part).is_dir():
            own = [each.name for each in (ROOT / part).iterdir() if part == "functions" and each.is_dir()]
            hidden = shutil.ignore_patterns("__pycache__", *(name for name in own if name != "shared"))
            shutil.copytree(ROOT / part, folder / part, ignore=hidden, dirs_exist_ok=True)
        else:
            shutil.copy(ROOT / part, folder / part)
    return folder


@pytest.fixture(scope="session")
def deployed(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """The twin's cloud after a deployment."""
    if harness.missing():
        pytest.skip(f"{', '.join(harness.missing())} not found. {harness.HOW_TO_GET}")
    with harness.engine(program, tmp_path_factory.mktemp("deployed"), "live") as engine:
        if not (engine.program / ".venv").exists():
            (engine.program / ".venv").symlink_to(sys.prefix)
        result = engine.up()
        assert result.code == 0, result.output
        yield engine.cloud


@pytest.fixture(scope="session")
def plan(program: Path) -> Plan:
    found = gather(program, "live")
    assert found.violations == []
    return found


@pytest.fixture
def rest(deployed: Cloud, tmp_path: Path) -> TwinRest:
    """A copy of the deployed cloud, free to be broken."""
    return TwinRest(deployed.copy(tmp_path / "cloud.sqlite"))
