"""The synthetic completion: what is sent, when it counts as arrived, and that nothing of it stays
(incidents 14, 75, 77)."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from blueprint.loader import load_manifest
from ops.verification.cloud import CloudResource, ControlPlaneError
from ops.verification.synthetic import RESERVED, Way, travel, ways

ROOT = Path(__file__).resolve().parents[3]


class Mailbox:
    """A cloud in which what is published to an open topic is recorded as the orchestrators record it."""

    def __init__(self, *deaf: str, refuses: bool = False) -> None:
        self.deaf, self.refuses = deaf, refuses
        self.sent: list[dict[str, Any]] = []
        self.documents: dict[str, dict[str, Any]] = {}
        self.deleted: list[str] = []
        self.way: dict[str, str] = {way.topic: way.document(RESERVED) for way in all_ways()}

    def post(self, api: str, path: str, body: CloudResource) -> CloudResource:
        topic = path.removesuffix(":publish")
        if self.refuses:
            raise ControlPlaneError("pubsub answers 403 for it: Permission denied")
        message = json.loads(base64.b64decode(body["messages"][0]["data"]))
        self.sent.append(message)
        if not topic.endswith(self.deaf or ("nothing",)):
            record = {"mapValue": {"fields": {"correlation_id": {"stringValue": message["correlation_id"]}}}}
            self.documents[self.way[topic]] = {"fields": {message["processor_name"]: record}}
        return {"messageIds": ["1"]}

    def get(self, api: str, path: str) -> CloudResource | None:
        return self.documents.get(path)

    def list(self, api: str, path: str, member: str) -> Iterator[CloudResource]:
        return iter(())

    def delete(self, api: str, path: str) -> None:
        self.deleted.append(path)


def all_ways() -> list[Way]:
    return ways(load_manifest(ROOT), "a-project")


def sentences(cloud: Mailbox) -> list[str]:
    return [text for _, text in travel(cloud, all_ways(), wait=2, sleep=lambda _: None)]


def test_a_completion_travels_through_each_boundary_and_leaves_nothing() -> None:
    cloud = Mailbox()
    assert sentences(cloud) == []
    assert len(cloud.sent) == len(all_ways()) > 2
    assert sorted(cloud.deleted) == sorted(cloud.documents)
    assert all(message["skip_downstream"] and message["game_date"] == RESERVED.isoformat() for message in cloud.sent)


def test_what_does_not_arrive_is_named_with_where_to_look() -> None:
    cloud = Mailbox(all_ways()[0].phase.completion_topic)
    [sentence] = sentences(cloud)
    assert f"look at the subscription of {all_ways()[0].boundary.function}" in sentence
    assert len(cloud.deleted) == len(all_ways())


def test_an_older_document_is_no_arrival() -> None:
    way = all_ways()[0]
    cloud = Mailbox(way.phase.completion_topic)
    cloud.documents[way.document(RESERVED)] = {"fields": {"p": {"stringValue": "another"}}}
    assert len(sentences(cloud)) == 1


def test_what_cannot_be_sent_is_said() -> None:
    found = sentences(Mailbox(refuses=True))
    assert len(found) == len(all_ways())
    assert found[0].endswith("pubsub answers 403 for it: Permission denied.")


@pytest.mark.parametrize("way", all_ways(), ids=lambda way: way.boundary.name)
def test_the_completion_keeps_the_contract_of_its_topic(way: Way) -> None:
    import jsonschema

    manifest = load_manifest(ROOT)
    schema = manifest.topics[way.phase.completion_topic].message
    contract = json.loads((ROOT / "schemas" / "messages" / f"{schema}.json").read_text(encoding="utf-8"))
    jsonschema.validate(way.message(RESERVED, "0123abcd"), contract)
