"""The parts of a pipeline as a page tells of them: what each is, why it is there, and every resource that it consists of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from blueprint.boundaries import Phase
from blueprint.findings import Location
from blueprint.graph import PipelineEdge, PipelineNode, edges
from blueprint.manifest import Manifest
from ops.change.leaves import leaves
from ops.embedded.record import Registration
from ops.report.explain import declared_line
from ops.report.gather import Plan
from ops.report.text import kind
from ops.terminal import count, size

ALERT: Final = "gcp:monitoring/alertPolicy:AlertPolicy"
TABLE: Final = "gcp:bigquery/table:Table"


@dataclass(frozen=True)
class Row:
    """A line of a table: cells, and the fragment that the first one links to."""

    cells: tuple[str, ...]
    anchor: str | None = None


@dataclass(frozen=True)
class PartTable:
    """A table of a part."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class ShownResource:
    """A resource with its inputs, flattened to a line for each value."""

    kind: str
    name: str
    inputs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Part:
    """One thing that can be looked into.

    Attributes:
        anchor: its fragment on the page.
        kind: function, topic, service, schedule, table, phase or component.
        name: what it is called.
        title: what it is for, where the declaration says it.
        because: the lines of the declaration that ask for it, each with its text.
        tables: what there is to say of it.
        resources: what it consists of.
    """

    anchor: str
    kind: str
    name: str
    title: str = ""
    because: tuple[tuple[str, str], ...] = ()
    tables: tuple[PartTable, ...] = ()
    resources: tuple[ShownResource, ...] = ()


def slug(kind_: str, name: str, taken: set[str]) -> str:
    """Return a fragment that nothing else has; `taken` learns it."""
    base = f"part-{kind_}-{re.sub('[^a-z0-9]+', '-', name.lower()).strip('-')}".rstrip("-")[:80]
    found, number = base, 1
    while found in taken:
        number += 1
        found = f"{base}-{number}"
    taken.add(found)
    return found


class Parts:
    """Everything of a plan that has a part on the page."""

    def __init__(self, plan: Plan, manifest: Manifest) -> None:
        self._plan, self._manifest = plan, manifest
        self._edges = edges(manifest)
        taken: set[str] = set()
        nodes = dict.fromkeys(node for edge in self._edges for node in (edge.source, edge.target))
        self.anchors = {node: slug(node.kind, node.name, taken) for node in nodes}
        self.phases = {phase.title: slug("phase", name, taken) for name, phase in manifest.phases.items()}
        shown = {*map(self._component, nodes)}
        others = [each for each in self._tops if each.urn not in shown]
        self._others = {each.urn: slug("component", each.name, taken) for each in others}

    @cached_property
    def _tops(self) -> list[Registration]:
        stacks = {each.urn for each in self._plan.resources if not each.parent}
        return [each for each in self._plan.resources if each.parent in stacks and not each.custom]

    @cached_property
    def _inside(self) -> Mapping[str, list[Registration]]:
        """Return the resources that providers manage, by the component at the top that they belong to."""
        found: dict[str, list[Registration]] = {each.urn: [] for each in self._tops}
        for each in self._plan.resources:
            above: Registration | None = each
            while above is not None and above.urn not in found:
                above = self._plan.by_urn.get(above.parent)
            if above is not None and each.custom:
                found[above.urn].append(each)
        return found

    def _component(self, node: PipelineNode) -> str:
        """Return the URN of the component that is the node; nothing where another owns it."""
        wanted = {"function": "Function", "topic": "Topic"}.get(node.kind)
        mine = (each.urn for each in self._tops if each.name == node.name and kind(each.type) == wanted)
        return next(mine, "")

    def of_function(self, name: str) -> list[Registration]:
        """Return what a function consists of."""
        return self.resources(PipelineNode("function", name))

    def function_anchor(self, name: str) -> str:
        """Return the fragment of a function's part."""
        return self.anchors[PipelineNode("function", name)]

    def resources(self, node: PipelineNode) -> list[Registration]:
        """Return what the node consists of."""
        if node.kind == "table":
            places = [(each.inputs.get("datasetId"), each.inputs.get("tableId")) for each in self._plan.resources]
            return [
                each
                for each, (dataset, table) in zip(self._plan.resources, places, strict=True)
                if each.type == TABLE and node.name == f"{dataset}.{table}"
            ] + [one for each in self._streams(node) for one in self._inside[each.urn]]
        if node.kind == "schedule":
            function, _, name = node.name.partition("/")
            mine = self.resources(PipelineNode("function", function))
            return [each for each in mine if each.name.startswith(f"{function}-{name.replace('_', '-')}-")]
        return self._inside.get(self._component(node), [])

    def _streams(self, node: PipelineNode) -> list[Registration]:
        names = {f"{name}-stream" for name, each in self._manifest.streams.items() if each.table == node.name}
        return [each for each in self._tops if kind(each.type) == "Stream" and each.name in names]

    @property
    def notes(self) -> dict[PipelineNode, str]:
        """Return how many alerts watch each node, for the picture."""
        alerts = {node: sum(each.type == ALERT for each in self.resources(node)) for node in self.anchors}
        return {node: count(number, "alert") for node, number in alerts.items() if number}

    def __iter__(self) -> Iterator[Part]:
        """Yield every part, in the order of the pipeline: phases, what is between them, then the rest."""
        for phase in self._manifest.phases.values():
            yield self._phase(phase)
        for node in sorted(self.anchors, key=lambda each: (_ORDER.index(each.kind), each.name)):
            yield self._node(node)
        for urn, anchor in self._others.items():
            component = self._plan.by_urn[urn]
            yield Part(
                anchor,
                kind(component.type),
                component.name,
                because=self._because(self._plan.reasons(component)),
                resources=self._shown(self._inside[urn]),
            )

    def _phase(self, phase: Phase) -> Part:
        rows = (
            Row((name, ", ".join(each.aliases), each.output.table if each.output else ""))
            for name, each in phase.processors.items()
        )
        service, topic = PipelineNode("service", phase.service), PipelineNode("topic", phase.completion_topic)
        facts = (
            Row((f"Run by {phase.service}",), self.anchors.get(service)),
            Row((f"Says that it is done in {phase.completion_topic}",), self.anchors.get(topic)),
            Row((f"Each date is a document in {phase.collection}",)),
        )
        processors = PartTable("Processors", ("Processor", "Other names", "Rows go to"), tuple(rows))
        tables = (PartTable("Facts", ("Fact",), facts), processors)
        return Part(self.phases[phase.title], "phase", phase.title, phase.name, self._because([phase.at]), tables)

    def _node(self, node: PipelineNode) -> Part:
        mine = self.resources(node)
        tables = [self._neighbours(node), *(self._function(node.name) if node.kind == "function" else ())]
        tables.append(self._alerts(mine))
        function = self._manifest.functions.get(node.name) if node.kind == "function" else None
        return Part(
            anchor=self.anchors[node],
            kind=node.kind,
            name=node.name,
            title=function.title if function else "",
            because=self._because([function.at] if function else self._places(node)),
            tables=tuple(each for each in tables if each.rows),
            resources=self._shown(mine),
        )

    def _places(self, node: PipelineNode) -> list[Location]:
        topic = self._manifest.topics.get(node.name) if node.kind == "topic" else None
        found = (edge.at for edge in self._edges if node in (edge.source, edge.target))
        return [topic.at] if topic else list(dict.fromkeys(found))

    def _neighbours(self, node: PipelineNode) -> PartTable:
        before = [(edge.source, edge) for edge in self._edges if edge.target == node]
        after = [(edge.target, edge) for edge in self._edges if edge.source == node]
        rows = [self._neighbour("from", *each) for each in before] + [self._neighbour("to", *each) for each in after]
        return PartTable("Connected with", ("What", "Way", "Kind", "Because"), tuple(rows))

    def _neighbour(self, way: str, other: PipelineNode, edge: PipelineEdge) -> Row:
        place = f"{edge.at}" + (f" (calls {edge.path})" if edge.path else "")
        return Row((other.name, way, other.kind, place), self.anchors[other])

    def _function(self, name: str) -> Iterator[PartTable]:
        model = self._plan.blueprint
        grants = [each for each in model.grants if each.function == name] if model else []
        rows = (
            Row(
                (
                    each.role.removeprefix("roles/"),
                    each.target or "the project",
                    f"{at}",
                    declared_line(self._plan.root, at),
                )
            )
            for each in grants
            for at in each.because
        )
        yield PartTable("Rights, each with the line that needs it", ("Role", "On", "Line", "Which says"), tuple(rows))
        archive = next((each for each in self._plan.archives if each.function == name), None)
        if archive is not None:
            files = tuple(Row((each.path, size(each.size), each.sha256[:12])) for each in archive.files)
            title = f"Archive of {count(len(files), 'file')}, {size(archive.length)}, sha256 {archive.sha256[:12]}"
            yield PartTable(title, ("File", "Size", "sha256"), files)
            installed = tuple(Row((each.name, each.version)) for each in archive.distributions)
            yield PartTable("It installs", ("Package", "Version"), installed)

    def _alerts(self, mine: Sequence[Registration]) -> PartTable:
        policies = {each.name.removesuffix("-alert") for each in mine if each.type == ALERT}
        model = self._plan.blueprint
        alerts = [each for each in (model.alerts if model else ()) if each.name in policies]
        rows = (Row((each.title, each.severity, each.runbook)) for each in alerts)
        return PartTable("Alerts", ("Alert", "Severity", "Runbook"), tuple(rows))

    def _because(self, places: Sequence[Location]) -> tuple[tuple[str, str], ...]:
        return tuple((str(at), declared_line(self._plan.root, at)) for at in places)

    def _shown(self, resources: Sequence[Registration]) -> tuple[ShownResource, ...]:
        ordered = sorted(resources, key=lambda each: (kind(each.type), each.name))
        return tuple(
            ShownResource(
                kind(each.type),
                each.name,
                tuple(leaf for name, value in each.inputs.items() for leaf in leaves(value, name)),
            )
            for each in ordered
        )


_ORDER: Final = ("function", "topic", "schedule", "service", "table")
