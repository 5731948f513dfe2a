"""A project on emulators for the operators' commands: Firestore, Pub/Sub and BigQuery, each the real thing's stand-in."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.cloud import firestore
from google.pubsub_v1 import PublisherClient, SubscriberClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

from blueprint.loader import load_manifest
from blueprint.schemas.loader import load_schemas
from blueprint.schemas.placeholders import view_values
from ops.__main__ import guarded
from ops.local import processes, warehouse
from ops.operate.target import Target, load_target

ROOT = Path(__file__).resolve().parents[2]
PROJECT = "test-project"
LEASE = 10
"""Seconds for which a pulled message is kept from others; the shortest that Pub/Sub allows."""
FORWARDED = {"CloudPubSubDeadLetterSourceDeliveryCount": "20"}
"""What Pub/Sub writes on each message that it forwards to a dead letter."""
STACK = f"""\
config:
  phase-orchestration:projectId: {PROJECT}
  phase-orchestration:projectNumber: "123456789"
  phase-orchestration:region: us-west2
  phase-orchestration:environment: test
  phase-orchestration:serviceUrls:
    nba-phase3-analytics-processors: https://three.example.com
    nba-phase4-precompute-processors: https://four.example.com
    prediction-coordinator: https://five.example.com
  phase-orchestration:notificationChannels:
    slack: projects/{PROJECT}/notificationChannels/1
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    skip = pytest.mark.skip(reason=f"the emulators are not installed: {processes.HINT}")
    for item in items:
        if Path(__file__).parent in item.path.parents and "system" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.emulator)
            if processes.sdk() is None:
                item.add_marker(skip)


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    for name in ("pipeline.yaml", "Pulumi.yaml", "schemas", "functions"):
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, folder / name)
    (folder / "Pulumi.test.yaml").write_text(STACK)
    return folder


class System:
    """The emulated project, as the outside world and the orchestrators leave it."""

    def __init__(
        self, root: Path, target: Target, bigquery: warehouse.EmulatedWarehouse, environment: dict[str, str]
    ) -> None:
        self.root, self.target, self.bigquery = root, target, bigquery
        channel = grpc.insecure_channel(environment["PUBSUB_EMULATOR_HOST"])
        self.publisher = PublisherClient(transport=PublisherGrpcTransport(channel=channel))
        self.subscriber = SubscriberClient(transport=SubscriberGrpcTransport(channel=channel))
        self.firestore = firestore.Client(project=PROJECT)

    def topic(self, name: str, *subscriptions: str) -> None:
        path = f"projects/{PROJECT}/topics/{name}"
        self.publisher.create_topic(name=path)
        for subscription in subscriptions:
            full = f"projects/{PROJECT}/subscriptions/{subscription}"
            self.subscriber.create_subscription(name=full, topic=path, ack_deadline_seconds=LEASE)

    def publish(self, topic: str, message: object, **attributes: str) -> None:
        data = message if isinstance(message, bytes) else json.dumps(message).encode()
        path = f"projects/{PROJECT}/topics/{topic}"
        messages: Any = [{"data": data, "attributes": attributes}]
        self.publisher.publish(topic=path, messages=messages)

    def pull(self, subscription: str) -> list[Any]:
        path = f"projects/{PROJECT}/subscriptions/{subscription}"
        received: list[Any] = []
        while True:
            request = {"subscription": path, "max_messages": 1000, "return_immediately": True}
            found = self.subscriber.pull(request=request).received_messages
            if not found:
                return received
            self.subscriber.acknowledge(subscription=path, ack_ids=[each.ack_id for each in found])
            received += [each.message for each in found]

    def document(self, collection: str, key: str) -> dict[str, Any] | None:
        snapshot: Any = self.firestore.collection(collection).document(key).get()
        found: dict[str, Any] | None = snapshot.to_dict()
        return found

    def completed(
        self, phase: str, game_date: str, *processors: str, at: datetime | None = None, **values: Any
    ) -> None:
        """Store what the stream would have recorded."""
        stamp = (at or datetime.now(UTC) - timedelta(hours=1)).isoformat()
        row = {
            "phase": phase,
            "game_date": game_date,
            "status": "success",
            "record_count": 5,
            "correlation_id": "c0ffee00",
        }
        row |= {"completed_at": stamp, "inserted_at": stamp, "metadata": "{}"}
        rows = [row | {"processor_name": name, "execution_id": f"run-{name}"} | values for name in processors]
        self.bigquery.insert(self.target.manifest.tables["completions"], rows)

    def games(self, date: str, number: int = 4) -> None:
        """Put games on the schedule."""
        rows = [{"game_date": date, "game_id": f"{date}-{each}"} for each in range(number)]
        self.bigquery.insert(self.target.manifest.tables["schedule"], rows)

    def stored(self, phase: str, date: str, *processors: str, **fields: Any) -> None:
        """Store a completion document as the orchestrator leaves it."""
        at = fields.get("_first_completion_at", datetime.now(UTC))
        each = {
            "status": "success",
            "completed_at": at,
            "record_count": 5,
            "execution_id": "run",
            "correlation_id": "c",
        }
        known = {"_triggered": False, "_first_completion_at": at, **fields}
        self.firestore.collection(f"{phase}_completion").document(date).set(
            {**dict.fromkeys(processors, each), **known}
        )

    def attempts(self) -> list[dict[str, Any]]:
        table = self.target.manifest.tables["reprocess_attempts"]
        return self.bigquery.query(f"SELECT * FROM {table} ORDER BY attempt_number")


@pytest.fixture(scope="session")
def system(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    manifest = load_manifest(ROOT)
    schemas, findings = load_schemas(ROOT, project=None, values=view_values(manifest))
    assert not findings
    patch = pytest.MonkeyPatch()
    with (
        processes.emulators(tmp_path_factory.mktemp("emulators")) as environment,
        warehouse.warehouse(schemas, tmp_path_factory.mktemp("warehouse"), PROJECT) as bigquery,
    ):
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.setenv("BIGQUERY_EMULATOR_HOST", str(bigquery.client._connection.API_BASE_URL))
        made = System(root, load_target(root, "test"), bigquery, environment)
        names = made.target.names
        for topic in manifest.topics:
            made.topic(topic, f"see-{topic}")
        for _, _, hold in made.target.holds():
            made.topic(hold.removesuffix("-hold"), hold)
        assert names.project == PROJECT
        yield made
    patch.undo()


Run = Callable[..., tuple[int, Any]]


@pytest.fixture
def ops(root: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs a command and returns its exit code and what it printed (`--json` parsed)."""

    def run(command: str, *words: str) -> tuple[int, Any]:
        capsys.readouterr()
        code = guarded([command, *words, "--root", str(root), "--stack", "test"])
        printed = capsys.readouterr().out
        return code, json.loads(printed) if "--json" in words else printed

    return run
