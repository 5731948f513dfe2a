"""What the pipeline declares and the rules compare with; nothing here knows a name of any particular pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from policies.allowed import Allowed, allowed

if TYPE_CHECKING:
    from blueprint.inventory.resource import Expected
    from blueprint.manifest import Manifest
    from blueprint.model import Blueprint


@dataclass(frozen=True, eq=False)
class Implied:
    """What a declaration implies: every resource by its logical name, and the inputs of the one provider.

    `root` is the folder that paths of uploaded files are relative to.
    """

    resources: Mapping[str, Expected]
    provider: Mapping[str, str]
    root: Path


@dataclass(frozen=True)
class StackFacts:
    """The facts a stack is held to.

    Args:
        project: id of the one Google Cloud project that everything is in.
        project_number: its number, by which the agents of Google's services are named.
        region: where functions, topics and jobs run, for example `us-west2`.
        dataset_location: where datasets are.
        database_location: where the database is.
        today: the day against which ends of life are measured.
        labels: label keys that every resource which can carry labels must carry.
        service_urls: base URLs of services outside the stack that it may call.
        consumed_elsewhere: topics whose consumer subscribes by itself, outside this stack.
        always_on: how many instances may run day and night, over all functions: a bill, so a decision of its own,
            made in the pack's configuration (`always-on-budget: {instances: N}`) and not in the pipeline's.
        allowed: the section of the pack's own list that this program is held to.
        implied: what the declaration implies; None for a program that has none.
    """

    project: str
    project_number: str
    region: str
    dataset_location: str
    database_location: str
    today: date
    labels: frozenset[str] = field(default_factory=frozenset)
    service_urls: tuple[str, ...] = ()
    consumed_elsewhere: frozenset[str] = field(default_factory=frozenset)
    always_on: int = 0
    allowed: Allowed = field(default_factory=allowed)
    implied: Implied | None = None


def declared(plan: Blueprint, today: date) -> StackFacts:
    """Return what a sound declaration and the values of one stack hold that stack to on the day `today`."""
    from blueprint.inventory import inventory

    stack, manifest = plan.stack, plan.manifest
    provider = {"project": stack.project, "region": stack.region, "addPulumiAttributionLabel": "false"}
    return StackFacts(
        project=stack.project,
        project_number=stack.project_number,
        region=stack.region,
        dataset_location=stack.dataset_location,
        database_location=stack.database_location,
        today=today,
        labels=frozenset(manifest.labels),
        service_urls=tuple(sorted(stack.service_urls.values())),
        consumed_elsewhere=consumed_elsewhere(manifest),
        implied=Implied(inventory(plan), provider, plan.root),
    )


def consumed_elsewhere(manifest: Manifest) -> frozenset[str]:
    """Return the topics whose consumer makes its subscription itself."""
    return frozenset(
        topic.name
        for topic in manifest.topics.values()
        if any(consumer.delivery == "own" for consumer in topic.consumers)
    )
