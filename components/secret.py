"""A secret that functions read; its value is added by a person and never passes through this program."""

from __future__ import annotations

import pulumi_gcp as gcp

from blueprint.functions import Secret
from components.base import Component, ComponentContext


class PipelineSecret(Component):
    """The container of a secret's versions. It holds no value: functions refer to a pinned version (pitfall 86)."""

    secret: gcp.secretmanager.Secret

    def __init__(self, context: ComponentContext, declared: Secret) -> None:
        super().__init__(context, "Secret", declared.secret, declared.at)
        self.secret = gcp.secretmanager.Secret(
            f"{declared.secret}-secret",
            secret_id=declared.secret,
            project=context.plan.stack.project,
            replication=gcp.secretmanager.SecretReplicationArgs(
                auto=gcp.secretmanager.SecretReplicationAutoArgs(),
            ),
            labels=context.labels,
            opts=self.options(stateful=True),
        )
        self.register_outputs({})
