"""The scheduled functions from their archives: the timer's repairs, wanted repetitions, and the morning's message."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ops.local.cloud import Cloud
from ops.local.processes import FunctionProcess
from tests.emulators.conftest import Serve, view_of
from tests.emulators.fake_warehouse import FakeWarehouse
from tests.emulators.messages import post

NOW = datetime.now(UTC)
TIMEOUT = 60
"""Seconds of a run where the timeout of production would take a test too long."""
P2 = (
    "p2_bigdataball_pbp",
    "p2_odds_game_lines",
    "p2_odds_player_props",
    "p2_nbacom_gamebook_pdf",
    "p2_nbacom_boxscores",
)


class Slack:
    """Takes messages; `refuse` answers the next ones with an error."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.refuse: list[int] = []
        slack = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status = slack.refuse.pop(0) if slack.refuse else 200
                if status == 200:
                    slack.messages.append(body)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture(scope="module")
def slack() -> Iterator[Slack]:
    running = Slack()
    yield running
    running.server.shutdown()


@pytest.fixture(scope="module")
def heal(serve: Serve, slack: Slack) -> FunctionProcess:
    return serve("self-heal-predictions", SLACK_WEBHOOK_URL=slack.url)


def call(function: FunctionProcess, schedule: str | None) -> tuple[int, dict[str, Any]]:
    body = b"" if schedule is None else json.dumps({"schedule": schedule}).encode()
    status, answer = post(function.url, body, seconds=120)
    return status, json.loads(answer)


def record(game_date: str, **values: Any) -> dict[str, Any]:
    return {"status": "success", "completed_at": NOW, "execution_id": "e", "correlation_id": "c0ffee00"} | values


def test_the_timer_ends_silence_and_takes_over_expired_leases(
    heal: FunctionProcess, cloud: Cloud, slack: Slack
) -> None:
    now = datetime.now(UTC)  # not the collection's time: a suite may take longer than the minute that decides here
    cloud.pull("nba-phase3-trigger")
    critical = ("p2_odds_game_lines", "p2_nbacom_gamebook_pdf", "p2_nbacom_boxscores")
    collection = cloud.firestore.collection("phase2_completion")
    for game_date, names, minutes, lease in (
        ("2024-03-01", critical, 31, None),
        ("2024-03-02", critical, 29, None),
        ("2024-03-03", P2, 5, {"owner": "dead", "until": now - timedelta(minutes=1)}),
        ("2024-03-04", P2, 5, {"owner": "alive", "until": now + timedelta(minutes=9)}),
    ):
        collection.document(game_date).set(
            {name: record(game_date) for name in names}
            | {
                "_triggered": False,
                "_first_completion_at": now - timedelta(minutes=minutes),
                "_correlation_id": "c0ffee00",
                "_trigger_pending": lease,
            }
        )
    status, answer = call(heal, "deadlines")
    assert (status, answer["failures"]) == (200, [])
    sent = {json.loads(one.data)["game_date"] for one in cloud.pull("nba-phase3-trigger")}
    assert sent & {"2024-03-01", "2024-03-02", "2024-03-03", "2024-03-04"} == {"2024-03-01", "2024-03-03"}
    first = cloud.document("phase2_completion", "2024-03-01")
    assert (first["_triggered"], first["_trigger_reason"], first["_trigger_partial"]) == (
        True,
        "deadline_exceeded",
        True,
    )
    assert "2024-03-01: triggered by the timer" in json.dumps(slack.messages[-1])
    overdue = cloud.document("phase2_completion", "2024-03-02")
    assert overdue["_triggered"] is False


def test_an_overdue_date_is_reported_once(heal: FunctionProcess, cloud: Cloud, slack: Slack) -> None:
    game_date = "2024-03-05"
    cloud.firestore.collection("phase3_completion").document(game_date).set(
        {
            "player_game_summary": record(game_date),
            "_triggered": False,
            "_first_completion_at": NOW - timedelta(hours=7),
            "_missing_processors": ["upcoming_player_game_context"],
        }
    )
    cloud.pull("nba-service-errors")
    assert call(heal, "deadlines")[0] == 200
    errors = [json.loads(one.data) for one in cloud.pull("nba-service-errors")]
    assert [one["error_type"] for one in errors if one.get("game_date") == game_date] == ["deadline_passed"]
    assert "open after its deadline" in json.dumps(slack.messages[-1])
    assert call(heal, "deadlines")[0] == 200
    assert [one for one in cloud.pull("nba-service-errors") if game_date in one.data.decode()] == []


def test_a_trigger_without_effect_is_published_again(
    heal: FunctionProcess, cloud: Cloud, warehouse: FakeWarehouse
) -> None:
    warehouse.answers = {"started_at >= @since": [{"runs": 0}]}
    game_date = "2024-03-06"
    cloud.firestore.collection("phase2_completion").document(game_date).set(
        {name: record(game_date) for name in P2}
        | {
            "_triggered": True,
            "_triggered_at": NOW - timedelta(minutes=40),
            "_trigger_reason": "all_complete",
            "_mode": "any",
            "_correlation_id": "c0ffee00",
        }
    )
    cloud.pull("nba-phase3-trigger")
    status, answer = call(heal, "deadlines")
    assert status == 200, answer
    again = [one for one in cloud.pull("nba-phase3-trigger") if json.loads(one.data)["game_date"] == game_date]
    assert [dict(one.attributes)["trigger_id"] for one in again] == [f"phase2_to_phase3:{game_date}"]
    assert again[0].attributes["attempt"] == "2"
    history = cloud.document("self_heal_history", f"{game_date}_phase3_c0ffee00")
    assert history["attempt"] == 1
    assert history["expires_at"] > NOW
    assert call(heal, "deadlines")[0] == 200
    assert [one for one in cloud.pull("nba-phase3-trigger") if game_date in one.data.decode()] == [], "it waits first"


def test_heartbeats_of_the_dead_are_closed(heal: FunctionProcess, cloud: Cloud) -> None:
    collection = cloud.firestore.collection("processor_heartbeats")
    collection.document("dead").set({"status": "running", "last_heartbeat": NOW - timedelta(hours=5)})
    collection.document("alive").set({"status": "running", "last_heartbeat": NOW - timedelta(hours=1)})
    assert call(heal, "deadlines")[0] == 200
    assert cloud.document("processor_heartbeats", "dead")["status"] == "running"
    assert call(heal, "daily")[0] == 200
    assert cloud.document("processor_heartbeats", "dead")["status"] == "stale"
    assert cloud.document("processor_heartbeats", "alive")["status"] == "running"


@pytest.mark.parametrize("body", [b"{", b"[1]", b'{"schedule": "never"}', b'{"schedule": {}}', b"\xff"])
def test_a_call_of_no_schedule_is_refused(heal: FunctionProcess, body: bytes) -> None:
    assert post(heal.url, body)[0] == 400


def test_backfill_publishes_again_within_its_limits(serve: Serve, cloud: Cloud, warehouse: FakeWarehouse) -> None:
    backfill = serve("auto-backfill-orchestrator")
    today = datetime.now(UTC).astimezone(ZoneInfo("America/New_York")).date()
    days = [(today - timedelta(days=number)).isoformat() for number in (1, 2)]
    for game_date, hours in zip(days, (5, 1), strict=True):
        cloud.firestore.collection("phase2_completion").document(game_date).set(
            {name: record(game_date) for name in P2}
            | {"_triggered": True, "_triggered_at": NOW - timedelta(hours=hours), "_mode": "any"}
        )
        cloud.firestore.collection("phase3_completion").document(game_date).set(
            {"player_game_summary": record(game_date), "_triggered": False}
        )
    cloud.pull("nba-phase3-trigger")
    warehouse.answers = {}
    status, answer = call(backfill, None)
    assert (status, answer["failures"]) == (200, [])
    again = [json.loads(one.data)["game_date"] for one in cloud.pull("nba-phase3-trigger")]
    assert again == [days[0]], "the other was triggered less than the cool-down ago"
    attempts = [query for query in warehouse.queries if "INSERT INTO" in query["query"]]
    values = {one["name"]: one["parameterValue"]["value"] for one in attempts[-1]["queryParameters"]}
    assert (values["boundary"], values["entity"], values["attempt"]) == ("phase2_to_phase3", days[0], "1")
    assert view_of(backfill)["settings"]["cool_down"] == 7200


def test_the_summary_says_the_verdict_first(serve: Serve, slack: Slack, warehouse: FakeWarehouse) -> None:
    summary = serve("daily-health-summary", SLACK_WEBHOOK_URL=slack.url)
    warehouse.answers = {
        "service_errors": [{"severity": "critical", "error_type": "bad_message", "errors": 3}],
        "v_nbac_schedule_latest": [{"value": 8}],
        "player_prop_predictions": [{"value": 450}],
        "prediction_accuracy": [{"value": 430}],
    }
    slack.refuse = [500]
    status, answer = call(summary, "morning")
    assert status == 200, answer
    message = slack.messages[-1]
    assert message["blocks"][0]["type"] == "header"
    assert message["text"].startswith(answer["verdict"])
    text = json.dumps(message, ensure_ascii=False)
    assert "games 8 · predictions 450 · graded 430" in text
    assert "dead letters 3" in text
    warehouse.down = True
    status, answer = call(summary, "morning")
    warehouse.down = False
    assert (status, answer["verdict"]) == (200, "CRITICAL")
    assert "could not check" in json.dumps(slack.messages[-1])


def test_a_message_that_slack_refuses_is_a_failure(serve: Serve, slack: Slack, warehouse: FakeWarehouse) -> None:
    summary = serve("daily-health-summary", SLACK_WEBHOOK_URL=slack.url)
    slack.refuse = [400]
    assert call(summary, "morning")[0] == 503
    assert slack.url not in summary.log.read_text()


def test_an_empty_webhook_refuses_to_start(heal: FunctionProcess) -> None:
    broken = FunctionProcess(
        heal.folder, heal.target, heal.environment | {"SLACK_WEBHOOK_URL": ""}, heal.log.with_name("empty")
    ).start(wait=False)
    assert broken.process is not None
    assert broken.process.wait(timeout=60) != 0
    assert "SLACK_WEBHOOK_URL is empty" in broken.log.read_text()


def test_backfilled_dates_are_closed_over_several_pages_and_delay_no_deadline(
    heal: FunctionProcess, cloud: Cloud
) -> None:
    collection = cloud.firestore.collection("phase2_completion")
    days = [(datetime(1990, 1, 1, tzinfo=UTC) + timedelta(days=number)).date().isoformat() for number in range(700)]
    batch: Any = cloud.firestore.bulk_writer()
    for game_date in days:
        backfill = {name: record(game_date, skip_downstream=True) for name in P2}
        batch.set(collection.document(game_date), backfill | {"_triggered": False, "_first_completion_at": None})
    batch.close()
    now, live = datetime.now(UTC), "2024-03-20"
    complete = {name: record(live) for name in P2}
    collection.document(live).set(
        complete
        | {"_triggered": False, "_first_completion_at": now - timedelta(minutes=1), "_correlation_id": "c0ffee00"}
    )
    status, answer = call(heal, "deadlines")
    assert (status, answer["failures"]) == (200, [])
    assert cloud.document("phase2_completion", live)["_triggered"] is True
    closed = [found.to_dict() or {} for found in collection.where("_closed_as", "==", "backfill").stream()]
    assert len(closed) >= len(days)
    assert all(document["_triggered"] is None for document in closed)


@pytest.mark.slow
def test_twenty_thousand_open_backfilled_dates_delay_no_deadline(
    serve: Serve, slack: Slack, cloud: Cloud, warehouse: FakeWarehouse
) -> None:
    """Half of them count, half do not; the first run triggers what is due, ends in time, and the next ones go on."""
    function = serve("self-heal-predictions", SLACK_WEBHOOK_URL=slack.url)
    view = function.folder / "pipeline.json"
    view.write_text(json.dumps(json.loads(view.read_text()) | {"timeout": TIMEOUT}))
    function.kill()
    function.start()
    warehouse.answers = {"runs": [{"runs": 1}]}
    now, collection = datetime.now(UTC), cloud.firestore.collection("phase2_completion")
    first = datetime(1930, 1, 1, tzinfo=UTC).date()
    for start in range(0, 20_000, 500):
        together = cloud.firestore.batch()
        for number in range(start, start + 500):
            day = (first + timedelta(days=number)).isoformat()
            counts = number % 2 == 0
            done = {P2[0]: record(day) if counts else record(day, skip_downstream=True)}
            together.set(
                collection.document(day), done | {"_triggered": False, "_first_completion_at": now if counts else None}
            )
        together.commit()
    live = {name: record("2024-03-21") for name in P2}
    due = {"_triggered": False, "_first_completion_at": now - timedelta(minutes=31), "_correlation_id": "c0ffee00"}
    collection.document("2024-03-21").set(live | due)
    started = time.monotonic()
    status, answer = call(function, "deadlines")
    elapsed = time.monotonic() - started
    print(f"a run of {elapsed:.1f} s of {TIMEOUT} s looked at {answer['open_dates']} of 20,001 open dates")  # noqa: T201 - the figure
    assert (status, answer["failures"]) == (200, [])
    assert cloud.document("phase2_completion", "2024-03-21")["_triggered"] is True
    assert elapsed < TIMEOUT
    assert "sweep_goes_on" in function.log.read_text()
    closed = closed_dates(cloud)
    assert call(function, "deadlines")[0] == 200
    assert closed_dates(cloud) > closed, "the next run goes on"


def closed_dates(cloud: Cloud) -> int:
    found = cloud.firestore.collection("phase2_completion").where("_closed_as", "==", "backfill").select([])
    return sum(1 for _ in found.stream())
