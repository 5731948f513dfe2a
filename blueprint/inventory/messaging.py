"""Topics, subscriptions and dead letters that must exist, with the rights of those who act on them."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.inventory.alerts import policies
from blueprint.inventory.project import PUBSUB_AGENT
from blueprint.inventory.resource import Expected, Joined, KnownValue, Owner, Ref, labels
from blueprint.manifest import Stream, Topic
from blueprint.model import Blueprint
from blueprint.names import DISPLAY_NAME, clipped
from blueprint.wiring import (
    DELIVERY_ATTEMPTS,
    RETENTION_SECONDS,
    RETRY_SECONDS,
    STREAM_ATTEMPTS,
    Push,
    pushes_outside,
)

ACCOUNT = "gcp:serviceaccount/account:Account"
ACCOUNT_GRANT = "gcp:serviceaccount/iAMMember:IAMMember"
RUN_GRANT = "gcp:cloudrunv2/serviceIamMember:ServiceIamMember"
SUBSCRIPTION = "gcp:pubsub/subscription:Subscription"
SUBSCRIPTION_GRANT = "gcp:pubsub/subscriptionIAMMember:SubscriptionIAMMember"
TOPIC = "gcp:pubsub/topic:Topic"
TOPIC_GRANT = "gcp:pubsub/topicIAMMember:TopicIAMMember"

HOLD_ACK_SECONDS = 60
STREAM_ACK_SECONDS = 60


def topic(plan: Blueprint, declared: Topic) -> Iterator[Expected]:
    """Yield a topic, its alerts, and the push edges to services outside."""
    owner = Owner("Topic", declared.name)
    inputs: dict[str, object] = {
        "name": declared.name,
        "project": plan.stack.project,
        "messageRetentionDuration": f"{RETENTION_SECONDS}s",
        "labels": labels(plan),
    }
    yield owner.owns(TOPIC, topic_name(declared.name), inputs)
    yield from policies(plan, owner, plan.alerts_covering("topic", declared.name))
    for edge in pushes_outside(declared, plan.names):
        yield from _outside(plan, owner, edge)


def topic_name(topic: str) -> str:
    """Return the logical name of a declared topic."""
    return f"{topic}-topic"


def _outside(plan: Blueprint, owner: Owner, edge: Push) -> Iterator[Expected]:
    prefix = f"{edge.topic}-to-{edge.consumer}"
    yield owner.owns(
        ACCOUNT,
        f"{prefix}-invoker",
        {
            "accountId": plan.names.invoker_account(edge.consumer),
            "project": plan.stack.project,
            "displayName": clipped(f"Pub/Sub calls {edge.consumer}", DISPLAY_NAME),
        },
    )
    yield owner.owns(
        RUN_GRANT,
        f"{prefix}-invocation",
        {
            "name": edge.consumer,
            "project": plan.stack.project,
            "location": plan.stack.region,
            "role": "roles/run.invoker",
            "member": Ref(f"{prefix}-invoker", "member"),
        },
    )
    yield from policies(plan, owner, plan.alerts_covering("subscription", edge.subscription))
    yield from push(plan, owner, prefix, edge, base=plan.stack.service_urls[edge.consumer])


def push(plan: Blueprint, owner: Owner, prefix: str, edge: Push, *, base: str | Ref) -> Iterator[Expected]:
    """Yield a push subscription to the address `base`, its dead letter and the right to mint its tokens."""
    invoker = f"{prefix}-invoker"
    yield owner.owns(
        ACCOUNT_GRANT,
        f"{invoker}-token",
        {
            "serviceAccountId": Ref(invoker, "name"),
            "role": "roles/iam.serviceAccountTokenCreator",
            "member": PUBSUB_AGENT,
        },
    )
    yield from dead_letter(plan, owner, prefix, edge.dead_letter, edge.hold, edge.subscription)
    inputs = {
        **_delivery(plan, edge.subscription, edge.topic),
        "ackDeadlineSeconds": edge.ack_deadline,
        "deadLetterPolicy": _dead_letter_policy(prefix, DELIVERY_ATTEMPTS),
        "pushConfig": {
            "pushEndpoint": _address(base, edge.path),
            "oidcToken": {"serviceAccountEmail": Ref(invoker, "email"), "audience": base},
        },
    }
    waits_for = (f"{invoker}-token", f"{prefix}-invocation", f"{prefix}-dead-letter-publisher")
    yield owner.owns(SUBSCRIPTION, f"{prefix}-subscription", inputs, waits_for=waits_for)


def stream(plan: Blueprint, declared: Stream) -> Iterator[Expected]:
    """Yield the BigQuery subscriptions of a stream, one for each of its topics."""
    owner = Owner("Stream", f"{declared.name}-stream")
    yield from policies(plan, owner, plan.alerts_covering("stream", declared.name))
    dataset, _, table = declared.table.partition(".")
    transform = plan.streams[declared.name]
    for source in declared.topics:
        prefix = f"{declared.name}-from-{source}"
        name = plan.names.stream_subscription(declared.name, source)
        letter, hold = plan.names.dead_letter_topic(name), plan.names.dead_letter_subscription(name)
        yield from dead_letter(plan, owner, prefix, letter, hold, name)
        inputs = {
            **_delivery(plan, name, source),
            "ackDeadlineSeconds": STREAM_ACK_SECONDS,
            "deadLetterPolicy": _dead_letter_policy(prefix, STREAM_ATTEMPTS),
            "messageTransforms": [
                {"javascriptUdf": {"functionName": transform.function_name, "code": transform.code}},
            ],
            "bigqueryConfig": {
                "table": KnownValue(f"{plan.stack.project}.{declared.table}", f"{dataset}-{table}-table"),
                "useTableSchema": True,
                "dropUnknownFields": True,
                "writeMetadata": False,
            },
        }
        writers = (f"{dataset}-stream-dataeditor", f"{dataset}-stream-metadataviewer")
        waits_for = (*writers, f"{prefix}-dead-letter-publisher")
        yield owner.owns(SUBSCRIPTION, f"{prefix}-subscription", inputs, waits_for=waits_for)
        yield from policies(plan, owner, plan.alerts_covering("subscription", name))


def dead_letter(
    plan: Blueprint, owner: Owner, prefix: str, letter: str, hold: str, subscription: str
) -> Iterator[Expected]:
    """Yield a dead letter: the topic `letter`, the subscription `hold` that keeps it, and Pub/Sub's two grants."""
    project = plan.stack.project
    name = f"{prefix}-dead-letter"
    yield owner.owns(TOPIC, name, {"name": letter, "project": project, "labels": labels(plan)})
    yield owner.owns(
        SUBSCRIPTION,
        f"{name}-hold",
        {
            "name": hold,
            "project": project,
            "topic": Ref(name, "id"),
            "ackDeadlineSeconds": HOLD_ACK_SECONDS,
            "messageRetentionDuration": f"{RETENTION_SECONDS}s",
            "expirationPolicy": {"ttl": ""},
            "labels": labels(plan),
        },
    )
    publisher = {"topic": KnownValue(letter, name), "role": "roles/pubsub.publisher"}
    forwarder = {
        "subscription": KnownValue(subscription, f"{prefix}-subscription"),
        "role": "roles/pubsub.subscriber",
    }
    for suffix, kind, inputs in (
        ("publisher", TOPIC_GRANT, publisher),
        ("forwarder", SUBSCRIPTION_GRANT, forwarder),
    ):
        yield owner.owns(kind, f"{name}-{suffix}", {**inputs, "project": project, "member": PUBSUB_AGENT})


def _delivery(plan: Blueprint, name: str, source: str) -> dict[str, object]:
    """Return what every subscription that delivers by itself has in common."""
    shortest, longest = RETRY_SECONDS
    return {
        "name": name,
        "project": plan.stack.project,
        "topic": Ref(topic_name(source), "id"),
        "messageRetentionDuration": f"{RETENTION_SECONDS}s",
        "expirationPolicy": {"ttl": ""},
        "retryPolicy": {"minimumBackoff": f"{shortest}s", "maximumBackoff": f"{longest}s"},
        "labels": labels(plan),
    }


def _dead_letter_policy(prefix: str, attempts: int) -> dict[str, object]:
    return {"deadLetterTopic": Ref(f"{prefix}-dead-letter", "id"), "maxDeliveryAttempts": attempts}


def _address(base: str | Ref, path: str) -> object:
    if path == "/":
        return base
    return f"{base}{path}" if isinstance(base, str) else Joined((base, path))
