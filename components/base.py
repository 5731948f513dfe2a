"""What every component shares: its place in the declaration, its provider, and protection of what holds data."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pulumi
import pulumi_gcp as gcp

from blueprint.archive import Archive
from blueprint.findings import Location
from blueprint.model import Blueprint

PACKAGE = "phases:orchestration"

FORMERLY: dict[str, tuple[str, ...]] = {}
"""Kind of component to the kinds it had before: renaming one would else delete and create all its children (pitfall
81). Every deployed stack takes an entry over with its next update; drop it one release later."""

ORIGINS: dict[str, tuple[Location, ...]] = {}
"""Logical name to the lines that ask for the resource; `ops plan --explain` reads it. Children without an entry exist
because their parent does."""


@dataclass(frozen=True)
class Context:
    """What components are given: the checked blueprint, the one provider, and the enabled services to wait for."""

    plan: Blueprint
    provider: gcp.Provider
    services: Sequence[pulumi.Resource] = ()

    @property
    def labels(self) -> dict[str, str]:
        """Return the labels of every resource that takes labels."""
        stack = self.plan.stack
        return {**self.plan.manifest.labels, "pipeline": self.plan.manifest.pipeline, "environment": stack.environment}

    def asset(self, archive: Archive) -> pulumi.FileAsset:
        """Return the archive as a file to upload; its path is relative to the root and names the content."""
        path = Path(".cache", "archives", f"{archive.sha256}.zip")
        absolute = self.plan.root / path
        if not absolute.exists() or absolute.read_bytes() != archive.content:
            absolute.parent.mkdir(parents=True, exist_ok=True)
            partial = absolute.with_suffix(f".{os.getpid()}")
            partial.write_bytes(archive.content)
            partial.replace(absolute)
        return pulumi.FileAsset(str(path))


class Component(pulumi.ComponentResource):
    """A component of the pipeline: `kind` names its type, `at` the line of the declaration that asks for it."""

    def __init__(self, context: Context, kind: str, name: str, at: Location) -> None:
        aliases = [pulumi.Alias(type_=f"{PACKAGE}:{former}") for former in FORMERLY.get(kind, ())]
        options = pulumi.ResourceOptions(providers=[context.provider], aliases=aliases)
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
            depends_on=[*self.context.services, *depends_on],
            protect=True if stateful else None,
            replace_with=list(replace_with) or None,
        )


def because(name: str, *places: Location) -> None:
    """Record why the resource with this logical name exists."""
    ORIGINS[name] = (*ORIGINS.get(name, ()), *places)
