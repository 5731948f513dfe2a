"""The second pipeline, deployed on the provider twin; the real engine leaves the same cloud (`tests/engine/test_equality.py`)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ops.report.gather import Plan, gather
from tests.engine.twin.cloud import Cloud
from tests.engine.twin.deployment import deploy
from tests.ops.verification.twin import TwinRest

ROOT = Path(__file__).resolve().parents[3]
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
def deployed(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Cloud:
    """The twin's cloud after a deployment."""
    cloud = Cloud(tmp_path_factory.mktemp("deployed") / "cloud.sqlite")
    deploy(program, "live", cloud)
    return cloud


@pytest.fixture(scope="session")
def plan(program: Path) -> Plan:
    found = gather(program, "live")
    assert found.violations == []
    return found


@pytest.fixture
def rest(deployed: Cloud, tmp_path: Path) -> TwinRest:
    """A copy of the deployed cloud, free to be broken."""
    return TwinRest(deployed.copy(tmp_path / "cloud.sqlite"))
