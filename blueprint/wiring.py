"""How a consumer is connected: timings, retries and names of push subscriptions and scheduler jobs.

Limits are the platform's; each choice beside them says why. Components and contracts both read these values.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from blueprint.findings import Location
from blueprint.functions import Function
from blueprint.manifest import Manifest, Topic
from blueprint.names import Names

ACK_MARGIN = 60
"""Seconds that the acknowledgement deadline exceeds a function's timeout: a call that times out must be answered
before Pub/Sub delivers it again (pitfall 42, incident 36)."""
ACK_LIMIT = 600
"""Longest acknowledgement deadline (Pub/Sub quotas); also how long a push request may take."""
SCHEDULER_LIMIT = 1800
"""Longest attempt deadline of an HTTP job (Cloud Scheduler)."""
SCHEDULER_RETRIES = 3
"""Attempts after a failed call (Cloud Scheduler: at most 5)."""
RETRY_SECONDS = (10, 600)
"""Back-off between deliveries, shortest and longest (Pub/Sub allows 0 to 600)."""
DELIVERY_ATTEMPTS = 20
"""Deliveries before the dead letter (Pub/Sub: 5 to 100): with this back-off about two hours, so that a function
repaired within them needs no redrive, and the age alert speaks long before."""
STREAM_ATTEMPTS = 5
"""Deliveries of a stream before its dead letter: a message that does not map never will, the fewest are enough."""
EVALUATION_SECONDS, GATE_SECONDS = 60, 45
"""What an evaluation of one date may take when every call lasts to its deadline: reading, publishing and marking, and each
gate's query. A test compares them with the functions' own."""
RETENTION_SECONDS = 7 * 86400
"""How long undelivered messages wait, here and in the dead letter's hold (Pub/Sub: at most 31 days)."""


@dataclass(frozen=True)
class Push:
    """A push subscription and its dead letter; `path` is appended to the consumer's base URL."""

    consumer: str
    topic: str
    subscription: str
    dead_letter: str
    hold: str
    ack_deadline: int
    path: str
    at: Location


def ack_deadline(function: Function) -> int:
    """Return the acknowledgement deadline in seconds for a function's push subscription."""
    return min(ACK_LIMIT, max(10, function.timeout + ACK_MARGIN))


def attempt_deadline(function: Function) -> int:
    """Return how long a scheduler job waits for the function's answer, in seconds (the platform's least is 15)."""
    return min(SCHEDULER_LIMIT, max(15, function.timeout + 30))


def push_to_function(function: Function, topic: str, names: Names) -> Push:
    """Return the subscription that delivers `topic` to `function`."""
    return _push(function.name, topic, names, ack_deadline(function), "/", function.at)


def pushes_outside(topic: Topic, names: Names) -> Iterator[Push]:
    """Yield the subscriptions that deliver a topic to services outside this project."""
    for consumer in topic.consumers:
        if consumer.delivery == "push" and consumer.path is not None:
            yield _push(consumer.service, topic.name, names, ACK_LIMIT, consumer.path, consumer.at)


def all_pushes(manifest: Manifest, names: Names) -> Iterator[Push]:
    """Yield every push subscription of the pipeline."""
    for function in manifest.functions.values():
        if function.trigger.topic is not None:
            yield push_to_function(function, function.trigger.topic, names)
    for topic in manifest.topics.values():
        yield from pushes_outside(topic, names)


def _push(consumer: str, topic: str, names: Names, deadline: int, path: str, at: Location) -> Push:
    subscription = names.subscription(consumer, topic)
    return Push(
        consumer=consumer,
        topic=topic,
        subscription=subscription,
        dead_letter=names.dead_letter_topic(subscription),
        hold=names.dead_letter_subscription(subscription),
        ack_deadline=deadline,
        path=path,
        at=at,
    )
