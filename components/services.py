"""The APIs that the pipeline's resources need, and the service agents that act for Google's services."""

from __future__ import annotations

import pulumi
import pulumi_gcp as gcp

from blueprint.services import APIS, SERVICE_AGENTS
from components.base import Component, ComponentContext


class ProjectServices(Component):
    """Enables every API that the plan uses and declares the service agents that receive grants.

    It never disables an API: others in the project may use it (pitfall 29).
    """

    apis: dict[str, gcp.projects.Service]
    pubsub_agent: pulumi.Output[str]
    scheduler_agent: pulumi.Output[str]

    def __init__(self, context: ComponentContext) -> None:
        super().__init__(context, "ProjectServices", "project-services", context.plan.manifest.at)
        project = context.plan.stack.project
        self.apis = {
            api: gcp.projects.Service(
                f"{api.split('.')[0]}-api",
                service=api,
                project=project,
                disable_on_destroy=False,
                disable_dependent_services=False,
                opts=self.options(),
            )
            for api in APIS
        }
        agents = {
            api: gcp.projects.ServiceIdentity(
                f"{api.split('.')[0]}-agent",
                service=api,
                project=project,
                opts=self.options(depends_on=[self.apis[api]]),
            )
            for api in SERVICE_AGENTS
        }
        self.pubsub_agent = agents["pubsub.googleapis.com"].member
        self.scheduler_agent = agents["cloudscheduler.googleapis.com"].member
        self.register_outputs({})
