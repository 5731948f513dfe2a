"""The synthetic completion on the official emulators, through the real orchestrators, each served from its archive."""

from __future__ import annotations

import io
import json
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from blueprint.loader import load_manifest
from blueprint.names import Names
from blueprint.schemas.firestore import load_firestore
from blueprint.sources import build_archives
from ops.local import processes
from ops.local.processes import PROJECT, FunctionProcess
from ops.verification.cloud import Rest
from ops.verification.synthetic import RESERVED, Way, travel, ways

ROOT = Path(__file__).resolve().parents[3]
pytestmark = [
    pytest.mark.emulator,
    pytest.mark.skipif(processes.sdk() is None, reason=f"the emulators are not installed: {processes.HINT}"),
]


@pytest.fixture(scope="module")
def emulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with processes.emulators(tmp_path_factory.mktemp("emulators")) as environment:
        yield environment


@pytest.fixture(scope="module")
def cloud(emulators: dict[str, str]) -> Rest:
    hosts = {"pubsub": emulators["PUBSUB_EMULATOR_HOST"], "firestore": emulators["FIRESTORE_EMULATOR_HOST"]}
    return Rest(lambda: "owner", {api: f"http://{host}/v1/" for api, host in hosts.items()})


@pytest.fixture(scope="module")
def served(emulators: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Way]]:
    """Every orchestrator served, and fed by a push subscription of its topic."""
    manifest = load_manifest(ROOT)
    firestore, _ = load_firestore(ROOT, manifest)
    archives = build_archives(ROOT, manifest, Names(manifest.pipeline, PROJECT, "1", "us-west2"), firestore)[0]
    environment = {"GCP_PROJECT_ID": PROJECT, "ENVIRONMENT": "test", **emulators}
    for topic in manifest.topics:
        put(emulators, f"projects/{PROJECT}/topics/{topic}", {})
    with ExitStack() as stack:
        for way in ways(manifest, PROJECT):
            name = way.boundary.function
            folder = tmp_path_factory.mktemp("function")
            with zipfile.ZipFile(io.BytesIO(archives[name].content)) as content:
                content.extractall(folder)
            function = FunctionProcess(folder, manifest.functions[name].entry_point, environment, folder / "log")
            stack.callback(function.kill)
            function.start()
            body = {"topic": way.topic, "pushConfig": {"pushEndpoint": function.url}, "ackDeadlineSeconds": 60}
            put(emulators, f"projects/{PROJECT}/subscriptions/{name}", body)
        yield ways(manifest, PROJECT)


def put(emulators: dict[str, str], name: str, body: dict[str, object]) -> None:
    request = urllib.request.Request(
        f"http://{emulators['PUBSUB_EMULATOR_HOST']}/v1/{name}",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
        method="PUT",
    )
    try:
        urllib.request.urlopen(request, timeout=10).close()
    except urllib.error.HTTPError as error:
        if error.code != 409:  # it exists
            raise


def test_a_completion_travels_through_each_boundary_and_is_cleaned(cloud: Rest, served: list[Way]) -> None:
    assert [text for _, text in travel(cloud, served)] == []
    assert [way.document(RESERVED) for way in served if cloud.get("firestore", way.document(RESERVED))] == []


def test_a_boundary_that_hears_nothing_is_named(cloud: Rest, served: list[Way]) -> None:
    cloud.delete("pubsub", f"projects/{PROJECT}/subscriptions/{served[0].boundary.function}")
    [found] = [text for _, text in travel(cloud, served, wait=8)]
    assert found.startswith(f"A completion sent to {served[0].phase.completion_topic} left nothing")
