"""One copy of what the declaration names for tests that change the declaration alone, one each for those that change more."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from blueprint.alerts import catalogue
from blueprint.check import check
from blueprint.loader import load_manifest
from blueprint.model import Blueprint
from blueprint.names import Names
from blueprint.stack import StackSettings
from tests.blueprint.contracts.test_wiring import ROOT, STACK, TEXT


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the functions and schemas, which keeps its cache; each test writes its own `pipeline.yaml`."""
    root = tmp_path_factory.mktemp("project")
    for folder in ("functions", "schemas"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return root


@pytest.fixture(scope="session")
def known(project: Path) -> Path:
    """The same, once checked, so that a copy finds in its cache what it did not change."""
    (project / "pipeline.yaml").write_text(TEXT, encoding="utf-8")
    check(project, STACK)
    return project


@pytest.fixture
def tree(known: Path, tmp_path: Path) -> Path:
    """The declaration with its functions and schemas, free to be changed."""
    shutil.copytree(known, tmp_path, dirs_exist_ok=True)
    (tmp_path / "pipeline.yaml").write_text(TEXT, encoding="utf-8")
    return tmp_path


@pytest.fixture(scope="session")
def plan() -> Blueprint:
    """What the declaration says, without anything that is read beside it."""
    manifest = load_manifest(ROOT)
    names = Names(manifest.pipeline, "a-project", "123456789012", "us-west2")
    stack = StackSettings("prod", "a-project", "123456789012", "us-west2", "production")
    return Blueprint(
        root=ROOT,
        stack=stack,
        manifest=manifest,
        names=names,
        archives={},
        schemas=None,  # type: ignore[arg-type]  # not read by these contracts
        grants=(),
        messages={},
        firestore=None,  # type: ignore[arg-type]
        streams={},
        alerts=catalogue(manifest, names),
        dashboard={},
    )
