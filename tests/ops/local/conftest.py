"""One local run for all tests here; each begins anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.local import processes
from ops.local.system import System, running
from ops.report.gather import gather

ROOT = Path(__file__).resolve().parents[3]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    skip = pytest.mark.skip(reason=f"the emulators are not installed: {processes.HINT}")
    for item in items:
        if Path(__file__).parent in item.path.parents and {"booted", "system"} & {*getattr(item, "fixturenames", ())}:
            item.add_marker(pytest.mark.emulator)
            if processes.sdk() is None:
                item.add_marker(skip)


@pytest.fixture(scope="session")
def booted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with running(gather(ROOT, "prod"), tmp_path_factory.mktemp("local")) as system:
        yield system


@pytest.fixture
def system(booted: System) -> System:
    booted.begin_anew()
    return booted
