"""The functions' own code writes what log alerts wait for: its lines are read back by the deployed filters.

An alert on an event that nobody writes is valid, deployed and dead (incident 73).
"""

from __future__ import annotations

import ast
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from blueprint.alerts import Alert, LogMatch, events
from blueprint.alerts.boundaries import EVENTS_OF_KINDS
from blueprint.manifest import Manifest
from tests.functions.conftest import ROOT
from tests.functions.views import ORCHESTRATORS, view_of

from shared.orchestration import runner  # isort: skip  # the views put functions/ on the path
from shared.orchestration.sweep import Budget, Sweep  # isort: skip
from shared.decisions.effects import Unavailable  # isort: skip
from shared.reports import logs  # isort: skip  # the views put functions/ on the path
from shared.http import orchestrator  # isort: skip  # the views put functions/ on the path
from shared.reports.events import EventPublisher  # isort: skip

FUNCTION = ORCHESTRATORS["phase3_to_phase4"]
TIMER = "self-heal-predictions"


class Publisher:
    """Takes every message; nothing here is about publishing."""

    def publish(self, topic: str, messages: Any) -> None:
        assert topic
        assert messages


def literals(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def test_every_event_is_written_somewhere_in_the_functions() -> None:
    names = {value for name, value in vars(events).items() if name.isupper()}
    assert len(names) > 5
    assert names <= set(literals(ROOT / "functions"))


def world(function: str = FUNCTION) -> Any:
    view = view_of(function)
    return SimpleNamespace(view=view, events=EventPublisher(view, Publisher()))  # type: ignore[arg-type]


def bad_message() -> None:
    orchestrator.receive(world(), b"this is no envelope", "application/json")


def unknown_processor() -> None:
    completion = SimpleNamespace(date="2026-01-29", correlation_id="0f8c2a1b", processor=None, sender="Mystery")
    received = SimpleNamespace(data=b"{}", attributes={}, message_id="1", publish_time="2026-01-29T17:00:00Z")
    with logs.bound(boundary="phase3_to_phase4", game_date="2026-01-29"):
        orchestrator._tell(world(), received, completion, [])  # type: ignore[arg-type]


def gate(*, blocks: bool) -> None:
    found = SimpleNamespace(alerts=True, blocks=blocks, detail="3 of 5 tables have rows", gate="output_rows")
    outcome = SimpleNamespace(status="blocked" if blocks else "done", note="output_rows", gates=(found,))
    with logs.bound(boundary="phase3_to_phase4", game_date="2026-01-29"):
        runner.note(outcome)  # type: ignore[arg-type]


def timer(event: str) -> None:
    world(TIMER).events.error(event, "Found.", category="timeout", date="2026-01-29", phase="phase3")


def goes_on() -> None:
    view = view_of(TIMER)
    sweep = Sweep(SimpleNamespace(view=view), view.boundaries["phase3_to_phase4"])  # type: ignore[arg-type]
    assert list(sweep._each([("2026-01-29", ())], Budget(time.monotonic()))) == []


WRITERS: dict[str, tuple[str, Callable[[], None]]] = {
    "message-refused": (FUNCTION, bad_message),
    "unknown-processor": (FUNCTION, unknown_processor),
    "blocked": (FUNCTION, lambda: gate(blocks=True)),
    "gate-warning": (FUNCTION, lambda: gate(blocks=False)),
    "sweep-goes-on": (TIMER, goes_on),
    "overdue": (TIMER, lambda: timer("deadline_passed")),
    "without-effect": (TIMER, lambda: timer("trigger_without_effect")),
}


def entries(service: str, text: str) -> list[dict[str, Any]]:
    """Return lines of standard output as gen2 stores them: severity is lifted, the rest is the payload."""
    found = []
    for line in text.splitlines():
        payload = json.loads(line)
        severity = payload.pop("severity")
        resource = {"type": "cloud_run_revision", "labels": {"service_name": service}}
        found.append({"resource": resource, "severity": severity, "jsonPayload": payload})
    return found


@pytest.mark.parametrize("kind", EVENTS_OF_KINDS)
def test_what_the_functions_write_fires_its_alert_and_no_other_boundary(
    kind: str, alerts: tuple[Alert, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    service, write = WRITERS[kind]
    write()
    lines = entries(service, capsys.readouterr().out)
    assert lines
    fired = {
        alert.name
        for alert in alerts
        if isinstance(alert.condition, LogMatch) and any(map(alert.condition.condition.holds, lines))
    }
    assert fired == {f"phase3-to-phase4--{kind}"}


@pytest.mark.parametrize("permanent", [True, False])
def test_what_only_a_repair_changes_fires_an_alert_of_its_own(
    permanent: bool, alerts: tuple[Alert, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    runner.note_failure(Unavailable("pubsub", "a-topic: gone", permanent=permanent), "Not acknowledged")
    lines = entries(FUNCTION, capsys.readouterr().out)
    fired = [
        one.kind
        for one in alerts
        if isinstance(one.condition, LogMatch) and any(map(one.condition.condition.holds, lines))
    ]
    assert fired == ["needs-repair"] * permanent


@pytest.mark.parametrize("kind", [kind for kind in EVENTS_OF_KINDS if kind not in ("message-refused", "sweep-goes-on")])
def test_its_incident_is_labelled_with_the_date(
    kind: str, manifest: Manifest, alerts: tuple[Alert, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """A label that reads a field which no entry has puts all dates into one incident; an unread message has no date."""
    _, write = WRITERS[kind]
    write()
    labels = next(a.condition.label_extractors for a in alerts if a.kind == kind and isinstance(a.condition, LogMatch))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert labels == {manifest.date_field: f"EXTRACT(jsonPayload.{manifest.date_field})"}
    assert {line[manifest.date_field] for line in lines} == {"2026-01-29"}
