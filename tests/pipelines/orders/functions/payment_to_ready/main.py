"""Starts the next phase when a batch's work is done."""

from __future__ import annotations

from pathlib import Path

import flask
import functions_framework
from shared.http.orchestrator import orchestrator

_handle = orchestrator(Path(__file__).with_name("pipeline.json"))


@functions_framework.http
def note_payment(request: flask.Request) -> tuple[str, int, dict[str, str]]:
    """Take one pushed completion."""
    return _handle(request)
