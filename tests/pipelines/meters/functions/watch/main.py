"""Evaluates deadlines that no message evaluates."""

from __future__ import annotations

from pathlib import Path

import flask
import functions_framework
from shared.http.scheduled import scheduled
from shared.orchestration import sweep
from shared.orchestration.dependencies import Dependencies


def _evaluate(dependencies: Dependencies, _: str | None) -> dict[str, object]:
    return {
        "evaluated": sum(1 for each in dependencies.view.boundaries.values() for _ in sweep.tick(dependencies, each))
    }


_handle = scheduled(Path(__file__).with_name("pipeline.json"), _evaluate)


@functions_framework.http
def watch(request: flask.Request) -> tuple[str, int, dict[str, str]]:
    """Take one call of the schedule."""
    return _handle(request)
