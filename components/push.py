"""A push subscription: authenticated, patient, without expiry, and with a dead letter."""

from __future__ import annotations

import pulumi
import pulumi_gcp as gcp

from blueprint.wiring import DELIVERY_ATTEMPTS, RETENTION_SECONDS, RETRY_SECONDS, Push
from components.base import Component, because
from components.dead_letter import DeadLetter


class PushSubscription:
    """Delivers a topic to an HTTPS endpoint as `invoker`; children of the component that owns it.

    `audience` is the consumer's base URL, stated because the default would be the whole endpoint (pitfall 35). The
    grant that lets `invoker` call the consumer is `invoked`: pushes before it would be refused.
    """

    subscription: gcp.pubsub.Subscription
    dead_letter: DeadLetter

    def __init__(
        self,
        owner: Component,
        prefix: str,
        push: Push,
        *,
        topic: gcp.pubsub.Topic,
        base_url: pulumi.Input[str],
        invoker: gcp.serviceaccount.Account,
        invoked: pulumi.Resource,
        dead_letter: DeadLetter,
        agent: pulumi.Input[str],
    ) -> None:
        context = owner.context
        because(f"{prefix}-subscription", push.at)
        self.dead_letter = dead_letter
        mint = gcp.serviceaccount.IAMMember(
            f"{prefix}-invoker-token",
            service_account_id=invoker.name,
            role="roles/iam.serviceAccountTokenCreator",
            member=agent,
            opts=owner.options(),
        )
        endpoint = base_url if push.path == "/" else pulumi.Output.concat(base_url, push.path)
        shortest, longest = RETRY_SECONDS
        self.subscription = gcp.pubsub.Subscription(
            f"{prefix}-subscription",
            name=push.subscription,
            project=context.plan.stack.project,
            topic=topic.id,
            ack_deadline_seconds=push.ack_deadline,
            message_retention_duration=f"{RETENTION_SECONDS}s",
            expiration_policy=gcp.pubsub.SubscriptionExpirationPolicyArgs(ttl=""),
            retry_policy=gcp.pubsub.SubscriptionRetryPolicyArgs(
                minimum_backoff=f"{shortest}s", maximum_backoff=f"{longest}s"
            ),
            dead_letter_policy=self.dead_letter.policy(DELIVERY_ATTEMPTS),
            push_config=gcp.pubsub.SubscriptionPushConfigArgs(
                push_endpoint=endpoint,
                oidc_token=gcp.pubsub.SubscriptionPushConfigOidcTokenArgs(
                    service_account_email=invoker.email, audience=base_url
                ),
            ),
            labels=context.labels,
            opts=owner.options(depends_on=[mint, invoked, self.dead_letter.publisher]),
        )
        self.dead_letter.allow_forwarding(self.subscription)
