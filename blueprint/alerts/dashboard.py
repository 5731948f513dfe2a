"""The dashboard: what an operator opens first, from the same declaration and the same queries as the alerts.

One row per boundary, left to right along the way of a message: what was published, acknowledged, how old the backlog
is, what failed, how long it took, what was given up, and how far each date is. Below them the streams and the jobs.
The value is what Cloud Monitoring's Dashboard takes as JSON.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from analysis.logfilter.expression import compare
from analysis.logfilter.expression import render as as_filter
from analysis.promql.expression import Binary, Expression, FunctionCall, Number, Selector
from analysis.promql.expression import render as as_promql
from blueprint.alerts import functions, messaging
from blueprint.alerts.factory import series, total
from blueprint.boundaries import Boundary
from blueprint.manifest import Manifest
from blueprint.names import Names

COLUMNS = 48
"""Columns of a mosaic layout (Cloud Monitoring)."""
CHART, PANEL = 6, 12
"""Columns of a chart and of a panel of log lines: six and one fill a row."""
HEIGHT, HEADER = 10, 3
"""Rows of a tile and of a heading."""
INTERVAL = 1
"""Minutes: stands for the interval of a chart, which only the platform knows."""

Json = dict[str, Any]


@dataclass(frozen=True)
class Chart:
    """One chart: queries by legend (empty: one line per series); `limit` is the value from which an alert speaks.

    Counters are summed over one interval of the chart, which the platform fills in for `INTERVAL`.
    """

    title: str
    unit: str
    queries: tuple[tuple[str, Expression], ...]
    limit: float | None = None


def dashboard(manifest: Manifest, names: Names) -> Json:
    """Return the dashboard as the JSON that Cloud Monitoring takes."""
    tiles: list[Json] = []
    y = _add(tiles, 0, [_tile(0, COLUMNS, HEADER * 2, _incidents())])
    for boundary in manifest.boundaries.values():
        y = _row(tiles, y, _heading(manifest, boundary), charts(manifest, names, boundary), _progress(boundary))
    y = _row(
        tiles, y, ("Streams and jobs", "Rows written by Pub/Sub; calls by Cloud Scheduler"), _rest(manifest, names)
    )
    return {
        "displayName": f"{manifest.title}: orchestration",
        "labels": {manifest.pipeline: ""},
        "mosaicLayout": {"columns": COLUMNS, "tiles": tiles},
    }


def charts(manifest: Manifest, names: Names, boundary: Boundary) -> list[Chart]:
    """Return the charts of a boundary's row."""
    thresholds = manifest.alerts.thresholds
    function = manifest.functions[boundary.function]
    topic = manifest.phases[boundary.upstream].completion_topic
    subscription = names.subscription(function.name, topic)
    hold = names.dead_letter_subscription(subscription)
    sent = series(messaging.PUBLISHES, "pubsub_topic", topic_id=topic, response_class="success")
    trigger = series(messaging.PUBLISHES, "pubsub_topic", topic_id=boundary.trigger.topic, response_class="success")
    pushes = {"subscription_id": subscription}
    acked = series(messaging.PUSHES, messaging.RESOURCE, **pushes, response_class="ack")
    other = series(messaging.PUSHES, messaging.RESOURCE, **pushes, response_class="!ack")
    failed = series(
        "run_googleapis_com:request_count",
        functions.RESOURCE,
        service_name=function.name,
        response_code_class="5xx",
    )
    latency = functions.latency(function, thresholds.latency_percent_of_timeout).condition
    assert isinstance(latency, Binary)
    assert isinstance(latency.right, Number)
    return [
        Chart("Published", "1", (("completions", _count(sent)), ("triggers", _count(trigger)))),
        Chart("Acknowledged", "1", (("acknowledged", _count(acked)),)),
        Chart(
            "Backlog age",
            "s",
            (("oldest", FunctionCall("max", (series(messaging.OLDEST, messaging.RESOURCE, **pushes),))),),
            thresholds.backlog_age,
        ),
        Chart("Errors", "1", (("refused", _count(other)), ("5xx", _count(failed)))),
        Chart("Latency p99", "ms", (("p99", latency.left),), latency.right.value),
        Chart(
            "Dead letters",
            "1",
            (("waiting", FunctionCall("max", (series(messaging.WAITING, messaging.RESOURCE, subscription_id=hold),))),),
            1,
        ),
    ]


def _count(counter: Selector) -> Expression:
    return total(counter, INTERVAL)


def _rest(manifest: Manifest, names: Names) -> list[Chart]:
    streams = [names.stream_subscription(s.name, topic) for s in manifest.streams.values() for topic in s.topics]
    jobs = [names.job(f.name, s.name) for f in manifest.functions.values() for s in f.trigger.schedules.values()]
    found = []
    if streams:
        pattern = "~" + "|".join(streams)
        written = series(messaging.PUSHES, messaging.RESOURCE, subscription_id=pattern, response_class="ack")
        failed = series(messaging.PUSHES, messaging.RESOURCE, subscription_id=pattern, response_class="!ack")
        found.append(Chart("Rows written", "1", (("", _by("subscription_id", written)),)))
        found.append(Chart("Writes refused", "1", (("", _by("subscription_id", failed)),)))
    if jobs:
        entries = series("logging_googleapis_com:log_entry_count", "cloud_scheduler_job", job_id="~" + "|".join(jobs))
        found.append(Chart("Jobs called", "1", (("", _by("job_id", entries)),)))
    return found


def _by(label: str, counter: Selector) -> Expression:
    return replace(total(counter, INTERVAL), by=(label,))


def _heading(manifest: Manifest, boundary: Boundary) -> tuple[str, str]:
    upstream = manifest.phases[boundary.upstream].title
    consumers = manifest.topics[boundary.trigger.topic].consumers
    outside = " and ".join(manifest.services[consumer.service].title for consumer in consumers)
    downstream = manifest.phases[boundary.downstream].title if boundary.downstream else outside
    return f"{upstream} → {downstream}", f"{boundary.name} · {boundary.function}"


def _progress(boundary: Boundary) -> Json:
    """Return the panel of what the orchestrator says about dates: x of n, what is missing, triggered or not."""
    services = (boundary.function, boundary.timer.function)
    wanted = functions.entries_of(services, compare("jsonPayload.boundary", "=", boundary.name))
    return {"title": "Dates, x of n", "logsPanel": {"filter": as_filter(wanted), "resourceNames": []}}


def _incidents() -> Json:
    return {"title": "Open incidents", "incidentList": {"monitoredResources": [], "policyNames": []}}


def _row(tiles: list[Json], y: int, heading: tuple[str, str], row: list[Chart], panel: Json | None = None) -> int:
    title, subtitle = heading
    header = {"title": title, "sectionHeader": {"subtitle": subtitle, "dividerBelow": False}}
    y = _add(tiles, y, [_tile(0, COLUMNS, HEADER, header)])
    width = CHART if panel is not None else COLUMNS // max(1, len(row))
    made = [_tile(number * width, width, HEIGHT, _widget(chart)) for number, chart in enumerate(row)]
    if panel is not None:
        made.append(_tile(COLUMNS - PANEL, PANEL, HEIGHT, panel))
    return _add(tiles, y, made)


def _add(tiles: list[Json], y: int, row: list[Json]) -> int:
    """Add tiles at height `y` and return the height below them; a position of 0 is left out, as the API does."""
    for tile in row:
        if y:
            tile["yPos"] = y
        tiles.append(tile)
    return y + max((int(tile["height"]) for tile in row), default=0)


def _tile(x: int, width: int, height: int, widget: Json) -> Json:
    position = {"xPos": x} if x else {}
    return {**position, "width": width, "height": height, "widget": widget}


def _widget(chart: Chart) -> Json:
    thresholds = [{"value": chart.limit, "targetAxis": "Y1", "label": "alert"}] if chart.limit is not None else []
    return {
        "title": chart.title,
        "xyChart": {
            "dataSets": [
                {
                    "plotType": "LINE",
                    "targetAxis": "Y1",
                    "minAlignmentPeriod": "60s",
                    **({"legendTemplate": legend} if legend else {}),
                    "timeSeriesQuery": {"prometheusQuery": _text(query), "unitOverride": chart.unit},
                }
                for legend, query in chart.queries
            ],
            "thresholds": thresholds,
            "yAxis": {"scale": "LINEAR"},
        },
    }


def _text(query: Expression) -> str:
    """Return a query as the platform takes it, with its own variable for the interval of the chart."""
    return as_promql(query).replace(f"[{INTERVAL}m]", "[${__interval}]")


def queries(manifest: Manifest, names: Names) -> Iterator[Expression]:
    """Yield every query of the dashboard."""
    rows = [charts(manifest, names, boundary) for boundary in manifest.boundaries.values()]
    for chart in (*itertools.chain.from_iterable(rows), *_rest(manifest, names)):
        yield from (query for _, query in chart.queries)
