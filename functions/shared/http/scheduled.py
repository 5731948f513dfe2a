"""Functions that a schedule calls: one JSON body, `{"schedule": "<name>"}`, and one run at a time.

A run that found something is a success; a run that could not do its work is a failure, so that the scheduler's record
of failed calls means what it says (incident 54).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.declaration import settings, view
from shared.http import endpoint
from shared.orchestration.dependencies import CheckGatesWith, Dependencies, Probe
from shared.reports import logs

if TYPE_CHECKING:
    from flask import Request

Body = dict[str, Any]
Run = Callable[[Dependencies, str | None], Body]
"""Does the work of a schedule (None: of all of them); the key `failures` of its answer lists what did not work."""


def scheduled(
    path: Path, run: Run, gates: CheckGatesWith | None = None, probes: dict[str, Probe] | None = None
) -> Callable[[Request], endpoint.Answer]:
    """Return the entry point of the scheduled function whose view is in `path`.

    Raises `RuntimeError` where the view or the environment is unsound.
    """
    logs.take_over()
    dependencies = Dependencies(settings.read(), view.read(path), gates, probes)

    def handle(body: bytes, content_type: str) -> tuple[int, Body]:
        try:
            schedule = requested(dependencies.view, body)
        except ValueError as error:
            dependencies.events.error(
                "bad_request", str(error), category="configuration_error", identity=repr(body[:200])
            )
            return 400, {"error": str(error)}
        with logs.bound(schedule=schedule):
            answer = run(dependencies, schedule)
            failures = answer.get("failures")
            for failure in failures or ():
                logs.log("ERROR", "run_incomplete", str(failure))
            return (500 if failures else 200), answer

    return lambda request: endpoint.answer(request, dependencies, handle)


def requested(known: view.View, body: bytes) -> str | None:
    """Return the schedule that the body names, None for an empty body; raises `ValueError` for anything else."""
    if not body.strip():
        return None
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise ValueError("The body is not JSON.") from None
    schedule = content.get("schedule") if isinstance(content, dict) else body
    if schedule is None:
        return None
    if schedule not in known.schedules:
        raise ValueError(f"The schedule is none of {', '.join(known.schedules)}.")
    return str(schedule)
