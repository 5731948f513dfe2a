"""One copy of what the declaration names, for all tests that change the declaration alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the functions and schemas, which keeps its cache; each test writes its own `pipeline.yaml`."""
    root = tmp_path_factory.mktemp("project")
    for folder in ("functions", "schemas"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return root
