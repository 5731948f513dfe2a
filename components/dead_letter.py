"""Where undeliverable messages wait, and the right of Pub/Sub to bring them there."""

from __future__ import annotations

import pulumi
import pulumi_gcp as gcp

from blueprint.wiring import RETENTION_SECONDS
from components.base import Component


class DeadLetter:
    """A dead-letter topic with a subscription that holds its messages; children of the component that owns it.

    Without the hold, Pub/Sub drops what it forwards; without the two grants it forwards nothing (pitfalls 36, 37).
    """

    topic: gcp.pubsub.Topic
    hold: gcp.pubsub.Subscription
    publisher: gcp.pubsub.TopicIAMMember

    def __init__(
        self, owner: Component, prefix: str, *, topic_name: str, hold_name: str, agent: pulumi.Input[str]
    ) -> None:
        context = owner.context
        self._owner, self._prefix, self._agent = owner, prefix, agent
        self.topic = gcp.pubsub.Topic(
            f"{prefix}-dead-letter",
            name=topic_name,
            project=context.plan.stack.project,
            labels=context.labels,
            opts=owner.options(),
        )
        self.hold = gcp.pubsub.Subscription(
            f"{prefix}-dead-letter-hold",
            name=hold_name,
            project=context.plan.stack.project,
            topic=self.topic.id,
            ack_deadline_seconds=60,
            message_retention_duration=f"{RETENTION_SECONDS}s",
            expiration_policy=gcp.pubsub.SubscriptionExpirationPolicyArgs(ttl=""),
            labels=context.labels,
            opts=owner.options(),
        )
        self.publisher = gcp.pubsub.TopicIAMMember(
            f"{prefix}-dead-letter-publisher",
            topic=self.topic.name,
            project=context.plan.stack.project,
            role="roles/pubsub.publisher",
            member=agent,
            opts=owner.options(),
        )

    def policy(self, attempts: int) -> gcp.pubsub.SubscriptionDeadLetterPolicyArgs:
        """Return the dead-letter policy of a subscription that gives up after `attempts` deliveries."""
        return gcp.pubsub.SubscriptionDeadLetterPolicyArgs(
            dead_letter_topic=self.topic.id, max_delivery_attempts=attempts
        )

    def allow_forwarding(self, subscription: gcp.pubsub.Subscription) -> gcp.pubsub.SubscriptionIAMMember:
        """Let Pub/Sub acknowledge on `subscription` what it has forwarded."""
        return gcp.pubsub.SubscriptionIAMMember(
            f"{self._prefix}-dead-letter-forwarder",
            subscription=subscription.name,
            project=self._owner.context.plan.stack.project,
            role="roles/pubsub.subscriber",
            member=self._agent,
            opts=self._owner.options(),
        )
