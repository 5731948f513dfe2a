"""Publishes the trigger again for dates whose next phase failed, went missing or stands incomplete."""

from __future__ import annotations

from pathlib import Path

import backfill
import flask
import functions_framework
from shared.http.scheduled import scheduled
from shared.orchestration import warehouse

_handle = scheduled(Path(__file__).with_name("pipeline.json"), backfill.run, probes={"bigquery": warehouse.probe})


@functions_framework.http
def auto_backfill_orchestrator(request: flask.Request) -> tuple[str, int, dict[str, str]]:
    """Take one call of the schedule."""
    return _handle(request)
