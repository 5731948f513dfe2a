"""One project on the emulators: what is made there, published, and received."""

from __future__ import annotations

import base64
import json
import os
import urllib.request
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

    def __init__(self, environment: Mapping[str, str], project: str, database: str = "(default)") -> None:
        self.project = project
        self.database = database
        channel = grpc.insecure_channel(
            environment["PUBSUB_EMULATOR_HOST"], options=[("grpc.max_receive_message_length", -1)]
        )
        self.publisher = PublisherClient(transport=PublisherGrpcTransport(channel=channel))
        self.subscriber = SubscriberClient(transport=SubscriberGrpcTransport(channel=channel))
        with mock.patch.dict(os.environ, environment):
            self.firestore = firestore.Client(project=project, database=database)

    def topic(self, name: str) -> str:
        """Make a topic with a pull subscription of the same name, if it is new."""
        path = self.topic_path(name)
        subscription = f"projects/{self.project}/subscriptions/{name}"
        present = {topic.name for topic in self.publisher.list_topics(project=f"projects/{self.project}")}
        if path not in present:
            self.publisher.create_topic(name=path)
            self.subscriber.create_subscription(name=subscription, topic=path, ack_deadline_seconds=600)
        return path

    def topic_path(self, name: str) -> str:
        """Return the full name of a topic."""
        return f"projects/{self.project}/topics/{name}"

    def create_topic(self, name: str) -> None:
        """Make a topic, and nothing that listens to it."""
        self.publisher.create_topic(name=self.topic_path(name))

    def subscribe(self, name: str, topic: str, ack_deadline: int = 600, **request: Any) -> None:
        """Make a subscription, pulled unless a `push_config` says where to.

        Without a retry policy: with one, the emulator stops delivering a message after a few failures.
        """
        full = f"projects/{self.project}/subscriptions/{name}"
        request |= {"name": full, "topic": self.topic_path(topic), "ack_deadline_seconds": ack_deadline}
        self.subscriber.create_subscription(request=request)

    def push(self, topic: str, url: str, name: str) -> None:
        """Deliver a topic, made if it is new, to an address, again and again until it is acknowledged."""
        self.topic(topic)
        self.subscribe(name, topic, 60, push_config={"push_endpoint": url})

    def delete_subscription(self, name: str) -> None:
        """Delete a subscription."""
        self.subscriber.delete_subscription(subscription=f"projects/{self.project}/subscriptions/{name}")

    def delete_subscriptions(self) -> None:
        """Delete every subscription, and with them what waits."""
        for each in list(self.subscriber.list_subscriptions(project=f"projects/{self.project}")):
            self.subscriber.delete_subscription(subscription=each.name)

    def delete_documents(self, host: str) -> None:
        """Delete every document, by the emulator's own call."""
        documents = f"projects/{self.project}/databases/{self.database}/documents"
        urllib.request.urlopen(
            urllib.request.Request(f"http://{host}/emulator/v1/{documents}", method="DELETE"), timeout=30
        ).close()

    def publish(self, topic: str, *messages: Mapping[str, Any] | bytes) -> None:
        """Publish messages to a topic in one request."""
        data = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in messages]
        self.publisher.publish(topic=self.topic(topic), messages=[PubsubMessage(data=one) for one in data])

    def forward(self, subscription: str, letter: str, message: Mapping[str, Any], attempts: int) -> None:
        """Put a pushed message into a dead letter, as Pub/Sub does after the last attempt."""
        attributes = {
            **message.get("attributes", {}),
            "CloudPubSubDeadLetterSourceSubscription": subscription,
            "CloudPubSubDeadLetterSourceSubscriptionProject": self.project,
            "CloudPubSubDeadLetterSourceDeliveryCount": str(attempts),
            "CloudPubSubDeadLetterSourceTopicPublishTime": str(message.get("publishTime", "")),
        }
        data = base64.b64decode(message.get("data", ""))
        self.publisher.publish(
            topic=self.topic_path(letter), messages=[PubsubMessage(data=data, attributes=attributes)]
        )

    def pull(self, topic: str) -> list[Any]:
        """Return what a topic, made if it is new, received since the last pull; acknowledged."""
        self.topic(topic)
        return self.pulled(topic)

    def pulled(self, subscription: str) -> list[Any]:
        """Return what waits in a subscription; acknowledged."""
        path = f"projects/{self.project}/subscriptions/{subscription}"
        received: list[Any] = []
        while True:
            request = {"subscription": path, "max_messages": 1000, "return_immediately": True}
            answer = self.subscriber.pull(request=request)
            if not answer.received_messages:
                return received
            self.subscriber.acknowledge(subscription=path, ack_ids=[one.ack_id for one in answer.received_messages])
            received += [one.message for one in answer.received_messages]

    def seen(self, subscription: str) -> list[Any]:
        """Return what waits in a subscription, and leave it there."""
        path = f"projects/{self.project}/subscriptions/{subscription}"
        found: dict[str, Any] = {}
        held: list[str] = []
        while True:
            request = {"subscription": path, "max_messages": 1000, "return_immediately": True}
            received = self.subscriber.pull(request=request).received_messages
            if not received:
                break
            found |= {each.message.message_id: each.message for each in received}
            held += [each.ack_id for each in received]
        if held:
            self.subscriber.modify_ack_deadline(subscription=path, ack_ids=held, ack_deadline_seconds=0)
        return list(found.values())

    def document(self, collection: str, key: str) -> dict[str, Any]:
        """Return a document; empty where there is none."""
        snapshot = self.firestore.collection(collection).document(key).get()
        assert isinstance(snapshot, firestore.DocumentSnapshot)
        return snapshot.to_dict() or {}
