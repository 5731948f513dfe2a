"""The whole program: from a checked blueprint to every component, in the order in which they need each other."""

from __future__ import annotations

from dataclasses import replace

import pulumi
import pulumi_gcp as gcp

from blueprint.model import Blueprint
from blueprint.stack import OBJECTS, TEXTS, StackSettings, read_stack
from components.base import ComponentContext
from components.dashboard import PipelineDashboard
from components.dataset import OrchestrationDataset, StreamWriters
from components.function import OrchestratorFunction
from components.secret import PipelineSecret
from components.services import ProjectServices
from components.source import FunctionSource
from components.store import CompletionStore
from components.stream import TableStream
from components.topic import PipelineTopic


def stack_settings() -> StackSettings:
    """Return the values of the current stack's configuration; `Pulumi.yaml` types and describes each key."""
    config = pulumi.Config()
    return read_stack(pulumi.get_stack(), {key: config.get(key) for key in (*TEXTS.values(), *OBJECTS.values())})


def declare(plan: Blueprint) -> None:
    """Declare every component of the plan."""
    provider = gcp.Provider(
        "gcp",
        project=plan.stack.project,
        region=plan.stack.region,
        add_pulumi_attribution_label=False,
    )
    context = ComponentContext(plan, provider)
    services = ProjectServices(context)
    context = replace(context, services=services.apis)
    topics = {name: PipelineTopic(context, topic, services) for name, topic in plan.manifest.topics.items()}
    CompletionStore(context)
    datasets = _tables_and_streams(context, topics, services)
    secrets = {secret.secret: PipelineSecret(context, secret) for secret in plan.manifest.secrets.values()}
    source = FunctionSource(context)
    urls = {
        name: OrchestratorFunction(
            context, function, source=source, topics=topics, secrets=secrets, datasets=datasets, services=services
        ).url
        for name, function in plan.manifest.functions.items()
    }
    PipelineDashboard(context)
    pulumi.export("functions", urls)


def _tables_and_streams(
    context: ComponentContext, topics: dict[str, PipelineTopic], services: ProjectServices
) -> dict[str, OrchestrationDataset]:
    plan = context.plan
    datasets = {name: OrchestrationDataset(context, dataset) for name, dataset in plan.schemas.datasets.items()}
    tables = {table: resource for dataset in datasets.values() for table, resource in dataset.tables.items()}
    for view in plan.schemas.views.values():
        tables[view.id] = datasets[view.dataset].add_view(view, tables)
    streamed = dict.fromkeys(stream.table.split(".")[0] for stream in plan.manifest.streams.values())
    writers = {name: StreamWriters(context, datasets[name], name, services.pubsub_agent) for name in streamed}
    for stream in plan.manifest.streams.values():
        TableStream(
            context,
            stream,
            topics=topics,
            table=tables[stream.table],
            writers=writers[stream.table.split(".")[0]],
            services=services,
        )
    return datasets
