"""What an orchestrator does with a request: decode, record, decide, publish, mark; and keep what it cannot use."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.decisions import message
from shared.decisions.completion import Completion
from shared.decisions.effects import DependencyRefused
from shared.decisions.message import Bad, Envelope
from shared.declaration import settings, view
from shared.http import endpoint
from shared.orchestration import runner
from shared.orchestration.dependencies import CheckGatesWith, Dependencies, Probe
from shared.reports import logs

if TYPE_CHECKING:
    from flask import Request

Body = dict[str, Any]


def orchestrator(
    path: Path, gates: CheckGatesWith | None = None, probes: dict[str, Probe] | None = None
) -> Callable[[Request], endpoint.Answer]:
    """Return the entry point of the orchestrator whose view is in `path`.

    `gates` looks at data before a trigger and `probes` checks what it needs for that; a boundary without gates gives
    neither, and carries no client for it. Raises `RuntimeError` where the view or the environment is unsound.
    """
    logs.take_over()
    dependencies = Dependencies(settings.read(), view.read(path), gates, probes)
    boundary = dependencies.view.boundary()
    if boundary.gates and gates is None:
        raise RuntimeError(f"{boundary.name} has gates: main.py must give a way to look at data.")

    def handle(body: bytes, content_type: str) -> tuple[int, Body]:
        with logs.bound(boundary=boundary.name):
            return receive(dependencies, body, content_type)

    return lambda request: endpoint.answer(request, dependencies, handle)


def receive(dependencies: Dependencies, body: bytes, content_type: str) -> tuple[int, Body]:
    """Return the status and body for a pushed message; raises `Unavailable` where it must come again."""
    boundary = dependencies.view.boundary()
    received = Envelope(body)
    try:
        received = message.envelope(body, content_type)
        completion, warnings = message.completion(received, dependencies.view, boundary.upstream)
    except Bad as bad:
        _keep(dependencies, received, bad.reason, str(bad))
        return 200, {"outcome": "dead_letter", "reason": bad.reason}
    facts = dependencies.view.named({"boundary": boundary.name, "date": completion.date})
    with logs.bound(**facts, correlation_id=completion.correlation_id, processor=completion.processor):
        try:
            outcome = runner.run(dependencies, boundary, completion.date, completion)
        except DependencyRefused as refusal:
            return _refused(dependencies, received, completion, refusal)
        runner.note(outcome)
        if outcome.status != "busy":
            _tell(dependencies, received, completion, warnings)
    body_out: Body = {"outcome": outcome.status, "note": outcome.note, **facts}
    return (503 if outcome.status == "busy" else 200), body_out


def _refused(
    dependencies: Dependencies, received: Envelope, completion: Completion, refusal: DependencyRefused
) -> tuple[int, Body]:
    """Keep a message that leads to what a dependency will never do: it would come again until nobody wants it."""
    if refusal.dependency != "firestore":
        raise refusal
    text = f"The document of {completion.date} cannot take the message of {completion.sender[:200]!r}: {refusal}."
    facts: dict[str, Any] = {"date": completion.date, "correlation_id": completion.correlation_id}
    _keep(dependencies, received, "not_storable", text, processor_name=completion.processor, **facts)
    return 200, {"outcome": "dead_letter", "reason": "not_storable"}


def _tell(dependencies: Dependencies, received: Envelope, completion: Completion, warnings: list[str]) -> None:
    """Keep and report what was recorded but is not as agreed: an unknown name, a dropped field."""
    known: dict[str, Any] = {
        "date": completion.date,
        "correlation_id": completion.correlation_id,
        "processor_name": completion.processor or completion.sender,
    }
    if completion.processor is None:
        _keep(
            dependencies, received, "unknown_processor", f"No processor is called {completion.sender[:200]!r}.", **known
        )
    elif warnings:
        _keep(dependencies, received, "dropped_field", " ".join(warnings), counted=True, **known)


def _keep(
    dependencies: Dependencies, received: Envelope, reason: str, text: str, *, counted: bool = False, **known: Any
) -> None:
    boundary = dependencies.view.boundary()
    dependencies.events.dead_letter(
        received.data,
        reason,
        received.attributes,
        detail=text,
        boundary=boundary.name,
        severity="warning" if counted else "critical",
        message_id=received.message_id,
        publish_time=received.publish_time,
    )
    dependencies.events.error(
        "field_dropped" if counted else "unknown_processor" if reason == "unknown_processor" else "bad_message",
        text,
        category="configuration_error" if reason == "unknown_processor" else "processing_error",
        severity="warning" if counted else "critical",
        identity=received.message_id,
        phase=boundary.upstream.name,
        reason=reason,
        **known,
    )
