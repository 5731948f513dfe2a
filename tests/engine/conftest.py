"""What the engine tests share: they are skipped, in one line, where the engine is not installed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.provider_plugin import BINARY, available
from tests.engine import harness

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
HOW_TO_GET_IT = (
    "The real provider is compared where it is on PATH; `pulumi plugin install resource gcp 10.2.0` gets it."
)
ONE_CHECKPOINT = {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}
"""Write the state once and not after each of hundreds of steps; where no crash is tried, nothing else changes."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    absent = harness.missing()
    skip = pytest.mark.skip(reason=f"{', '.join(absent)} not found. {harness.HOW_TO_GET}")
    without = pytest.mark.skip(reason=f"`{BINARY}` not found. {HOW_TO_GET_IT}")
    for item in items:
        if absent and item.get_closest_marker("engine"):
            item.add_marker(skip)
        if item.get_closest_marker("plugin") and available() is None:
            item.add_marker(without)


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[harness.Engine]:
    """The bare program, deployed; fork it."""
    home = tmp_path_factory.mktemp("bare")
    with harness.engine(HERE / "programs" / "bare", home, "test") as engine:
        result = engine.up()
        assert result.code == 0, result.output
        yield engine


@pytest.fixture(scope="session")
def prod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[harness.Engine]:
    """The project itself, deployed from nothing on its prod stack; fork it."""
    home = tmp_path_factory.mktemp("prod")
    with harness.engine(ROOT, home, "prod") as engine:
        engine.environment = ONE_CHECKPOINT
        engine.deployed = engine.up()
        assert engine.deployed.code == 0, engine.deployed.output
        engine.environment = {}
        yield engine
