"""A topic of the pipeline."""

from __future__ import annotations

import pulumi_gcp as gcp

from blueprint.manifest import Topic
from blueprint.names import DISPLAY_NAME, clipped
from blueprint.wiring import RETENTION_SECONDS, Push, pushes_outside
from components.alerts import declare_alerts
from components.base import Component, ComponentContext
from components.dead_letter import DeadLetter
from components.push import PushSubscription
from components.services import ProjectServices


class PipelineTopic(Component):
    """A topic and the push edges to services outside; functions and streams add their own subscriptions.

    It creates no publisher: functions get their grant with their identity, services outside keep their own.
    """

    topic: gcp.pubsub.Topic
    edges: list[PushSubscription]

    def __init__(self, context: ComponentContext, declared: Topic, services: ProjectServices) -> None:
        super().__init__(context, "Topic", declared.name, declared.at)
        self.declared = declared
        stack = context.plan.stack
        self.topic = gcp.pubsub.Topic(
            f"{declared.name}-topic",
            name=declared.name,
            project=stack.project,
            message_retention_duration=f"{RETENTION_SECONDS}s",
            labels=context.labels,
            opts=self.options(),
        )
        self.edges = [self._edge(push, services) for push in pushes_outside(declared, context.plan.names)]
        declare_alerts(self, context.plan.alerts_covering("topic", declared.name))
        self.register_outputs({"name": self.topic.name})

    def _edge(self, push: Push, services: ProjectServices) -> PushSubscription:
        stack, names = self.context.plan.stack, self.context.plan.names
        prefix = f"{push.topic}-to-{push.consumer}"
        invoker = gcp.serviceaccount.Account(
            f"{prefix}-invoker",
            account_id=names.invoker_account(push.consumer),
            project=stack.project,
            display_name=clipped(f"Pub/Sub calls {push.consumer}", DISPLAY_NAME),
            opts=self.options(),
        )
        invoked = gcp.cloudrunv2.ServiceIamMember(
            f"{prefix}-invocation",
            name=push.consumer,
            project=stack.project,
            location=stack.region,
            role="roles/run.invoker",
            member=invoker.member,
            opts=self.options(),
        )
        declare_alerts(self, self.context.plan.alerts_covering("subscription", push.subscription))
        return PushSubscription(
            self,
            prefix,
            push,
            topic=self.topic,
            base_url=stack.service_urls[push.consumer],
            invoker=invoker,
            invoked=invoked,
            dead_letter=DeadLetter(
                self, prefix, topic_name=push.dead_letter, hold_name=push.hold, agent=services.pubsub_agent
            ),
            agent=services.pubsub_agent,
        )
