"""Alerts of topics, subscriptions and streams: what was published is delivered, written and acknowledged.

A push that is refused with 403 never reaches the container, so the consumer's metrics and logs stay silent;
these conditions look at Pub/Sub's side of it (pitfalls 99 and 100).
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.promql.expression import Binary, Expression, FunctionCall, Number, Selector, binary, together
from blueprint.alerts.factory import Factory, any_of, minutes, series, total
from blueprint.alerts.types import MINUTE, Alert, PromQL
from blueprint.manifest import Stream, Topic
from blueprint.wiring import Push

RESOURCE = "pubsub_subscription"
WINDOW = 10
"""Minutes over which publications are judged."""
MIN_FAILURES = 3
RECENT, APART, EARLIER = 6, 7, 6
"""Minutes of the latest deliveries; the earlier ones that must have failed too end so many minutes ago and last so long.
Between what is seen of both lies more than a minute: a blip is in the one or in the other, never in both."""
HELD = 15
"""Minutes without any acknowledgement through which failures that become rare keep their incident open."""
PUBLISHED = 2
"""Minutes of publications that are compared with acknowledgements."""
MIN_SILENCE = 8
"""Fewest minutes within which silence can be told: half of it outlasts the delay of publications (181 s)."""
OPEN = 30
"""Minutes between publications through which an incident stays open."""
GAPS = 5
"""Minutes of gap that backlog metrics may have (Pub/Sub monitoring); the last value stands meanwhile."""

PUSHES = "pubsub_googleapis_com:subscription_push_request_count"
PUBLISHES = "pubsub_googleapis_com:topic_send_request_count"
OLDEST = "pubsub_googleapis_com:subscription_oldest_unacked_message_age"
WAITING = "pubsub_googleapis_com:subscription_num_undelivered_messages"


def subscription_alerts(factory: Factory, push: Push) -> Iterator[Alert]:
    """Yield the alerts of a push subscription."""
    thresholds = factory.manifest.alerts.thresholds
    name = push.subscription
    values = _values(factory, name, push.consumer, push.topic)
    for kind, condition in (
        ("backlog-age", backlog_age(name, thresholds.backlog_age)),
        ("push-failing", failing(name)),
        ("silence", silent(push.topic, name, minutes(thresholds.silence))),
        ("dead-letter", dead_letter(push.hold)),
    ):
        yield factory.alert(kind, name, condition, values, push.at)


def stream_alerts(factory: Factory, stream: Stream, topic: Topic) -> Iterator[Alert]:
    """Yield the alerts of the subscription that writes `topic` into the stream's table."""
    name = factory.names.stream_subscription(stream.name, topic.name)
    values = _values(factory, name, f"the stream {stream.name}", topic.name)
    values |= {"stream": stream.name, "table": stream.table, "instance": name}
    thresholds = factory.manifest.alerts.thresholds
    yield factory.alert("stream-failing", stream.name, failing(name), values, stream.at)
    yield factory.alert("backlog-age", name, backlog_age(name, thresholds.backlog_age), values, stream.at)
    silence = silent(topic.name, name, minutes(thresholds.silence))
    yield factory.alert("silence", name, silence, values, stream.at)
    yield factory.alert("dead-letter", name, dead_letter(values["dead_letter_subscription"]), values, stream.at)


def topic_alerts(factory: Factory, topic: Topic) -> Iterator[Alert]:
    """Yield the alerts of a topic."""
    publishers = ", ".join(factory.manifest.publishers_of(topic.name)) or "none"
    values = {"topic": topic.name, "publishers": publishers}
    yield factory.alert("publish-failing", topic.name, publish_failing(topic.name), values, topic.at)


def _values(factory: Factory, subscription: str, consumer: str, topic: str) -> dict[str, str]:
    thresholds = factory.manifest.alerts.thresholds
    return {
        "subscription": subscription,
        "dead_letter_subscription": factory.names.dead_letter_subscription(subscription),
        "topic": topic,
        "consumer": consumer,
        "backlog_minutes": str(minutes(thresholds.backlog_age)),
        "silence_minutes": str(minutes(thresholds.silence)),
    }


def backlog_age(subscription: str, seconds: int) -> PromQL:
    """Return the condition on the age of the oldest message; bridges the gaps that the metric may have."""
    return PromQL(_above(series(OLDEST, RESOURCE, subscription_id=subscription), seconds))


def _above(gauge: Selector, limit: int) -> Expression:
    return binary(FunctionCall("max", (FunctionCall("max_over_time", (gauge.over(GAPS * MINUTE),)),)), ">", limit)


def failing(subscription: str) -> PromQL:
    """Return the condition on deliveries, by push or by write: most fail, at least three did, and for minutes.

    What fails for a minute, or once, is delivered again and tells nobody. The second part keeps one incident open while a
    message that fails comes back more and more rarely.
    """
    bad = series(PUSHES, RESOURCE, subscription_id=subscription, response_class="!ack")
    every = series(PUSHES, RESOURCE, subscription_id=subscription)
    acked = series(PUSHES, RESOURCE, subscription_id=subscription, response_class="ack")
    most = binary(binary(total(bad, RECENT), "/", total(every, RECENT)), ">", 0.5)
    enough = binary(total(bad, APART + EARLIER), ">=", MIN_FAILURES)
    soon = together("and", most, any_of(bad, EARLIER, APART), enough)
    rarely = together("and", any_of(bad, HELD), any_of(bad, HELD, APART), binary(total(bad, HELD + APART), ">=", 2))
    still = together("unless", rarely, any_of(acked, HELD))
    return PromQL(together("or", soon, still), duration=MINUTE)


def silent(topic: str, subscription: str, limit: int) -> PromQL:
    """Return the condition on messages of which less than half were acknowledged; fires within `limit` minutes.

    Looks at what was published half of the limit ago, so a message may take that long to be handled, and late samples
    are there; acknowledgements count from then until now. Steady traffic before the fault delays it by two minutes.
    The second part keeps one incident open through an outage in which messages are rare.
    """
    ago = limit // 2
    sent = series(PUBLISHES, "pubsub_topic", topic_id=topic, response_class="success")
    acked = series(PUSHES, RESOURCE, subscription_id=subscription, response_class="ack")
    half = binary(Number(0.5), "*", total(sent, PUBLISHED, ago))
    most = binary(total(acked, ago + PUBLISHED), ">=", half)
    soon = together("unless", any_of(sent, PUBLISHED, ago), most)
    still = together("unless", any_of(sent, OPEN, ago), any_of(acked, OPEN + ago))
    return PromQL(together("or", soon, still), duration=MINUTE)


def dead_letter(subscription: str) -> PromQL:
    """Return the condition on messages held by a dead-letter subscription."""
    return PromQL(_above(series(WAITING, RESOURCE, subscription_id=subscription), 0))


def publish_failing(topic: str) -> PromQL:
    """Return the condition on refused publications; clients repeat the few that fail in passing."""
    refused = series(PUBLISHES, "pubsub_topic", topic_id=topic, response_class="!success")
    failed = total(refused, WINDOW)
    most = binary(binary(failed, "/", total(series(PUBLISHES, "pubsub_topic", topic_id=topic), WINDOW)), ">", 0.5)
    return PromQL(Binary("and", most, binary(failed, ">=", MIN_FAILURES)), duration=MINUTE)
