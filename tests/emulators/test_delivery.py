"""A function from its archive, on the emulators: triggers, gates, bad messages, outages, and what it refuses."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.error
import urllib.request
from typing import Any

import pytest

from ops.local.cloud import Cloud
from ops.local.processes import FunctionProcess, free_port
from tests.emulators.conftest import Serve, view_of
from tests.emulators.fake_warehouse import FakeWarehouse
from tests.emulators.messages import completion, envelope, eventually, post

P3 = (
    "player_game_summary",
    "team_defense_game_summary",
    "team_offense_game_summary",
    "upcoming_player_game_context",
    "upcoming_team_game_context",
)
GOOD: dict[str, list[dict[str, Any]]] = {
    "UNION ALL": [{"processor": name, "row_count": 10} for name in P3],
    "v_nbac_schedule_latest": [{"value": 100.0}],
    "minutes_played": [{"value": 95.0}],
}


def expected(function: FunctionProcess) -> list[str]:
    (boundary,) = view_of(function)["boundaries"].values()
    return list(boundary["modes"][0]["expected"])


def send(function: FunctionProcess, *messages: dict[str, Any]) -> list[int]:
    return [post(function.url, envelope(json.dumps(message).encode()))[0] for message in messages]


def test_push_delivery_triggers_the_next_phase(raw_function: FunctionProcess, cloud: Cloud) -> None:
    cloud.push("nba-phase2-raw-complete", raw_function.url, "delivery")
    for topic in ("nba-phase3-trigger", "nba-phase-executions"):
        cloud.pull(topic)
    names = expected(raw_function)
    cloud.publish("nba-phase2-raw-complete", *[completion(name, "2026-01-29") for name in [*names, *names]])
    eventually(lambda: cloud.document("phase2_completion", "2026-01-29").get("_triggered") is True)
    (trigger,) = cloud.pull("nba-phase3-trigger")
    assert trigger.attributes["trigger_id"] == "phase2_to_phase3:2026-01-29"
    assert json.loads(trigger.data)["completed_processors"] == names
    document = cloud.document("phase2_completion", "2026-01-29")
    assert {name for name in document if not name.startswith("_")} == set(names)
    executions = [json.loads(message.data) for message in cloud.pull("nba-phase-executions")]
    assert [(row["game_date"], row["status"]) for row in executions] == [("2026-01-29", "complete")]
    cloud.delete_subscription("delivery")


def test_gates_block_and_then_pass(gated_function: FunctionProcess, cloud: Cloud, warehouse: FakeWarehouse) -> None:
    warehouse.answers = GOOD | {"minutes_played": [{"value": 79.9}]}
    cloud.pull("nba-phase4-trigger")
    messages = [
        completion(
            name, "2026-01-28", "phase_3_analytics", metadata={"is_incremental": True, "entities_changed": [name]}
        )
        for name in P3
    ]
    assert set(send(gated_function, *messages)) == {200}
    document = cloud.document("phase3_completion", "2026-01-28")
    assert document["_triggered"] is False
    assert "79.9" in document["_blocked"]["gates"][0]["detail"]
    assert warehouse.queries[-1]["location"] == "us-west2"
    warehouse.answers = GOOD
    assert send(gated_function, messages[0]) == [200]
    triggers = [json.loads(message.data) for message in cloud.pull("nba-phase4-trigger")]
    assert sorted(trigger["source_table"] for trigger in triggers) == sorted(P3)
    assert triggers[0]["entities_changed"]["players"] == ["player_game_summary", "upcoming_player_game_context"]
    assert cloud.document("phase3_completion", "2026-01-28")["_triggered"] is True


def test_a_warehouse_that_is_down_is_a_prompt_failure(
    gated_function: FunctionProcess, cloud: Cloud, warehouse: FakeWarehouse
) -> None:
    warehouse.answers, warehouse.down = GOOD, True
    messages = [completion(name, "2026-01-27", "phase_3_analytics") for name in P3]
    started = time.monotonic()
    assert send(gated_function, *messages)[-1] == 503
    assert time.monotonic() - started < 30
    assert cloud.document("phase3_completion", "2026-01-27")["_triggered"] is False
    warehouse.down = False
    assert send(gated_function, messages[-1]) == [200]
    assert cloud.document("phase3_completion", "2026-01-27")["_triggered"] is True


BAD: list[tuple[str, bytes, str]] = [
    ("not_json", envelope(b"\xff\xfe{"), "application/json"),
    ("not_json", envelope(b"[1, 2]"), "application/json"),
    ("not_json", b"junk", "application/json"),
    ("not_json", b"", "application/json"),
    ("not_json", b"[" * 100_000, "application/json"),
    ("envelope", b'{"message": 5}', "application/json"),
    ("envelope", b'{"message": {"data": "%%%"}}', "application/json"),
    ("content_type", envelope(b"{}"), "text/plain"),
    ("missing_field", envelope(b"{}"), "application/json"),
    ("wrong_type", envelope(json.dumps(completion("x", "2026-02-30")).encode()), "application/json"),
    ("wrong_type", envelope(json.dumps(completion("x", "2026-01-29", status="great")).encode()), "application/json"),
    ("wrong_type", envelope(json.dumps(completion("\ud800", "2026-01-29")).encode()), "application/json"),
    (
        "schema_version",
        envelope(json.dumps(completion("x", "2026-01-29", schema_version=7)).encode()),
        "application/json",
    ),
    ("phase", envelope(json.dumps(completion("x", "2026-01-29", "phase_3_analytics")).encode()), "application/json"),
    ("unknown_processor", envelope(json.dumps(completion("Stranger", "2026-01-26")).encode()), "application/json"),
]


@pytest.mark.parametrize(("reason", "body", "content_type"), BAD)
def test_a_bad_message_is_kept_and_acknowledged(
    raw_function: FunctionProcess, cloud: Cloud, reason: str, body: bytes, content_type: str
) -> None:
    letters = view_of(raw_function)["dead_letter_topic"]
    cloud.pull(letters)
    cloud.pull("nba-service-errors")
    assert post(raw_function.url, body, content_type)[0] == 200
    (letter,) = cloud.pull(letters)
    assert letter.attributes["reason"] == reason
    assert letter.data in body or envelope(letter.data) == body
    (error,) = [json.loads(message.data) for message in cloud.pull("nba-service-errors")]
    assert error["service_name"] == "phase2-to-phase3-orchestrator"
    assert error["error_id"]


def test_ten_megabytes_are_kept_in_parts(raw_function: FunctionProcess, cloud: Cloud) -> None:
    letters = view_of(raw_function)["dead_letter_topic"]
    cloud.pull(letters)
    data = b"x" * 10_000_000
    assert post(raw_function.url, envelope(data))[0] == 200
    parts = sorted(cloud.pull(letters), key=lambda letter: str(letter.attributes["part"]))
    assert b"".join(part.data for part in parts) == data
    assert [part.attributes["part"] for part in parts] == ["1/2", "2/2"]


def test_an_optional_field_of_the_wrong_type_costs_a_warning_only(raw_function: FunctionProcess, cloud: Cloud) -> None:
    letters, name = view_of(raw_function)["dead_letter_topic"], expected(raw_function)[0]
    cloud.pull(letters)
    cloud.pull("nba-service-errors")
    message = completion(name, "2026-01-25", record_count="five", duration_seconds=-1)
    assert send(raw_function, message) == [200]
    assert cloud.document("phase2_completion", "2026-01-25")[name]["record_count"] is None
    (letter,) = cloud.pull(letters)
    assert json.loads(letter.data) == message
    assert letter.attributes["severity"] == "warning"
    (error,) = [json.loads(one.data) for one in cloud.pull("nba-service-errors")]
    assert error["severity"] == "warning"


def test_events_that_cannot_be_published_cost_no_completion(serve: Serve, cloud: Cloud) -> None:
    function = serve("phase5-to-phase6-orchestrator", GCP_PROJECT_ID="another-project", topics=False)
    message = completion("Coordinator", "2026-01-24", "phase_5_predictions", metadata={"completion_pct": "no"})
    assert send(function, message) == [200]
    log = function.log.read_text()
    assert '"event": "event_not_published"' in log
    assert '"event": "dead_letter_in_log"' in log
    assert "raw_base64" in log


def test_a_trigger_that_cannot_be_published_is_not_acknowledged(serve: Serve, cloud: Cloud) -> None:
    function = serve("phase2-to-phase3-orchestrator", GCP_PROJECT_ID="yet-another-project", topics=False)
    assert send(function, *[completion(name, "2026-01-24") for name in expected(function)])[-1] == 503


def test_a_dependency_that_is_down_is_a_prompt_failure(serve: Serve) -> None:
    port = free_port()
    function = serve("phase2-to-phase3-orchestrator", FIRESTORE_EMULATOR_HOST=f"127.0.0.1:{port}")
    started = time.monotonic()
    assert send(function, completion(expected(function)[0], "2026-01-24")) == [503]
    assert time.monotonic() - started < 10
    with pytest.raises(urllib.error.HTTPError) as failure:
        urllib.request.urlopen(f"{function.url}/health", timeout=30)
    health = json.loads(failure.value.read())
    assert failure.value.code == 503
    assert {name: check["ok"] for name, check in health["dependencies"].items()} == {"firestore": False, "pubsub": True}


def test_health_asks_every_dependency(gated_function: FunctionProcess, warehouse: FakeWarehouse) -> None:
    warehouse.answers = {"SELECT 1": [{"answer": 1}]}
    with urllib.request.urlopen(f"{gated_function.url}/health", timeout=30) as answer:
        health = json.loads(answer.read())
    assert health["status"] == "ok"
    assert set(health["dependencies"]) == {"firestore", "pubsub", "bigquery"}
    assert all(check["latency_ms"] > 0 for check in health["dependencies"].values())


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"K_SERVICE": "deployed"}, "is set on the deployed function"),
        ({"GCP_PROJECT_ID": ""}, "GCP_PROJECT_ID is not set or empty"),
    ],
)
def test_an_unsound_environment_refuses_to_start(
    raw_function: FunctionProcess, environment: dict[str, str], sentence: str
) -> None:
    broken = FunctionProcess(
        raw_function.folder,
        raw_function.target,
        raw_function.environment | environment,
        raw_function.log.with_name("x"),
    ).start(wait=False)
    assert broken.process is not None
    try:
        assert broken.process.wait(timeout=30) != 0
    except subprocess.TimeoutExpired:
        broken.kill()
        raise
    assert sentence in broken.log.read_text()


@pytest.mark.parametrize(("path", "method", "status"), [("/other", "POST", 404), ("/", "GET", 405)])
def test_routes(raw_function: FunctionProcess, path: str, method: str, status: int) -> None:
    request = urllib.request.Request(raw_function.url + path, method=method)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=30)
    assert refused.value.code == status
