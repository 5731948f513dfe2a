"""A stream: Pub/Sub itself writes a topic's messages into a table, so the record exists even when a function is down."""

from __future__ import annotations

import pulumi
import pulumi_gcp as gcp

from blueprint.manifest import Stream
from blueprint.wiring import RETENTION_SECONDS, RETRY_SECONDS, STREAM_ATTEMPTS
from components.alerts import declare_alerts
from components.base import Component, ComponentContext, because
from components.dataset import StreamWriters
from components.dead_letter import DeadLetter
from components.services import ProjectServices
from components.topic import PipelineTopic


class TableStream(Component):
    """One BigQuery subscription per topic of the stream, each with its generated message transform and dead
    letter.

    It creates neither topic nor table. Fields that no column takes are dropped: messages may grow before
    tables do.
    """

    subscriptions: list[gcp.pubsub.Subscription]

    def __init__(
        self,
        context: ComponentContext,
        declared: Stream,
        *,
        topics: dict[str, PipelineTopic],
        table: gcp.bigquery.Table,
        writers: StreamWriters,
        services: ProjectServices,
    ) -> None:
        super().__init__(context, "Stream", f"{declared.name}-stream", declared.at)
        self._declared, self._table, self._writers, self._services = declared, table, writers, services
        self.subscriptions = [self._subscription(topics[topic]) for topic in declared.topics]
        declare_alerts(self, context.plan.alerts_covering("stream", declared.name))
        self.register_outputs({})

    def _subscription(self, topic: PipelineTopic) -> gcp.pubsub.Subscription:
        plan = self.context.plan
        stream, name = self._declared, topic.declared.name
        prefix = f"{stream.name}-from-{name}"
        because(f"{prefix}-subscription", stream.at)
        subscription_name = plan.names.stream_subscription(stream.name, name)
        dead_letter = DeadLetter(
            self,
            prefix,
            topic_name=plan.names.dead_letter_topic(subscription_name),
            hold_name=plan.names.dead_letter_subscription(subscription_name),
            agent=self._services.pubsub_agent,
        )
        transform = plan.streams[stream.name]
        shortest, longest = RETRY_SECONDS
        subscription = gcp.pubsub.Subscription(
            f"{prefix}-subscription",
            name=subscription_name,
            project=plan.stack.project,
            topic=topic.topic.id,
            ack_deadline_seconds=60,
            message_retention_duration=f"{RETENTION_SECONDS}s",
            expiration_policy=gcp.pubsub.SubscriptionExpirationPolicyArgs(ttl=""),
            retry_policy=gcp.pubsub.SubscriptionRetryPolicyArgs(
                minimum_backoff=f"{shortest}s", maximum_backoff=f"{longest}s"
            ),
            dead_letter_policy=dead_letter.policy(STREAM_ATTEMPTS),
            message_transforms=[
                gcp.pubsub.SubscriptionMessageTransformArgs(
                    javascript_udf=gcp.pubsub.SubscriptionMessageTransformJavascriptUdfArgs(
                        function_name=transform.function_name, code=transform.code
                    )
                )
            ],
            bigquery_config=gcp.pubsub.SubscriptionBigqueryConfigArgs(
                table=pulumi.Output.concat(plan.stack.project, ".", self._table.dataset_id, ".", self._table.table_id),
                use_table_schema=True,
                drop_unknown_fields=True,
                write_metadata=False,
            ),
            labels=self.context.labels,
            opts=self.options(depends_on=[*self._writers.grants, dead_letter.publisher]),
        )
        dead_letter.allow_forwarding(subscription)
        declare_alerts(self, plan.alerts_covering("subscription", subscription_name))
        return subscription
