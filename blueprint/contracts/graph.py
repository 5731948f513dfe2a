"""Contracts on the pipeline as a whole: no work is started twice, nothing starts itself, whoever acts changes something."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from blueprint.boundaries import Boundary
from blueprint.contracts import Inspection, contract
from blueprint.graph import PipelineEdge, PipelineNode, acting, circle, edges, starting
from blueprint.model import Blueprint

if TYPE_CHECKING:
    from blueprint.findings import Location

EFFECTS = frozenset({"bigquery", "firestore", "pubsub", "storage"})
"""Client libraries through which code changes something; an address that it calls does too."""


@contract("work-once", "No work is started twice by two ways", incidents=(32, 36, 53))
def work_once(plan: Blueprint, report: Inspection) -> None:
    """Two consumers of one message, or two orchestrators of one step, do the work twice and overwrite each other."""
    for topic, consumers in acting(edges(plan.manifest)).items():
        report.check()
        declared = plan.manifest.topics.get(topic.name)
        if len(consumers) > 1 and declared is not None and declared.shared is None:
            named = " and ".join(str(edge.target) for edge in consumers)
            report.violation(
                f"Each message of {topic} starts {named}. Where both are meant, say why in its `shared`; else keep one.",
                consumers[1].at,
            )
    for message, at in (
        *_called_twice(plan),
        *_stepped_twice(plan.manifest.boundaries),
    ):
        report.check()
        report.violation(message, at)


Problem = tuple[str, "Location"]


def _called_twice(plan: Blueprint) -> Iterator[Problem]:
    """Yield each service that two topics call at one path: it cannot tell which work is meant."""
    seen: dict[tuple[PipelineNode, str], PipelineEdge] = {}
    for edge in (each for consumers in acting(edges(plan.manifest)).values() for each in consumers):
        if edge.path:
            first = seen.setdefault((edge.target, edge.path), edge)
            if first is not edge:
                yield (
                    f"{first.source} and {edge.source} both call {edge.target} at {edge.path}, which then does its work for each of them; give one of them another path, or remove it.",
                    edge.at,
                )


def _stepped_twice(boundaries: Mapping[str, Boundary]) -> Iterator[Problem]:
    """Yield each boundary that starts what another one of the same phase starts."""
    seen: dict[tuple[str, str], str] = {}
    for boundary in boundaries.values():
        first = seen.setdefault((boundary.upstream, boundary.trigger.topic), boundary.name)
        if first != boundary.name:
            yield (
                f"Boundaries '{first}' and '{boundary.name}' both publish to '{boundary.trigger.topic}' when phase '{boundary.upstream}' is complete; keep one.",
                boundary.at,
            )


@contract("starts-forward", "Nothing starts itself", incidents=(39, 61))
def starts_forward(plan: Blueprint, report: Inspection) -> None:
    """A circle of topics and consumers never ends, and each round costs as much as the first.

    A service that does several phases may be started for a later one by what followed from an earlier.
    """
    found = starting(plan.manifest)
    report.check(len(found))
    if around := circle(found):
        path = " → ".join(str(edge.source) for edge in around)
        report.violation(
            f"{path} → {around[-1].target}: this circle starts itself for ever; remove one of its steps.", around[-1].at
        )


@contract("work-reaches", "Every function reaches something that it changes", incidents=(22, 75, 77))
def work_reaches(plan: Blueprint, report: Inspection) -> None:
    """A function that answers and does nothing looks healthy for ever."""
    for function in plan.manifest.functions.values():
        archive = plan.archives.get(function.name)
        if archive is None or not archive.sound:
            continue
        report.check()
        uses = archive.uses
        reached = {use.name for use in uses.apis} & EFFECTS
        if not reached and not uses.urls and not function.secrets:
            report.violation(
                f"The code of function '{function.name}' reaches no service that it could change, so its calls have no effect; have its handler do its work, or remove the function.",
                function.at,
            )
