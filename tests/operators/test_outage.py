"""Three days of an outage wait in a dead letter; redriven, every date triggers once."""

from __future__ import annotations

import io
import os
import time
import zipfile
from pathlib import Path
from typing import Any

from blueprint.sources import build_archives
from ops.local.processes import FunctionProcess
from tests.operators.conftest import PROJECT, ROOT, Run, System

FUNCTION = "phase2-to-phase3-orchestrator"
TOPIC = "nba-phase2-raw-complete"
DAYS = ("2026-04-01", "2026-04-02", "2026-04-03")
PROCESSORS = (
    "p2_bigdataball_pbp",
    "p2_odds_game_lines",
    "p2_odds_player_props",
    "p2_nbacom_gamebook_pdf",
    "p2_nbacom_boxscores",
)
SECONDS = 90


def completion(day: str, processor: str) -> dict[str, Any]:
    return {
        "processor_name": processor,
        "phase": "phase_2_raw",
        "game_date": day,
        "execution_id": f"{processor}-{day}",
        "correlation_id": "c0ffee00",
        "status": "success",
        "timestamp": f"{day}T09:00:00Z",
    }


def test_an_outage_of_three_days_is_redriven_and_every_date_triggers_once(
    system: System, ops: Run, tmp_path: Path
) -> None:
    target = system.target
    archives, _ = build_archives(ROOT, target.manifest, target.names, target.firestore)
    with zipfile.ZipFile(io.BytesIO(archives[FUNCTION].content)) as content:
        content.extractall(tmp_path / "function")

    environment = {"GCP_PROJECT_ID": PROJECT, "ENVIRONMENT": "test"}
    environment |= {name: os.environ[name] for name in ("FIRESTORE_EMULATOR_HOST", "PUBSUB_EMULATOR_HOST")}
    entry = target.manifest.functions[FUNCTION].entry_point
    function = FunctionProcess(tmp_path / "function", entry, environment, tmp_path / "log").start()
    name = f"projects/{PROJECT}/subscriptions/outage"
    request: Any = {
        "name": name,
        "topic": f"projects/{PROJECT}/topics/{TOPIC}",
        "push_config": {"push_endpoint": function.url},
        "ack_deadline_seconds": 60,
        "retry_policy": {"minimum_backoff": "1s", "maximum_backoff": "3s"},
    }
    dead_letter = f"{FUNCTION}--{TOPIC}--dead-letter"
    system.pull(f"{dead_letter}-hold")
    system.pull("see-nba-phase3-trigger")
    try:
        system.subscriber.create_subscription(request=request)
        for day in DAYS:
            for processor in (*PROCESSORS, PROCESSORS[0]):
                system.publish(dead_letter, completion(day, processor), CloudPubSubDeadLetterSourceDeliveryCount="20")
        code, printed = ops("redrive", FUNCTION, "--yes", "--json")
        assert code == 0
        assert sum(each["redriven"] for each in printed["groups"]) == len(DAYS) * (len(PROCESSORS) + 1)
        end = time.monotonic() + SECONDS
        while time.monotonic() < end and not all(_triggered(system, day) for day in DAYS):
            time.sleep(0.3)
    finally:
        system.subscriber.delete_subscription(subscription=name)
        function.kill()
    assert [_triggered(system, day) for day in DAYS] == [True, True, True]
    published = sorted(message.attributes["trigger_id"] for message in system.pull("see-nba-phase3-trigger"))
    assert published == [f"phase2_to_phase3:{day}" for day in DAYS]
    assert system.pull(f"{dead_letter}-hold") == []


def _triggered(system: System, day: str) -> bool:
    return bool((system.document("phase2_completion", day) or {}).get("_triggered"))
