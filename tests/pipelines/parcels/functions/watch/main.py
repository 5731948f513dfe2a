"""Evaluates deadlines that no message evaluates."""

from __future__ import annotations

from pathlib import Path

import flask
import functions_framework
from shared import sweep
from shared.scheduled import scheduled
from shared.world import World


def _evaluate(world: World, _: str | None) -> dict[str, object]:
    return {"evaluated": sum(1 for each in world.view.boundaries.values() for _ in sweep.tick(world, each))}


_handle = scheduled(Path(__file__).with_name("pipeline.json"), _evaluate)


@functions_framework.http
def watch(request: flask.Request) -> tuple[str, int, dict[str, str]]:
    """Take one call of the schedule."""
    return _handle(request)
