"""The picture holds what the declaration says, is the same each time, and no name in it is more than text."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from blueprint.findings import Location
from blueprint.graph import PipelineEdge, PipelineNode, edges
from blueprint.loader import load_manifest
from ops.page import drawing

ROOT = Path(__file__).resolve().parents[3]
PARCELS = ROOT / "tests" / "pipelines" / "parcels"
AT = Location("pipeline.yaml", 1, 1)
HOSTILE = [
    '"]; evil [label="x',
    "back\\slash\\N",
    "</text><script>alert(1)</script>",
    "&lt;b&gt; &amp; &#60;",
    "right\u202eleft",
    "line\nbreak\x1b[31m",
    "<b>bold</b>",
    "ünïcödé 名前",
]


def of(name: str) -> drawing.Picture:
    edge = PipelineEdge(PipelineNode("topic", name), PipelineNode("function", "f"), AT)
    return drawing.Picture(name, (edge,), {name: (edge.source,)}, {edge.source: name})


def texts(svg: str, kind: str = "text") -> list[str]:
    return ["".join(each.itertext()) for each in ElementTree.fromstring(svg).iter(f"{{{drawing.SVG}}}{kind}")]


@pytest.mark.parametrize("root", [ROOT, PARCELS], ids=["prod", "parcels"])
def test_it_shows_every_phase_function_and_topic(root: Path) -> None:
    manifest = load_manifest(root)
    shown = drawing.picture(manifest)
    told = texts(drawing.draw(shown))
    assert {*manifest.functions, *manifest.topics} <= {*told}
    assert {title for title, members in shown.phases.items() if members} <= {*told}
    left_out = [each for each in edges(manifest) if each not in shown.edges]
    assert {each.target.name for each in left_out} == {manifest.events.executions, manifest.events.errors}
    assert all(each.source.kind == "function" for each in left_out)


def test_it_has_a_line_for_each_edge_and_the_same_bytes_each_time() -> None:
    shown = drawing.picture(load_manifest(PARCELS))
    drawn = drawing.draw(shown)
    assert drawn == drawing.draw(shown)
    groups = ElementTree.fromstring(drawn).iter(f"{{{drawing.SVG}}}g")
    assert sum(each.get("class", "").startswith("edge") for each in groups) == len(shown.edges)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_text_and_nothing_else(name: str) -> None:
    drawn = drawing.draw(of(name))
    root = ElementTree.fromstring(drawn)
    kinds = {each.tag.removeprefix(f"{{{drawing.SVG}}}") for each in root.iter()}
    assert kinds <= {"svg", "g", "text", "path", "polygon", "polyline", "ellipse", "a"}
    told = texts(drawn)
    assert len(told) == 5, "the phase, and two lines of each box"
    if name.isprintable():
        assert [each for each in told if each == name] == [name] * 2, "as it is: the phase's title and the topic's name"
    else:
        assert "\u202e" not in drawn
        assert "\x1b" not in drawn


def test_links_lead_to_parts_and_stand_alone_without_any() -> None:
    manifest = load_manifest(PARCELS)
    node = PipelineNode("topic", "parcels-sort")
    linked = drawing.draw(drawing.picture(manifest, anchors={node: "part-topic-parcels-sort"}))
    assert linked.count('href="#part-topic-parcels-sort"') == 1
    alone = drawing.alone(drawing.picture(manifest))
    assert "href" not in alone
    assert "<title>Parcel flow: what happens between its phases</title>" in alone
    assert "prefers-color-scheme: dark" in alone
