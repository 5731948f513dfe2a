"""Runs the pack as the engine does: protobuf requests to the SDK's own servicer, unknown-checking proxies included."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from typing import Any, Literal

from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import EnforcementLevel
from pulumi_policy.policy import _PolicyAnalyzerServicer
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from policies.case import Subject
from policies.declared import StackFacts
from policies.registry import all_rules, judge_all, judge_among
from policies.sdk import policies
from policies.values import UNKNOWN as NOT_KNOWN
from provider import kinds
from provider.changes import planned
from provider.rules import defaults_of
from tests.engine.twin.settled import settled

UNKNOWN = UNKNOWN_STRING_VALUE
ABSENT = object()
MANDATORY = analyzer_pb2.MANDATORY

DECLARED = StackFacts(
    project="a-project",
    project_number="123456789012",
    region="europe-west1",
    dataset_location="europe-west1",
    database_location="europe-west1",
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
    options: Mapping[str, Any] = field(default_factory=dict)

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
    pack = policies(lambda _project, _stack: facts)
    return _PolicyAnalyzerServicer("pack", "1.0.0", pack, EnforcementLevel.MANDATORY)


LAST: dict[tuple[int, str], tuple[bytes, Sequence[Any]]] = {}
"""What each pack was last asked of each resource, and what it answered."""


def alone(pack: Any, request: Any) -> Sequence[Any]:
    """Return what the pack says of a resource; it is asked again only where the question is another one."""
    key, question = (id(pack), request.urn), request.SerializeToString(deterministic=True)
    if key not in LAST or LAST[key][0] != question:
        LAST[key] = question, tuple(pack.Analyze(request, None).diagnostics)
    return LAST[key][1]


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
    """Return the inputs as the engine shows them: with the provider's defaults, of which it hides the mark."""
    added = {
        name: value
        for name, value in defaults_of(resource.kind).items()
        if "." not in name and name not in resource.props
    }
    return {**resource.props, **added}


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
            options=analyzer_pb2.AnalyzerResourceOptions(protect=resource.protect, **resource.options),
        )
        diagnostics += [(found, resource.name) for found in alone(pack, request)]
    stack = analyzer_pb2.AnalyzeStackRequest(
        resources=[
            analyzer_pb2.AnalyzerResource(
                type=resource.kind,
                urn=_urn(resource),
                name=resource.name,
                properties=made(resource, how),
                options=analyzer_pb2.AnalyzerResourceOptions(protect=resource.protect, **resource.options),
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


def offline(*resources: Resource, facts: StackFacts = DECLARED) -> set[tuple[str, str, str]]:
    """Return what the offline plan is told of these resources: rule, resource and sentence."""
    names = {_urn(resource): resource.name for resource in resources}
    found = judge_all(_subjects(resources), facts).violations
    return {(each.rule, names.get(each.urn, ""), each.message) for each in found}


def said(rule: str, *resources: Resource, facts: StackFacts = DECLARED) -> list[str]:
    """Return what one rule alone says of these resources, offline."""
    [wanted] = [each for each in all_rules() if each.id == rule]
    return [each.message for each in judge_among(wanted, _subjects(resources), facts).violations]


def _subjects(resources: Sequence[Resource]) -> list[Subject]:
    urns = {resource.name: _urn(resource) for resource in resources}
    return [
        Subject(
            kind=each.kind,
            name=each.name,
            urn=urns[each.name],
            props=_seen(each.props),
            outputs=_seen(made(each, "planned")),
            protect=each.protect,
            references={key: frozenset(urns[name] for name in used if name in urns) for key, used in each.uses.items()},
            options=each.options,
        )
        for each in resources
    ]


def _seen(value: Any) -> Any:
    """Return a value as the offline plan hands it over: what is not known is marked and no text."""
    if isinstance(value, Mapping):
        return {name: _seen(each) for name, each in value.items()}
    return [_seen(each) for each in value] if isinstance(value, list) else NOT_KNOWN if value == UNKNOWN else value


def _urn(resource: Resource) -> str:
    return f"urn:pulumi:test::project::{resource.kind}::{resource.name}"
