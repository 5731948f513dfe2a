"""On-call's repairs, as after the recorded outage: nothing without --yes, nothing lost, nothing twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from ops import repair
from ops.operate import reprocess
from ops.operate.journal import alone
from tests.operators.conftest import ROOT, Run, System

PHASE2 = (
    "p2_bigdataball_pbp",
    "p2_odds_game_lines",
    "p2_odds_player_props",
    "p2_nbacom_gamebook_pdf",
    "p2_nbacom_boxscores",
)
BOUNDARY = "phase2_to_phase3"


def only(printed: Any) -> Any:
    (repair,) = printed["repairs"]
    return repair


def test_a_date_lost_while_the_orchestrator_was_down_is_rebuilt_and_triggered(system: System, ops: Run) -> None:
    date = "2026-01-29"
    system.completed("phase2", date, *PHASE2)
    code, printed = ops("repair", date, "--boundary", BOUNDARY, "--json")
    planned = only(printed)
    assert code == 3
    assert planned["sentence"] == "recorded 5 of 5; phase3 would start (all_complete)."
    assert planned["publications"][0]["attributes"]["trigger_id"] == f"{BOUNDARY}:{date}"
    assert system.document("phase2_completion", date) is None, "a plan writes nothing"
    assert system.pull("see-nba-phase3-trigger") == [], "a plan publishes nothing"
    assert system.attempts() == []

    code, printed = ops("repair", date, "--boundary", BOUNDARY, "--yes", "--json")
    done = only(printed)
    document = system.document("phase2_completion", date)
    assert code == 0
    assert document is not None
    assert document["_triggered"] is True
    assert {name for name in document if not name.startswith("_")} == set(PHASE2)
    (message,) = system.pull("see-nba-phase3-trigger")
    assert message.attributes["trigger_id"] == f"{BOUNDARY}:{date}"
    assert [each["topic"] for each in done["publications"] if "trigger" in each["topic"]] == ["nba-phase3-trigger"]
    (attempt,) = system.attempts()
    assert (attempt["processor_name"], attempt["entity_id"], attempt["attempt_number"]) == (BOUNDARY, date, 1)
    assert attempt["manual_override_applied"] is True

    code, printed = ops("repair", date, "--boundary", BOUNDARY, "--yes", "--json")
    assert (code, only(printed)["answer"]) == (0, "HEALTHY")
    assert "was triggered" in only(printed)["healthy"]
    assert system.pull("see-nba-phase3-trigger") == []


def test_a_newer_completion_is_never_replaced(system: System, ops: Run) -> None:
    date = "2026-01-30"
    newer = datetime.now(UTC)
    present = {
        "status": "success",
        "completed_at": newer,
        "record_count": 99,
        "correlation_id": "new",
        "execution_id": "new",
    }
    system.firestore.collection("phase2_completion").document(date).set(
        {PHASE2[0]: present, "_triggered": False, "_first_completion_at": newer, "_completed_count": 1}
    )
    system.completed("phase2", date, *PHASE2[:2], at=newer - timedelta(hours=5))
    code, _ = ops("repair", date, "--boundary", BOUNDARY, "--yes", "--json")
    document = system.document("phase2_completion", date)
    assert code == 0
    assert document is not None
    assert document[PHASE2[0]]["record_count"] == 99
    assert document[PHASE2[0]]["execution_id"] == "new"
    assert PHASE2[1] in document
    assert document["_triggered"] is False


def test_a_trigger_without_effect_is_published_again_under_its_own_id(system: System, ops: Run) -> None:
    date = "2026-01-31"
    system.completed("phase2", date, *PHASE2)
    assert ops("repair", date, "--boundary", BOUNDARY, "--yes", "--json")[0] == 0
    past = datetime.now(UTC) - timedelta(hours=2)
    system.firestore.collection("phase2_completion").document(date).update({"_triggered_at": past})
    system.pull("see-nba-phase3-trigger")
    code, _ = ops("repair", date, "--boundary", BOUNDARY, "--yes", "--json")
    (message,) = system.pull("see-nba-phase3-trigger")
    assert code == 0
    assert message.attributes["trigger_id"] == f"{BOUNDARY}:{date}"

    system.completed("phase3", date, "player_game_summary", at=datetime.now(UTC))
    code, printed = ops("repair", date, "--boundary", BOUNDARY, "--yes", "--json")
    assert code == 0
    assert only(printed)["healthy"]


def test_a_range_reports_each_date_and_goes_on_where_it_stopped(system: System, ops: Run) -> None:
    days = ("2026-02-01", "2026-02-02")
    for day in days:
        system.completed("phase2", day, *PHASE2)
    code, printed = ops("repair", "2026-02-01..2026-02-02", "--boundary", BOUNDARY, "--yes", "--json")
    assert code == 0
    assert [each["date"] for each in printed["repairs"]] == list(days)
    assert len(system.pull("see-nba-phase3-trigger")) == 2
    assert not (system.root / ".cache" / "repair.json").exists()


def test_bigquery_down_is_a_sentence_and_changes_nothing(system: System, ops: Run, monkeypatch: Any) -> None:
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", "http://127.0.0.1:9")
    code, printed = ops("repair", "2026-02-03", "--boundary", BOUNDARY, "--yes", "--json")
    assert code == 4
    assert "BigQuery does not answer" in only(printed)["failure"]
    assert system.document("phase2_completion", "2026-02-03") is None


def test_without_yes_a_date_is_one_line(system: System, ops: Run) -> None:
    date = "2026-02-05"
    system.completed("phase2", date, *PHASE2)
    code, printed = ops("repair", date, "--boundary", BOUNDARY)
    first, empty, last = printed.splitlines()
    assert (code, empty) == (3, "")
    assert first == f"{date}  {BOUNDARY}  recorded 5 of 5; phase3 would start (all_complete)."
    assert last.startswith("Nothing was written or published.")
    assert "would write  phase2_completion/2026-02-05" in ops("repair", date, "--boundary", BOUNDARY, "--details")[1]


def test_a_second_repair_at_the_same_time_is_told_to_wait(system: System, ops: Run, capsys: Any) -> None:
    with alone(system.root / repair.LOCK):
        code, printed = ops("repair", "2026-02-06", "--yes", "--json")
    assert (code, printed["verdict"]) == (4, "NOT KNOWN")
    assert f"process {os.getpid()}" in printed["sentence"]


KILLED = """
import os, sys
from ops.operate import cloud, engine, journal
from ops import repair
from ops.__main__ import guarded
name, at = sys.argv[1], int(sys.argv[2])
module, function = {"attempt": (repair, "_record_attempt"), "engine": (repair, "_replayed"), "note": (journal, "replace_file")}[name]
whole, calls = getattr(module, function), []
def killed(*given, **named):
    calls.append(1)
    if len(calls) == at:
        if name == "note":
            (given[0].parent / f".{given[0].name}.half").write_text("{")
        os.kill(os.getpid(), 9)
    return whole(*given, **named)
setattr(module, function, killed)
sys.exit(guarded(sys.argv[3:]))
"""


@pytest.mark.parametrize(
    ("day", "step", "at"),
    [(11, "attempt", 1), (13, "engine", 2), (15, "engine", 3), (17, "note", 1), (19, "note", 2)],
)
def test_killed_at_any_step_it_goes_on_and_nothing_is_sent_twice_under_another_id(
    system: System, ops: Run, day: int, step: str, at: int
) -> None:
    days = (f"2026-05-{day}", f"2026-05-{day + 1}")
    for each in days:
        system.completed("phase2", each, *PHASE2)
    system.pull("see-nba-phase3-trigger")
    given = ["repair", f"{days[0]}..{days[1]}", "--boundary", BOUNDARY, "--yes", "--json"]
    where = ["--root", str(system.root), "--stack", "test"]
    done = subprocess.run(
        [sys.executable, "-c", KILLED, step, str(at), *given, *where],
        cwd=ROOT,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -9, done.stderr
    code, printed = ops(*given)
    assert code == 0
    assert not any(each["failure"] for each in printed["repairs"])
    ids = {message.attributes["trigger_id"] for message in system.pull("see-nba-phase3-trigger")}
    assert ids == {f"{BOUNDARY}:{each}" for each in days}
    assert all((system.document("phase2_completion", each) or {})["_triggered"] for each in days)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """A phase's service that takes requests; they are told."""
    asked: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append((self.path, self.headers["Authorization"], body))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"status": "ok"}')

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    whole = reprocess.requests

    def here(*given: Any) -> list[reprocess.Request]:
        made = whole(*given)
        return [
            reprocess.Request(each.service, f"http://127.0.0.1:{server.server_port}/process-date-range", each.body)
            for each in made
        ]

    monkeypatch.setattr(reprocess, "requests", here)
    monkeypatch.setattr(reprocess, "identity", lambda audience: "token")
    yield asked
    server.shutdown()


def test_processors_are_asked_to_work_again_for_a_range(system: System, ops: Run, service: list[Any]) -> None:
    words = ("repair", "2026-02-07..2026-02-09", "--reprocess", "player_game_summary")
    code, printed = ops(*words)
    assert code == 3
    assert "would be asked: POST" in printed
    assert service == [], "without --yes nothing is asked"
    code, printed = ops(*words, "--yes", "--json")
    assert code == 0
    assert printed["requests"][0]["answer"] == '{"status": "ok"}'
    body = {"start_date": "2026-02-07", "end_date": "2026-02-09", "backfill_mode": False}
    assert service == [("/process-date-range", "Bearer token", {**body, "processors": ["PlayerGameSummaryProcessor"]})]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("p2_odds_game_lines", "`nba-phase2-raw-processors` declares no `reprocess`"),
        ("player_game_sumary", "There is no processor 'player_game_sumary'"),
    ],
)
def test_who_cannot_be_asked_is_said(ops: Run, capsys: Any, name: str, sentence: str) -> None:
    code, printed = ops("repair", "2026-02-07", "--reprocess", name, "--json")
    assert code == 1
    assert sentence in printed["violations"][0]["message"]
