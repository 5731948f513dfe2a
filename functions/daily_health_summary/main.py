"""One message each morning: the verdict, each boundary, the data, what is broken, and what to do."""

from __future__ import annotations

from pathlib import Path

import flask
import functions_framework
import summary
from shared import slack, warehouse
from shared.scheduled import scheduled

_webhook = slack.webhook()
_handle = scheduled(
    Path(__file__).with_name("pipeline.json"),
    lambda world, schedule: summary.run(world, _webhook),
    probes={"bigquery": warehouse.probe},
)


@functions_framework.http
def check_and_send_summary(request: flask.Request) -> tuple[str, int, dict[str, str]]:
    """Take one call of the schedule."""
    return _handle(request)
