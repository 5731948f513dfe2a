"""What an alert tells people to type is typed here, in the state that fires it: one alert of each kind."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from blueprint.alerts.catalogue import catalogue
from tests.operators.conftest import FORWARDED, Run, System
from tests.operators.test_validate import CRITICAL2, PHASE2, PHASE3

DATE = "2026-07-01"
PAST = datetime.now(UTC) - timedelta(hours=8)
SUBSCRIPTION = "phase2-to-phase3-orchestrator--nba-phase2-raw-complete"


def overdue(system: System) -> None:
    system.stored("phase2", DATE, *CRITICAL2[:2], _first_completion_at=PAST)


def blocked(system: System) -> None:
    system.stored("phase2", DATE, *PHASE2, _triggered=True, _triggered_at=PAST, _first_completion_at=PAST)
    system.stored("phase3", DATE, *PHASE3, _first_completion_at=PAST, _blocked={"gates": [{"detail": "thin"}]})


def without_effect(system: System) -> None:
    system.stored("phase2", DATE, *PHASE2, _triggered=True, _triggered_at=PAST, _first_completion_at=PAST)


def thin(system: System) -> None:
    system.stored("phase3", DATE, *PHASE3, _triggered=True, _triggered_at=PAST, _first_completion_at=PAST)


def unknown(system: System) -> None:
    system.stored("phase2", DATE, _unknown={"NewProcessor": {"completed_at": PAST}}, _first_completion_at=None)


def undelivered(system: System) -> None:
    system.publish(f"{SUBSCRIPTION}--dead-letter", {"game_date": DATE}, **FORWARDED)


STATES: dict[str, tuple[Any, str, str, set[int]]] = {
    "overdue": (overdue, "phase2_to_phase3", "missing: p2_bigdataball_pbp", {1}),
    "blocked": (blocked, "phase3_to_phase4", "gate output_rows blocks: ", {1}),
    "without-effect": (without_effect, "phase2_to_phase3", "but phase3 never started", {1}),
    "gate-warning": (thin, "phase3_to_phase4", "phase3_to_phase4  5 of 5", {1, 3}),
    "unknown-processor": (unknown, "phase2_to_phase3", "nothing was recorded", {1}),
    "dead-letter": (undelivered, SUBSCRIPTION, "undelivered", {3}),
}


@pytest.mark.parametrize("kind", STATES)
def test_the_command_of_an_alert_shows_what_fired_it(system: System, ops: Run, kind: str) -> None:
    make, about, sentence, codes = STATES[kind]
    for phase in ("phase2", "phase3", "phase4", "phase5"):
        system.firestore.collection(f"{phase}_completion").document(DATE).delete()
    system.bigquery.query(f"DELETE FROM {system.target.manifest.tables['completions']} WHERE game_date = '{DATE}'")
    system.games(DATE)
    make(system)
    alerts = catalogue(system.target.manifest, system.target.names)
    alert = next(each for each in alerts if each.kind == kind and about in (each.covers.name, *each.values.values()))
    words = shlex.split(alert.documentation.command.replace("${log.extracted_label.game_date}", DATE))
    assert words[:3] == ["python", "-m", "ops"]
    assert "{" not in alert.documentation.command.replace("${log.extracted_label.game_date}", "")
    code, printed = ops(*words[3:])
    assert code in codes, printed
    assert sentence in printed
