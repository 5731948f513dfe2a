"""Runs the pack as the engine does: protobuf requests to the SDK's own servicer, unknown-checking proxies included."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from typing import Any, Literal

from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import EnforcementLevel
from pulumi_policy.policy import _PolicyAnalyzerServicer
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from policies.declared import StackFacts
from policies.sdk import policies
from provider import kinds
from provider.changes import planned
from provider.rules import defaults_of
from tests.engine.twin.settled import settled

UNKNOWN = UNKNOWN_STRING_VALUE
ABSENT = object()
MANDATORY = analyzer_pb2.MANDATORY

DECLARED = StackFacts(
    region="europe-west1",
    data_location="europe-west1",
    today=date(2026, 11, 21),
    labels=frozenset({"team"}),
    service_urls=("https://outside.example.app",),
    consumed_elsewhere=frozenset({"taken"}),
)


@dataclass(frozen=True)
class Resource:
    """A resource as a test states it; `uses` maps a property to names of resources it is computed from."""

    kind: str
    name: str
    props: Mapping[str, Any]
    protect: bool = False
    uses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def with_(self, path: str, value: object) -> Resource:
        """Return a copy with the value at `path` set, or taken away (`ABSENT`)."""
        props = copy.deepcopy(dict(self.props))
        *parents, last = path.split(".")
        where: Any = props
        for step in parents:
            where = where[int(step)] if isinstance(where, list) else where.setdefault(step, {})
        key: Any = int(last) if isinstance(where, list) else last
        if value is ABSENT:
            del where[key]
        else:
            where[key] = value
        return replace(self, props=props)


@dataclass(frozen=True)
class Diagnostic:
    """What the engine is told."""

    rule: str
    message: str
    resource: str
    mandatory: bool


@cache
def servicer(facts: StackFacts = DECLARED) -> Any:
    pack = policies(lambda _: facts)
    return _PolicyAnalyzerServicer("pack", "1.0.0", pack, EnforcementLevel.MANDATORY)


Made = Literal["as stated", "planned", "filled"]
"""What the provider makes of the inputs: nothing else, what a preview shows, or what stands in the state after it."""


def made(resource: Resource, how: Made) -> dict[str, Any]:
    """Return the outputs of a resource."""
    if how == "as stated" or resource.kind not in kinds():
        return dict(resource.props)
    if how == "planned":
        return planned(resource.kind, resource.props)
    setting = {"project": "a-project", "region": "europe-west1", "location": "europe-west1"}
    return settled(resource.kind, setting, resource.props, {}, setting)


def checked(resource: Resource) -> dict[str, Any]:
    """Return the inputs as the engine shows them: with the provider's defaults, marked as such."""
    added = {
        name: value
        for name, value in defaults_of(resource.kind).items()
        if "." not in name and name not in resource.props
    }
    return {**resource.props, **added, "__defaults": sorted(added)}


def analyze(*resources: Resource, facts: StackFacts = DECLARED, how: Made = "planned") -> list[Diagnostic]:
    """Return what the pack says of each of these resources alone, and of all together."""
    urns = {resource.name: _urn(resource) for resource in resources}
    names = {urn: name for name, urn in urns.items()}
    pack = servicer(facts)
    diagnostics = []
    for resource in resources:
        request = analyzer_pb2.AnalyzeRequest(
            type=resource.kind,
            urn=_urn(resource),
            name=resource.name,
            properties=checked(resource),
            options=analyzer_pb2.AnalyzerResourceOptions(protect=resource.protect),
        )
        for found in pack.Analyze(request, None).diagnostics:
            diagnostics.append((found, resource.name))
    stack = analyzer_pb2.AnalyzeStackRequest(
        resources=[
            analyzer_pb2.AnalyzerResource(
                type=resource.kind,
                urn=_urn(resource),
                name=resource.name,
                properties=made(resource, how),
                options=analyzer_pb2.AnalyzerResourceOptions(protect=resource.protect),
                propertyDependencies={
                    key: analyzer_pb2.AnalyzerPropertyDependencies(urns=[urns[name] for name in used if name in urns])
                    for key, used in resource.uses.items()
                },
            )
            for resource in resources
        ]
    )
    for found in pack.AnalyzeStack(stack, None).diagnostics:
        diagnostics.append((found, names.get(found.urn, "")))
    return [
        Diagnostic(each.policyName, each.message, name, each.enforcementLevel == MANDATORY)
        for each, name in diagnostics
    ]


def _urn(resource: Resource) -> str:
    return f"urn:pulumi:test::project::{resource.kind}::{resource.name}"
