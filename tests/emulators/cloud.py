"""What the tests do to the emulated project, and the messages they send."""

from __future__ import annotations

import base64
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any
from unittest import mock

import grpc
from google.cloud import firestore
from google.pubsub_v1 import PublisherClient, PubsubMessage, SubscriberClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

from tests.emulators.processes import PROJECT


class Cloud:
    """One project on the emulators."""

    def __init__(self, environment: dict[str, str]) -> None:
        channel = grpc.insecure_channel(
            environment["PUBSUB_EMULATOR_HOST"], options=[("grpc.max_receive_message_length", -1)]
        )
        self.publisher = PublisherClient(transport=PublisherGrpcTransport(channel=channel))
        self.subscriber = SubscriberClient(transport=SubscriberGrpcTransport(channel=channel))
        with mock.patch.dict(os.environ, environment):
            self.firestore = firestore.Client(project=PROJECT)

    def topic(self, name: str) -> str:
        """Make a topic with a pull subscription of the same name, if it is new."""
        path = f"projects/{PROJECT}/topics/{name}"
        subscription = f"projects/{PROJECT}/subscriptions/{name}"
        present = {topic.name for topic in self.publisher.list_topics(project=f"projects/{PROJECT}")}
        if path not in present:
            self.publisher.create_topic(name=path)
            self.subscriber.create_subscription(name=subscription, topic=path, ack_deadline_seconds=600)
        return path

    def push(self, topic: str, url: str, name: str) -> None:
        """Deliver a topic to an address, again and again until it is acknowledged.

        Without a retry policy: with one, the emulator stops delivering a message after a few failures.
        """
        self.subscriber.create_subscription(
            request={
                "name": f"projects/{PROJECT}/subscriptions/{name}",
                "topic": self.topic(topic),
                "push_config": {"push_endpoint": url},
                "ack_deadline_seconds": 60,
            }
        )

    def delete_subscription(self, name: str) -> None:
        self.subscriber.delete_subscription(subscription=f"projects/{PROJECT}/subscriptions/{name}")

    def publish(self, topic: str, *messages: dict[str, Any] | bytes) -> None:
        data = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in messages]
        self.publisher.publish(topic=self.topic(topic), messages=[PubsubMessage(data=one) for one in data])

    def pull(self, topic: str) -> list[Any]:
        """Return what a topic received since the last pull; acknowledged."""
        self.topic(topic)
        subscription = f"projects/{PROJECT}/subscriptions/{topic}"
        received: list[Any] = []
        while True:
            answer = self.subscriber.pull(
                request={"subscription": subscription, "max_messages": 1000, "return_immediately": True}
            )
            if not answer.received_messages:
                return received
            self.subscriber.acknowledge(
                subscription=subscription, ack_ids=[one.ack_id for one in answer.received_messages]
            )
            received += [one.message for one in answer.received_messages]

    def document(self, collection: str, key: str) -> dict[str, Any]:
        snapshot = self.firestore.collection(collection).document(key).get()
        assert isinstance(snapshot, firestore.DocumentSnapshot)
        return snapshot.to_dict() or {}


def completion(processor: str, game_date: str, phase: str = "phase_2_raw", **values: Any) -> dict[str, Any]:
    message = {
        "processor_name": processor,
        "phase": phase,
        "game_date": game_date,
        "execution_id": f"execution-{processor}",
        "correlation_id": "c0ffee00",
        "status": "success",
        "timestamp": "2026-01-30T09:00:00Z",
        "record_count": 5,
    }
    return message | values


def envelope(data: bytes, message_id: str = "1") -> bytes:
    message = {"data": base64.b64encode(data).decode(), "messageId": message_id, "attributes": {}}
    return json.dumps({"message": message, "subscription": "projects/p/subscriptions/s"}).encode()


def post(url: str, body: bytes, content_type: str = "application/json", seconds: float = 30) -> tuple[int, bytes]:
    request = urllib.request.Request(url, data=body, headers={"Content-Type": content_type}, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=seconds) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def eventually(true: Callable[[], bool], seconds: float = 60, every: float = 0.2) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(every)
