"""Messages to Pub/Sub: synchronous calls, as few as a publication's size allows, acknowledged or failed when they return.

The client's batching publisher would add a thread and a wait; a trigger must be known to be stored before anything is
marked as triggered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cached_property

import grpc
from google.api_core import exceptions
from google.pubsub_v1 import PublisherClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.types import PublishRequest, PubsubMessage

from shared.decisions.effects import DependencyRefused, Message, Unavailable
from shared.declaration.settings import Settings
from shared.google.firestore import CHANNEL

PUBLISH_SECONDS = 10.0
PROBE_SECONDS = 5.0
REQUEST_BYTES, REQUEST_MESSAGES = 9_000_000, 1_000
"""What one call holds; Pub/Sub takes 10 MB. Triggers per output table are as many as tables, each with every changed id."""


class Publisher:
    """The topics of one project."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def publish(self, topic: str, messages: tuple[Message, ...]) -> None:
        """Publish all messages, in one call as far as one takes them; what fails may have been published in part.

        Raises `Unavailable` (`permanent` where the topic is absent or closed), or `DependencyRefused` where the message is
        at fault.
        """
        try:
            for request in self._requests(topic, messages):
                self._publish(request)
        except exceptions.InvalidArgument as error:
            raise DependencyRefused("pubsub", f"{topic}: {error.message}") from error
        except (exceptions.NotFound, exceptions.Forbidden, exceptions.Unauthenticated) as error:
            raise Unavailable("pubsub", f"{topic}: {error.message}", permanent=True) from error
        except (exceptions.GoogleAPICallError, exceptions.RetryError) as error:
            raise Unavailable("pubsub", f"{topic}: {error}") from error

    def _requests(self, topic: str, messages: tuple[Message, ...]) -> Iterator[PublishRequest]:
        request, size = PublishRequest.pb()(topic=self.path(topic)), 0
        for message in messages:
            added = PubsubMessage.pb()(data=message.data, attributes=dict(message.attributes))
            size += added.ByteSize()
            if request.messages and (size > REQUEST_BYTES or len(request.messages) == REQUEST_MESSAGES):
                yield PublishRequest.wrap(request)
                request, size = PublishRequest.pb()(topic=request.topic), added.ByteSize()
            request.messages.append(added)
        yield PublishRequest.wrap(request)

    def _publish(self, request: PublishRequest) -> None:
        try:
            self.client.publish(request, retry=None, timeout=PUBLISH_SECONDS)
        except exceptions.ServiceUnavailable:  # a connection that went stale while the instance slept
            self.client.publish(request, retry=None, timeout=PUBLISH_SECONDS)

    def probe(self, topics: Iterable[str]) -> None:
        """Ask whether it may publish to each topic; raises `Unavailable`. The emulator knows no permissions: does it answer?"""
        try:
            for topic in topics:
                self._probe(topic)
        except exceptions.GoogleAPICallError as error:
            raise Unavailable("pubsub", f"{type(error).__name__}: {error.message}") from error

    def _probe(self, topic: str) -> None:
        if self._settings.pubsub_emulator:
            with suppress(exceptions.NotFound):
                self.client.get_topic(topic=self.path(topic), retry=None, timeout=PROBE_SECONDS)
            return
        wanted = "pubsub.topics.publish"
        request = {"resource": self.path(topic), "permissions": [wanted]}
        held = self.client.test_iam_permissions(request=request, retry=None, timeout=PROBE_SECONDS)
        if wanted not in held.permissions:
            raise Unavailable("pubsub", f"no permission to publish to {topic}")

    def path(self, topic: str) -> str:
        """Return the full resource name of a topic."""
        return f"projects/{self._settings.project}/topics/{topic}"

    @cached_property
    def client(self) -> PublisherClient:
        """Return the client, made at the first use (a channel made before the server forks would hang)."""
        host = self._settings.pubsub_emulator
        if host:
            channel = grpc.insecure_channel(host, options=CHANNEL)
        else:
            channel = PublisherGrpcTransport.create_channel("pubsub.googleapis.com", options=CHANNEL)
        return PublisherClient(transport=PublisherGrpcTransport(channel=channel))
