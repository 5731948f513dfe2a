"""The bootstrap program, which releases need before the first one, under the real engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine import harness
from tests.engine.conftest import ROOT
from tests.engine.harness import Engine

pytestmark = pytest.mark.engine

CONFIG = {
    "projectId": "my-project",
    "projectNumber": "123456789012",
    "region": "europe-west1",
    "repositoryId": "1",
    "ownerId": "2",
    "labels.team": "data",
    "labels.component": "releases",
}
SETTINGS = ("--config-path", *(part for name, value in CONFIG.items() for part in ("--config", f"{name}={value}")))
"""The stack's configuration as options of a command, set as the page about it says."""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with harness.engine(ROOT / "bootstrap", tmp_path / "home", "access") as made:
        yield made


def test_it_comes_up_and_a_second_update_is_empty(engine: Engine) -> None:
    first = engine.up(*SETTINGS)
    assert first.code == 0, first.output
    assert set(first.changes.values()) == {"create"}
    assert {each.kind.rpartition(":")[2] for each in engine.cloud.all()} >= {"Bucket", "CryptoKey", "Account"}
    again = engine.preview("--expect-no-changes")
    assert again.code == 0, again.output
