"""The picture of the pipeline: what the declaration says happens between phases, a row for each boundary, as SVG."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Final

from blueprint.boundaries import Boundary
from blueprint.loader import load_manifest
from blueprint.manifest import Manifest
from ops.terminal import clip, count

FILE: Final = "docs/pipeline.svg"
WIDTHS: Final = (140, 265, 240, 195, 265)
"""Pixels of the columns: phase, completions, orchestrator, trigger, consumer."""
GAP, ROW, HEAD, BOX = 26, 74, 74, 52
STYLE: Final = "text{font-family:Helvetica,Arial,sans-serif;fill:#202124}.t{font-size:11px;font-weight:600}.s{font-size:10px;fill:#5f6368}.h{font-size:16px;font-weight:600}.out{fill:#fff;stroke:#9aa0a6;stroke-dasharray:4 3}.topic{fill:#e8f0fe;stroke:#aecbfa}.own{fill:#e6f4ea;stroke:#81c995}path{fill:none;stroke:#5f6368;stroke-width:1.4;marker-end:url(#a)}"
_MARKER: Final = '<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" style="fill:#5f6368;stroke:none;marker-end:none"/></marker></defs>'


def pages(root: Path) -> dict[str, str]:
    """Return the picture by its path."""
    return {FILE: draw(load_manifest(root))}


def draw(manifest: Manifest) -> str:
    """Return the pipeline as SVG."""
    boundaries = list(manifest.boundaries.values())
    scheduled = [each for each in manifest.functions.values() if each.trigger.schedules]
    lines = [line for row, each in enumerate(boundaries) for line in _boundary(manifest, each, HEAD + row * ROW)]
    below = HEAD + len(boundaries) * ROW
    width = sum(WIDTHS) + GAP * (len(WIDTHS) + 1)
    across = 3
    room = (width - GAP * (across + 1)) // across
    for index, each in enumerate(scheduled):
        x, y = GAP + index % across * (room + GAP), below + 28 + index // across * (BOX + 14)
        crons = ", ".join(schedule.cron for schedule in each.trigger.schedules.values())
        lines += _box(x, y, room, "own", each.name, f"{crons}: {each.title}")
    height = below + 28 + -(-len(scheduled) // across) * (BOX + 14)
    heads = ("Phase", "Completions", "Orchestrator", "Trigger", "Started")
    titles = "".join(f'<text class="s" x="{_left(column)}" y="60">{text}</text>' for column, text in enumerate(heads))
    size = f'width="{width}" height="{height}"'
    name = escape(manifest.title)
    return f"""<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {width} {height}" role="img" aria-label="{name}: what happens between its phases">
<style>{STYLE}</style>
{_MARKER}
<rect {size} fill="#f8f9fa"/>
<text class="h" x="{GAP}" y="28">{name}: what happens between its phases</text>
<text class="s" x="{GAP}" y="44">Green and blue is declared here; dashed boxes run elsewhere.</text>
{titles}
{chr(10).join(lines)}
<text class="s" x="{GAP}" y="{below + 16}">On schedule</text>
</svg>
"""


def _boundary(manifest: Manifest, boundary: Boundary, y: int) -> Iterator[str]:
    phase = manifest.phases[boundary.upstream]
    topic = manifest.topics[boundary.trigger.topic]
    processors = count(len(phase.processors), "processor") if phase.processors else "one message per run"
    gates = f"{count(len(boundary.gates), 'gate')}, " if boundary.gates else ""
    consumer = next(iter(topic.consumers), None)
    cells = (
        ("out", phase.title, processors),
        ("topic", phase.completion_topic, "topic"),
        ("own", boundary.function, f"{gates}deadline {boundary.deadline // 60} min"),
        ("topic", topic.name, "topic"),
        (
            "out",
            consumer.service if consumer else "nobody",
            (consumer.path if consumer else None) or "its own subscription",
        ),
    )
    for column, (look, title, note) in enumerate(cells):
        yield from _box(_left(column), y, WIDTHS[column], look, title, note)
        if column:
            yield f'<path d="M{_left(column) - GAP} {y + BOX // 2}h{GAP}"/>'


def _left(column: int) -> int:
    return GAP + sum(WIDTHS[:column]) + column * GAP


def _box(x: int, y: int, width: int, look: str, title: str, note: str) -> Iterator[str]:
    yield f'<rect class="{look}" x="{x}" y="{y}" width="{width}" height="{BOX}" rx="5"/>'
    yield f'<text class="t" x="{x + 10}" y="{y + 22}">{escape(clip(title, (width - 20) // 7))}</text>'
    yield f'<text class="s" x="{x + 10}" y="{y + 38}">{escape(clip(note, (width - 20) // 6, head=0.9))}</text>'
