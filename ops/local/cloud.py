"""One project on the emulators: what is made there, published, and received."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any
from unittest import mock

import grpc
from google.cloud import firestore
from google.pubsub_v1 import PublisherClient, PubsubMessage, SubscriberClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport


class Cloud:
    """One project on the emulators."""

    def __init__(self, environment: Mapping[str, str], project: str) -> None:
        self.project = project
        channel = grpc.insecure_channel(
            environment["PUBSUB_EMULATOR_HOST"], options=[("grpc.max_receive_message_length", -1)]
        )
        self.publisher = PublisherClient(transport=PublisherGrpcTransport(channel=channel))
        self.subscriber = SubscriberClient(transport=SubscriberGrpcTransport(channel=channel))
        with mock.patch.dict(os.environ, environment):
            self.firestore = firestore.Client(project=project)

    def topic(self, name: str) -> str:
        """Make a topic with a pull subscription of the same name, if it is new."""
        path = f"projects/{self.project}/topics/{name}"
        subscription = f"projects/{self.project}/subscriptions/{name}"
        present = {topic.name for topic in self.publisher.list_topics(project=f"projects/{self.project}")}
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
                "name": f"projects/{self.project}/subscriptions/{name}",
                "topic": self.topic(topic),
                "push_config": {"push_endpoint": url},
                "ack_deadline_seconds": 60,
            }
        )

    def delete_subscription(self, name: str) -> None:
        """Delete a subscription."""
        self.subscriber.delete_subscription(subscription=f"projects/{self.project}/subscriptions/{name}")

    def publish(self, topic: str, *messages: dict[str, Any] | bytes) -> None:
        """Publish messages to a topic in one request."""
        data = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in messages]
        self.publisher.publish(topic=self.topic(topic), messages=[PubsubMessage(data=one) for one in data])

    def pull(self, topic: str) -> list[Any]:
        """Return what a topic received since the last pull; acknowledged."""
        self.topic(topic)
        subscription = f"projects/{self.project}/subscriptions/{topic}"
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
        """Return a document; empty where there is none."""
        snapshot = self.firestore.collection(collection).document(key).get()
        assert isinstance(snapshot, firestore.DocumentSnapshot)
        return snapshot.to_dict() or {}
