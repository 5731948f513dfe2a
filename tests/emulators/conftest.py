"""Emulators and functions for a test session. Where the emulators are absent, every test here says how to get them."""

from __future__ import annotations

import functools
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from blueprint.archive import Archive
from blueprint.loader import load_manifest
from blueprint.names import Names
from blueprint.schemas.firestore import load_firestore
from blueprint.sources import build_archives
from ops.local import processes
from ops.local.cloud import Cloud
from ops.local.processes import PROJECT, FunctionProcess
from tests.emulators.fake_warehouse import FakeWarehouse

ROOT = Path(__file__).resolve().parents[2]
LEASE = 3
"""Seconds; the tests wait for leases to expire, which takes longer in production."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    skip = pytest.mark.skip(reason=f"the emulators are not installed: {processes.HINT}")
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.emulator)
            if processes.sdk() is None:
                item.add_marker(skip)


@functools.cache
def archives(root: Path = ROOT) -> Any:
    manifest = load_manifest(root)
    firestore, _ = load_firestore(root, manifest)
    return build_archives(root, manifest, Names(manifest.pipeline, PROJECT, "1", "us-west2"), firestore)[0]


def unpacked(function: str, folder: Path, root: Path = ROOT, lease: int | None = LEASE) -> Path:
    """Unpack the archive of a function into a folder of its own, with a short lease; None: with that of production."""
    archive: Archive = archives(root)[function]
    target = folder / function
    with zipfile.ZipFile(io.BytesIO(archive.content)) as content:
        content.extractall(target)
    view = target / "pipeline.json"
    if lease is not None:
        view.write_text(json.dumps(json.loads(view.read_text()) | {"lease": lease}))
    return target


def view_of(function: FunctionProcess) -> dict[str, Any]:
    view: dict[str, Any] = json.loads((function.folder / "pipeline.json").read_text())
    return view


@pytest.fixture(scope="session")
def emulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with processes.emulators(tmp_path_factory.mktemp("emulators")) as environment:
        yield environment


@pytest.fixture(scope="session")
def cloud(emulators: dict[str, str]) -> Cloud:
    return Cloud(emulators, PROJECT)


@pytest.fixture(scope="session")
def warehouse() -> Iterator[FakeWarehouse]:
    with FakeWarehouse() as running:
        yield running


Serve = Callable[..., FunctionProcess]


@pytest.fixture(scope="session")
def serve(
    emulators: dict[str, str],
    cloud: Cloud,
    warehouse: FakeWarehouse,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Serve]:
    """Return a function that serves a function; `topics`: whether its topics exist, `root`: of which project."""
    running: list[FunctionProcess] = []

    def serve(
        name: str, *, topics: bool = True, root: Path = ROOT, lease: int | None = LEASE, **environment: str
    ) -> FunctionProcess:
        folder = tmp_path_factory.mktemp("function")
        declared = load_manifest(root).functions[name]
        base = {"GCP_PROJECT_ID": PROJECT, "ENVIRONMENT": "test", **emulators}
        base["BIGQUERY_EMULATOR_HOST"] = warehouse.address
        function = FunctionProcess(
            unpacked(name, folder, root, lease), declared.entry_point, base | environment, folder / "log"
        )
        view = view_of(function)
        for topic in (*view["publishes"], *([view["dead_letter_topic"]] if view["dead_letter_topic"] else ())):
            if topics:
                cloud.topic(topic)
        running.append(function.start())
        return function

    yield serve
    for function in running:
        function.kill()


@pytest.fixture(scope="session")
def raw_function(serve: Serve) -> FunctionProcess:
    """The orchestrator without gates."""
    return serve("phase2-to-phase3-orchestrator")


@pytest.fixture(scope="session")
def gated_function(serve: Serve) -> FunctionProcess:
    """An orchestrator with gates."""
    return serve("phase3-to-phase4-orchestrator")
