"""One message each morning: the verdict, each boundary, the data, what is broken, and what to do."""

from __future__ import annotations

from pathlib import Path

import flask
import functions_framework
import summary
from shared.http.scheduled import scheduled
from shared.orchestration import warehouse
from shared.reports import slack

_webhook = slack.webhook()
_handle = scheduled(
    Path(__file__).with_name("pipeline.json"),
    lambda dependencies, schedule: summary.run(dependencies, _webhook),
    probes={"bigquery": warehouse.probe},
)


@functions_framework.http
def check_and_send_summary(request: flask.Request) -> tuple[str, int, dict[str, str]]:
    """Take one call of the schedule."""
    return _handle(request)
