"""Starts publishing when predictions are complete and stored."""

from __future__ import annotations

from pathlib import Path

import flask
import functions_framework
from shared.http.orchestrator import orchestrator
from shared.orchestration import gates, warehouse

_handle = orchestrator(Path(__file__).with_name("pipeline.json"), gates.in_warehouse, {"bigquery": warehouse.probe})


@functions_framework.http
def orchestrate_phase5_to_phase6(request: flask.Request) -> tuple[str, int, dict[str, str]]:
    """Take one pushed completion."""
    return _handle(request)
