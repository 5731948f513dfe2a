"""A picture of the dashboard's layout, drawn from its JSON; lines show the recorded outage as the replay has it.

For the documentation: what one will see, before anything is deployed. Not a renderer of dashboards in general.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from blueprint.alerts import cases, replay

UNIT_X, UNIT_Y, GAP = 26, 15, 4
"""Pixels of a mosaic column and row, and between tiles."""
SCENARIO = "outage-refused"
TITLES = {
    "Published": "published",
    "Acknowledged": "acked",
    "Backlog age": "backlog_age",
    "Errors": "refused",
    "Dead letters": "dead_letters",
    "Rows written": "published",
}
"""Which signal of the replay each chart draws; one that the scenario does not have is drawn flat."""
STYLE = "text{font-family:Helvetica,Arial,sans-serif;fill:#202124}.t{font-size:12px;font-weight:600}.s{font-size:10px;fill:#5f6368}.h{font-size:16px;font-weight:600}.m{font-family:Menlo,monospace;font-size:9px;fill:#5f6368}.card{fill:#fff;stroke:#dadce0}.l{fill:none;stroke:#1a73e8;stroke-width:1.6}.lim{stroke:#d93025;stroke-dasharray:4 3}.axis{stroke:#e8eaed}"


def draw(board: Mapping[str, Any]) -> str:
    """Return the dashboard as SVG."""
    tiles = board["mosaicLayout"]["tiles"]
    height = max(tile.get("yPos", 0) + tile["height"] for tile in tiles) * UNIT_Y + 50
    width = board["mosaicLayout"]["columns"] * UNIT_X + 2 * GAP
    body = "\n".join(line for tile in tiles for line in _tile(tile))
    title = escape(board["displayName"])
    size = f'width="{width}" height="{height}"'
    return f"""<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {width} {height}" role="img" aria-label="Layout of the dashboard {title}">
<style>{STYLE}</style>
<rect {size} fill="#f8f9fa"/>
<text class="h" x="{2 * GAP}" y="24">{title}</text>
<text class="s" x="{2 * GAP}" y="39">Lines replay the recorded outage: three hours, the fault at minute 35.</text>
{body}
</svg>
"""


def _tile(tile: Mapping[str, Any]) -> Iterator[str]:
    x = tile.get("xPos", 0) * UNIT_X + GAP
    y = tile.get("yPos", 0) * UNIT_Y + 46
    width, height = tile["width"] * UNIT_X - GAP, tile["height"] * UNIT_Y - GAP
    widget = tile["widget"]
    if "sectionHeader" in widget:
        yield f'<text class="h" x="{x + GAP}" y="{y + 22}">{escape(widget["title"])}</text>'
        yield f'<text class="s" x="{x + GAP}" y="{y + 37}">{escape(widget["sectionHeader"]["subtitle"])}</text>'
        return
    yield f'<rect class="card" x="{x}" y="{y}" width="{width}" height="{height}" rx="4"/>'
    yield f'<text class="t" x="{x + 8}" y="{y + 17}">{escape(widget["title"])}</text>'
    if "xyChart" in widget:
        yield from _chart(widget, x + 8, y + 26, width - 16, height - 52)
    elif "logsPanel" in widget:
        yield from _lines(widget["logsPanel"]["filter"], x + 8, y + 32)
    else:
        yield f'<text class="s" x="{x + 8}" y="{y + 36}">Every alert that fires now, with its runbook.</text>'


def _chart(widget: Mapping[str, Any], x: float, y: float, width: float, height: float) -> Iterator[str]:
    chart = widget["xyChart"]
    signal = cases.scenarios()[SCENARIO].signals.get(TITLES.get(widget["title"], ""), "0*180")
    values = [0.0 if value == replay.GAP else float(value) for value in replay.expand(str(signal))]
    groups = [values[start : start + 5] for start in range(0, len(values), 5)]
    points = [max(group) if widget["title"] == "Backlog age" else sum(group) for group in groups]
    limits = [limit["value"] for limit in chart["thresholds"]]
    top = max([*points, *(limit for limit in limits if max(points) > 0), 1]) * 1.15
    yield f'<line class="axis" x1="{x}" y1="{y + height}" x2="{x + width}" y2="{y + height}"/>'
    path = " ".join(
        f"{x + width * n / (len(points) - 1):.1f},{y + height - height * v / top:.1f}" for n, v in enumerate(points)
    )
    yield f'<polyline class="l" points="{path}"/>'
    for limit in limits:
        at = y + height - height * min(limit / top, 1)
        yield f'<line class="lim" x1="{x}" y1="{at:.1f}" x2="{x + width}" y2="{at:.1f}"/>'
    legend = " · ".join(line.get("legendTemplate", "one line each") for line in chart["dataSets"]) + _limit(chart)
    yield f'<text class="s" x="{x}" y="{y + height + 16}">{escape(legend)}</text>'


def _limit(chart: Mapping[str, Any]) -> str:
    unit = chart["dataSets"][0]["timeSeriesQuery"]["unitOverride"]
    suffix = "" if unit == "1" else f" {unit}"
    return "".join(f" · alert at {limit['value']:g}{suffix}" for limit in chart["thresholds"])


def _lines(text: str, x: float, y: float) -> Iterator[str]:
    boundary = text.rpartition('jsonPayload.boundary="')[2].rstrip('")')
    acked = replay.expand(str(cases.scenarios()[SCENARIO].signals["acked"]))
    handled = [minute for minute, value in enumerate(acked) if value != replay.GAP]
    lines = [f"17:{minute:02}  {number} of n complete" for number, minute in enumerate(handled, start=1)]
    for number, line in enumerate((boundary, *lines, "nothing since")):
        yield f'<text class="m" x="{x}" y="{y + number * 16}">{escape(line)}</text>'
