"""What the page is told of a played day: completions with their counts, triggers, what stayed open, letters and rows."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from blueprint.loader import load_manifest
from ops.local.boundaries import State
from ops.local.days import Day, Expectation
from ops.local.judgement import Came, PublishedTrigger
from ops.local.recording import recorded
from ops.local.system import Published
from ops.local.watching import Watched
from ops.page.run import from_json

PARCELS = Path(__file__).resolve().parents[2] / "pipelines" / "parcels"
START = datetime(2026, 7, 1, 1, tzinfo=UTC)


def published(minutes: int, sender: str, status: str = "success", topic: str = "parcels-taken-in") -> Published:
    said = {"processor_name": sender, "day": "2026-07-01", "status": status, "execution_id": sender}
    return Published(START + timedelta(minutes=minutes), topic, f"{minutes}", json.dumps(said).encode(), {})


def test_what_happened_is_told_in_its_order() -> None:
    manifest = load_manifest(PARCELS)
    messages = [
        published(0, "NorthCounter"),
        published(1, "NorthCounter"),
        published(2, "counter_south", "failed"),
        published(3, "counter_south"),
        Published(START, "parcels-taken-in", "raw", b"\xff not JSON", {}),
        published(9, "belt", topic="parcels-sorted"),
    ]
    found = Came(
        triggers=(
            PublishedTrigger("intake_to_sorting", "2026-07-01", 1, START + timedelta(minutes=3), "all_in", 1, 0),
        ),
        states=(
            State("intake_to_sorting", "2026-07-01", ("counter_north", "counter_south"), (), True, "all_in", START, ()),
            State("sorting_to_delivery", "2026-07-01", ("belt",), (), False, "", None, ("rows",)),
        ),
        rows={"parcels_ops.journal": 4},
        letters={"a--dead-letter": {"not_json": 1}},
        alerts=Watched({}, {}),
    )
    day = Day("a", "A day", "", START, START + timedelta(hours=1), (), Expectation())
    run = recorded(manifest, day, messages, found, "As it must be.")
    assert from_json(json.loads(json.dumps(run.as_json()))) == run
    counted = {"complete": 2, "expected": 2}
    assert [(each.at[11:16], each.what, each.subject, each.reason, dict(each.counts)) for each in run.events] == [
        ("02:00", "completion", "NorthCounter 2026-07-01", "success", {"complete": 1, "expected": 2}),
        ("02:01", "duplicate", "NorthCounter 2026-07-01", "success", {"complete": 1, "expected": 2}),
        ("02:02", "completion", "counter_south 2026-07-01", "failed", {"complete": 1, "expected": 2}),
        ("02:03", "completion", "counter_south 2026-07-01", "success", counted),
        ("02:03", "triggered", "2026-07-01", "all_in", {"messages": 1}),
        ("02:09", "completion", "belt 2026-07-01", "success", {"complete": 1, "expected": 1}),
        ("03:00", "blocked", "2026-07-01", "blocked by rows", {"complete": 1, "expected": 1}),
        ("03:00", "dead-letter", "a--dead-letter", "not_json", {"messages": 1}),
        ("03:00", "row", "parcels_ops.journal", "", {"rows": 4}),
    ]
