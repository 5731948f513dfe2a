"""What every component shares: its place in the declaration, its provider, and protection of what holds data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_gcp as gcp

from blueprint.archive import Archive
from blueprint.findings import Location
from blueprint.model import Blueprint
from blueprint.services import apis_of
from blueprint.sources import CACHE

PACKAGE = "phases:orchestration"

FORMERLY: dict[str, tuple[str, ...]] = {}
"""Kind of component to the kinds it had before: renaming one would else delete and create all its children (pitfall
81). Every deployed stack takes an entry over with its next update; drop it one release later."""

ORIGINS: dict[str, tuple[Location, ...]] = {}
"""Logical name to the lines that ask for the resource; `ops plan --explain` reads it. Children without an entry exist
because their parent does."""


@dataclass(frozen=True)
class ComponentContext:
    """What components are given: the checked blueprint, the one provider, and the enabled services, by API."""

    plan: Blueprint
    provider: gcp.Provider
    services: Mapping[str, pulumi.Resource] = field(default_factory=dict)

    @property
    def labels(self) -> dict[str, str]:
        """Return the labels of every resource that takes labels."""
        stack = self.plan.stack
        return {**self.plan.manifest.labels, "pipeline": self.plan.manifest.pipeline, "environment": stack.environment}

    def wait_for_services(
        self, declared: pulumi.ResourceTransformationArgs
    ) -> pulumi.ResourceTransformationResult | None:
        """Have a resource wait until the APIs that its kind needs are enabled; a transformation of every child."""
        if not self.services or not declared.type_.startswith("gcp:"):
            return None
        needed = pulumi.ResourceOptions(depends_on=[self.services[api] for api in apis_of(declared.type_)])
        return pulumi.ResourceTransformationResult(declared.props, pulumi.ResourceOptions.merge(declared.opts, needed))

    def asset(self, archive: Archive) -> pulumi.FileAsset:
        """Return the archive as a file to upload; its path is relative to the root and names the content."""
        return pulumi.FileAsset(archive.saved_in(self.plan.root / CACHE).relative_to(self.plan.root).as_posix())


class Component(pulumi.ComponentResource):
    """A component of the pipeline: `kind` names its type, `at` the line of the declaration that asks for it."""

    def __init__(self, context: ComponentContext, kind: str, name: str, at: Location) -> None:
        aliases = [pulumi.Alias(type_=f"{PACKAGE}:{former}") for former in FORMERLY.get(kind, ())]
        options = pulumi.ResourceOptions(
            providers=[context.provider], aliases=aliases, transformations=[context.wait_for_services]
        )
        super().__init__(f"{PACKAGE}:{kind}", name, None, options)
        self.context = context
        because(name, at)

    def options(
        self,
        *,
        depends_on: Sequence[pulumi.Resource] = (),
        replace_with: Sequence[pulumi.Resource] = (),
        stateful: bool = False,
    ) -> pulumi.ResourceOptions:
        """Return the options of a child; `stateful` ones are protected (their kind has its own protection too)."""
        return pulumi.ResourceOptions(
            parent=self,
            depends_on=list(depends_on),
            protect=True if stateful else None,
            replace_with=list(replace_with) or None,
        )


def because(name: str, *places: Location) -> None:
    """Record why the resource with this logical name exists."""
    ORIGINS[name] = (*ORIGINS.get(name, ()), *places)
