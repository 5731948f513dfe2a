"""The pipeline's own catalogue, and promtool where it is installed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from blueprint.alerts import Alert, catalogue
from blueprint.loader import load_manifest
from blueprint.manifest import Manifest
from blueprint.names import Names

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def manifest() -> Manifest:
    return load_manifest(ROOT)


@pytest.fixture(scope="session")
def alerts(manifest: Manifest) -> tuple[Alert, ...]:
    return catalogue(manifest, Names(manifest.pipeline, "a-project", "123456789012", "us-west2"))


@pytest.fixture(scope="session")
def promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("promtool is not installed; on Debian: apt-get install prometheus")
    return found
