"""Repairs what messages alone cannot: silent deadlines, expired leases, triggers without effect, dead heartbeats."""

from __future__ import annotations

from pathlib import Path

import flask
import functions_framework
import heal
from shared.http.scheduled import scheduled
from shared.orchestration import gates, warehouse
from shared.reports import slack

_webhook = slack.webhook()
_handle = scheduled(
    Path(__file__).with_name("pipeline.json"),
    lambda dependencies, schedule: heal.run(dependencies, schedule, _webhook),
    gates.in_warehouse,
    {"bigquery": warehouse.probe},
)


@functions_framework.http
def self_heal_check(request: flask.Request) -> tuple[str, int, dict[str, str]]:
    """Take one call of a schedule."""
    return _handle(request)
