"""What is published for a date: said of the runs that count, and of the batch that was enough or was decided on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from shared.decisions.publication import Publication, publication_of
from shared.decisions.rules import decided, judge

from tests.functions.model import DATE, ZONE
from tests.functions.views import boundary

NOW = datetime(2026, 1, 30, 9, 0, tzinfo=UTC)
P3, P5 = boundary("phase3_to_phase4"), boundary("phase5_to_phase6")
EXPECTED = P3.modes[0].expected
ENOUGH = {"completion_pct": 90, "completed_predictions": 100, "batch_id": "enough"}
POOR = {"completion_pct": 10, "completed_predictions": 100, "batch_id": "poor"}


def ended(**values: Any) -> dict[str, Any]:
    return {"status": "success", "completed_at": NOW, "is_incremental": True, "entities_changed": ["x"]} | values


def published(declared: Any, document: dict[str, Any]) -> Publication:
    verdict = decided(declared, document) or judge(declared, document, DATE, NOW, ZONE)
    return publication_of(declared, DATE, document, verdict)


def test_a_date_is_incremental_where_every_run_that_counts_was() -> None:
    document = {name: ended() for name in EXPECTED[:3]}
    assert published(P3, document).is_incremental is True
    assert published(P3, {**document, EXPECTED[1]: ended(is_incremental=False)}).is_incremental is False
    assert published(P3, {}).is_incremental is False


@pytest.mark.parametrize(("minutes", "succeeded"), [(1, False), (-1, True), (None, True)])
def test_what_failed_after_it_completed_did_not_succeed(minutes: int | None, succeeded: bool) -> None:
    late = NOW + timedelta(minutes=minutes) if minutes else None
    document = {EXPECTED[0]: ended(), EXPECTED[1]: ended(), "_failed": {EXPECTED[0]: {"completed_at": late}}}
    assert published(P3, document).succeeded == {EXPECTED[1]} | ({EXPECTED[0]} if succeeded else set())


def test_the_numbers_are_those_of_a_batch_that_is_enough_or_was_decided_on() -> None:
    name = "prediction_coordinator"
    assert published(P5, {name: ended(metadata=ENOUGH)}).metadata == ENOUGH
    poor = {name: ended(status="partial", metadata=POOR)}
    assert published(P5, poor).metadata == {}
    mode = P5.modes[0].name
    stored = {"reason": "batch_complete", "mode": mode, "expected": [], "completed": [name]}
    assert published(P5, {**poor, "_decision": stored}).metadata == POOR
    assert published(P5, {**poor, "_decision": {**stored, "completed": ["another"]}}).metadata == {}


def test_what_completed_is_told_of_the_expected_or_of_everybody() -> None:
    document = {name: ended() for name in (*EXPECTED[:2], "player_rotowire")}
    assert published(P3, document).completed == EXPECTED[:2]
    everybody = replace(P3, modes=(replace(P3.modes[0], expected=()),))
    assert published(everybody, document).completed == tuple(sorted(document))
