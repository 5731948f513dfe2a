"""The pipeline as one graph: who starts whom, by which topic or schedule.

Nodes are functions, services outside, topics, schedules and tables; an edge leads from what acts to what it acts on.
Everything comes from the declaration, so an edge that is missing here is missing in the cloud too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import Literal

from blueprint.findings import Location
from blueprint.manifest import Manifest

NodeKind = Literal["function", "service", "topic", "schedule", "table"]


@dataclass(frozen=True, order=True)
class PipelineNode:
    """Something of the pipeline, by its kind and its name in the declaration."""

    kind: NodeKind
    name: str

    def __str__(self) -> str:
        """Return the node the way sentences name it: `topic 'orders'`."""
        return f"{self.kind} '{self.name}'"


@dataclass(frozen=True)
class PipelineEdge:
    """One way in which something acts on something else; `path` is where a service outside is called."""

    source: PipelineNode
    target: PipelineNode
    at: Location
    path: str = ""


def edges(manifest: Manifest) -> tuple[PipelineEdge, ...]:
    """Return every edge of the pipeline, in the order of the declaration."""
    return (*_publishing(manifest), *_consuming(manifest))


def starting(manifest: Manifest) -> tuple[PipelineEdge, ...]:
    """Return the edges by which work starts work: as `edges`, but a service that does several phases is one node for each.

    Started for one of its phases it completes that one, and not the others that it does too; all else that it publishes
    it may publish then.
    """
    doing = {
        (manifest.phases[each.downstream].service, each.trigger.topic): each.downstream
        for each in manifest.boundaries.values()
        if each.downstream is not None and each.downstream in manifest.phases
    }
    found: list[PipelineEdge] = []
    for edge in edges(manifest):
        phase = doing.get((edge.target.name, edge.source.name)) if edge.target.kind == "service" else None
        found.append(replace(edge, target=_for_phase(edge.target, phase)) if phase else edge)
        if edge.source.kind == "service":
            own = [each for each in manifest.phases.values() if each.service == edge.source.name]
            done = [each for each in own if each.completion_topic == edge.target.name]
            found += [replace(edge, source=_for_phase(edge.source, each.name)) for each in done or own]
    return tuple(found)


def _for_phase(service: PipelineNode, phase: str) -> PipelineNode:
    return PipelineNode("service", f"{service.name} for {phase}")


def _publishing(manifest: Manifest) -> Iterator[PipelineEdge]:
    for topic in manifest.topics.values():
        for publisher in topic.publishers:
            yield PipelineEdge(PipelineNode("service", publisher), PipelineNode("topic", topic.name), topic.at)
    for function in manifest.functions.values():
        for name in manifest.published_by(function.name):
            yield PipelineEdge(PipelineNode("function", function.name), PipelineNode("topic", name), function.at)


def _consuming(manifest: Manifest) -> Iterator[PipelineEdge]:
    for function in manifest.functions.values():
        if function.trigger.topic is not None:
            yield PipelineEdge(
                PipelineNode("topic", function.trigger.topic),
                PipelineNode("function", function.name),
                function.trigger.at,
            )
        for schedule in function.trigger.schedules.values():
            yield PipelineEdge(
                PipelineNode("schedule", f"{function.name}/{schedule.name}"),
                PipelineNode("function", function.name),
                schedule.at,
            )
    for topic in manifest.topics.values():
        for consumer in topic.consumers:
            service = PipelineNode("service", consumer.service)
            yield PipelineEdge(PipelineNode("topic", topic.name), service, consumer.at, consumer.path or "")
    for stream in manifest.streams.values():
        for name in stream.topics:
            yield PipelineEdge(PipelineNode("topic", name), PipelineNode("table", stream.table), stream.at)


def acting(all_edges: tuple[PipelineEdge, ...]) -> Mapping[PipelineNode, list[PipelineEdge]]:
    """Return each topic with the edges to what acts on its messages; a table only keeps them."""
    found: dict[PipelineNode, list[PipelineEdge]] = {}
    for edge in all_edges:
        if edge.source.kind == "topic" and edge.target.kind != "table":
            found.setdefault(edge.source, []).append(edge)
    return found


def circle(all_edges: tuple[PipelineEdge, ...]) -> tuple[PipelineEdge, ...]:
    """Return the edges of a circle in which something starts itself, in the order in which they start; else nothing."""
    between: dict[tuple[PipelineNode, PipelineNode], PipelineEdge] = {}
    followed: dict[PipelineNode, set[PipelineNode]] = {}
    for edge in all_edges:
        between.setdefault((edge.source, edge.target), edge)
        followed.setdefault(edge.target, set()).add(edge.source)
    try:
        TopologicalSorter(followed).prepare()
    except CycleError as error:
        return tuple(between[pair] for pair in pairwise(error.args[1]))
    return ()
