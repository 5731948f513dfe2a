"""The HTTP surface with any bytes, in memory: nothing crashes, nothing is dropped silently, and who may call."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shared.decisions import document as doc
from shared.decisions.effects import Message, Snapshot, Unavailable
from shared.declaration.settings import Settings
from shared.declaration.view import View
from shared.google import identity
from shared.http import endpoint, orchestrator
from shared.orchestration.dependencies import Dependencies
from shared.reports.events import EventPublisher

from tests.functions.views import PARCELS, view_of

VIEW = view_of("phase2-to-phase3-orchestrator")
P2 = VIEW.boundary().modes[0].expected
BESIDE_EMULATORS = Settings("p", "test", None, "host:1", "host:2", None)
ELSEWHERE = replace(BESIDE_EMULATORS, firestore_emulator=None, pubsub_emulator=None)
DEPLOYED = replace(ELSEWHERE, service="phase2-to-phase3-orchestrator")


class Memory:
    """Firestore and Pub/Sub in memory; `down` holds the topics that fail, and whether for good."""

    def __init__(self) -> None:
        self.documents: dict[str, dict[str, Any]] = {}
        self.versions: dict[str, int] = {}
        self.topics: dict[str, list[Message]] = {}
        self.down: dict[str, bool] = {}

    def read(self, collection: str, key: str) -> Snapshot:
        return Snapshot(collection, key, self.documents.get(key), self.versions.get(key), datetime.now(UTC))

    def write(self, snapshot: Snapshot, changes: doc.Changes) -> bool:
        self.documents[snapshot.key] = doc.applied(snapshot.document, changes)
        self.versions[snapshot.key] = (snapshot.version or 0) + 1
        return True

    def publish(self, topic: str, messages: tuple[Message, ...]) -> None:
        if topic in self.down:
            raise Unavailable("pubsub", f"{topic} is down", permanent=self.down[topic])
        self.topics.setdefault(topic, []).extend(messages)


def served(memory: Memory, known: Settings = BESIDE_EMULATORS, view: View = VIEW) -> FlaskClient:
    dependencies = Dependencies(known, view)
    dependencies.store = dependencies.publisher = memory  # type: ignore[assignment]
    dependencies.events = EventPublisher(view, memory)  # type: ignore[arg-type]
    app = flask.Flask("test")

    @app.route("/", defaults={"path": ""}, methods=["GET", "POST", "PUT", "DELETE"])
    @app.route("/<path:path>", methods=["GET", "POST", "PUT", "DELETE"])
    def answer(path: str) -> endpoint.Answer:
        return endpoint.answer(
            flask.request, dependencies, lambda body, kind: orchestrator.receive(dependencies, body, kind)
        )

    return app.test_client()


def pushed(data: bytes) -> bytes:
    return json.dumps({"message": {"data": base64.b64encode(data).decode(), "messageId": "7"}}).encode()


def completion(name: str, **values: Any) -> bytes:
    message = {
        "processor_name": name,
        "phase": "phase_2_raw",
        "game_date": "2026-01-29",
        "execution_id": f"e-{name}",
        "status": "success",
        "timestamp": "2026-01-30T09:00:00Z",
    }
    return pushed(json.dumps(message | values).encode())


def letters(memory: Memory) -> list[Message]:
    return memory.topics.get(str(VIEW.dead_letter_topic), [])


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=200), st.sampled_from(["application/json", "", "text/plain", "a/b+json; charset=x", "ÿ"]))
def test_any_body_is_kept_whole_and_acknowledged(body: bytes, content_type: str) -> None:
    memory = Memory()
    answer = served(memory).post("/", data=body, content_type=content_type)
    assert answer.status_code == 200
    assert [letter.data for letter in letters(memory)] == [body]
    assert len(memory.topics["nba-service-errors"]) == 1


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=200))
def test_any_pushed_bytes_are_kept_whole_and_acknowledged(data: bytes) -> None:
    memory = Memory()
    assert served(memory).post("/", data=pushed(data), content_type="application/json").status_code == 200
    assert [letter.data for letter in letters(memory)] == [data]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(), st.text(), st.sampled_from(["success", "failed", "no_data", "partial"]))
def test_any_name_is_recorded_or_kept(name: str, table: str, status: str) -> None:
    memory = Memory()
    body = completion(name, output_table=table, status=status)
    assert served(memory).post("/", data=body, content_type="application/json").status_code == 200
    recorded = {key for key in memory.documents.get("2026-01-29", {}) if not key.startswith("_")}
    assert recorded <= set(P2)
    assert recorded or letters(memory) or status in ("failed", "no_data")


@pytest.mark.parametrize("method", ["get", "post", "put", "delete"])
@pytest.mark.parametrize("path", ["/", "/cleanup", "/health/x", "/%00", "//"])
def test_every_route_answers(method: str, path: str) -> None:
    answer = getattr(served(Memory()), method)(path)
    assert answer.status_code in (200, 404, 405, 308)


def test_a_dead_letter_that_cannot_be_stored_now_is_not_acknowledged() -> None:
    memory = Memory()
    memory.down = {str(VIEW.dead_letter_topic): False}
    assert served(memory).post("/", data=b"junk", content_type="application/json").status_code == 503


def test_without_its_topic_a_dead_letter_is_whole_in_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    memory = Memory()
    memory.down = {str(VIEW.dead_letter_topic): True, "nba-service-errors": True}
    body = b"junk" * 60_000
    assert served(memory).post("/", data=body, content_type="application/json").status_code == 200
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    parts = [line["raw_base64"] for line in lines if line["event"] == "dead_letter_in_log"]
    assert base64.b64decode("".join(parts)) == body
    assert [line["row"]["error_type"] for line in lines if line["event"] == "event_not_published"] == ["bad_message"]


@pytest.mark.parametrize(("character", "count", "lines"), [("\x01", 90, 6), ("🏀", 90, 3), ("a", 90, 1), ("a", 0, 1)])
def test_every_line_that_holds_a_dead_letter_is_one_that_the_log_takes(
    character: str, count: int, lines: int, capsys: pytest.CaptureFixture[str]
) -> None:
    memory = Memory()
    memory.down = {str(VIEW.dead_letter_topic): True}
    sent = {f"{number}{character * 10}": character * (1_000 // len(character.encode())) for number in range(count)}
    body = json.dumps({"message": {"data": "eA==", "attributes": sent}})
    assert served(memory).post("/", data=body, content_type="application/json").status_code == 200
    told = [line for line in capsys.readouterr().out.splitlines() if '"dead_letter_in_log"' in line]
    assert len(told) == lines
    assert max(map(len, told)) < 256 * 1024
    found = [json.loads(line) for line in told]
    assert [line["part"] for line in found] == [f"{number}/{lines}" for number in range(1, lines + 1)]
    attributes = {name: value for line in found for name, value in line["attributes"].items()}
    assert sent.items() <= attributes.items()
    assert attributes["reason"] == "not_json"
    assert base64.b64decode("".join(line["raw_base64"] for line in found)) == b"x"


def test_a_trigger_that_fails_is_not_acknowledged_and_the_next_delivery_works() -> None:
    memory = Memory()
    client = served(memory)
    memory.down = {"nba-phase3-trigger": True}
    codes = [client.post("/", data=completion(name), content_type="application/json").status_code for name in P2]
    assert codes == [200, 200, 200, 200, 503]
    assert memory.documents["2026-01-29"]["_triggered"] is False
    memory.down = {}
    assert client.post("/", data=completion(P2[-1]), content_type="application/json").status_code == 200
    assert memory.documents["2026-01-29"]["_triggered"] is True


def test_log_lines_are_json_with_trace_and_context(capsys: pytest.CaptureFixture[str]) -> None:
    header = {"X-Cloud-Trace-Context": "105445aa7843bc8bf206b12000100000/1;o=1"}
    served(Memory()).post("/", data=completion(P2[0]), content_type="application/json", headers=header)
    (line,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert line["logging.googleapis.com/trace"] == "projects/p/traces/105445aa7843bc8bf206b12000100000"
    assert (line["severity"], line["boundary"], line["game_date"]) == ("INFO", "phase2_to_phase3", "2026-01-29")
    assert line["correlation_id"] == f"e-{P2[0]}"


def test_elsewhere_a_caller_needs_a_token() -> None:
    client = served(Memory(), ELSEWHERE)
    assert client.post("/", data=completion(P2[0]), content_type="application/json").status_code == 401
    bad = {"Authorization": "Bearer not.a.token"}
    assert client.post("/", data=completion(P2[0]), content_type="application/json", headers=bad).status_code == 401


@pytest.mark.parametrize("known", [BESIDE_EMULATORS, DEPLOYED])
def test_no_token_is_asked_for_beside_emulators_and_behind_iam(known: Settings) -> None:
    assert served(Memory(), known).post("/", data=completion(P2[0]), content_type="application/json").status_code == 200


@pytest.mark.parametrize(
    ("claims", "accepted"),
    [
        ({"email": VIEW.caller.identity, "email_verified": True}, True),
        ({"email": VIEW.caller.identity, "email_verified": False}, False),
        ({"email": VIEW.caller.identity}, False),
        ({"email": "somebody@else", "email_verified": True}, False),
        ({}, False),
    ],
)
def test_only_the_declared_identity_is_accepted(
    monkeypatch: pytest.MonkeyPatch, claims: dict[str, Any], accepted: bool
) -> None:
    seen = []

    def verified(token: str, audience: str) -> dict[str, Any]:
        seen.append((token, audience))
        return claims

    monkeypatch.setattr(identity, "claims", verified)
    answer = served(Memory(), ELSEWHERE).post(
        "/", data=completion(P2[0]), content_type="application/json", headers={"Authorization": "Bearer t"}
    )
    assert (answer.status_code == 200) is accepted
    assert seen == [("t", VIEW.caller.audience)]


def test_another_pipeline_has_its_own_names(capsys: pytest.CaptureFixture[str]) -> None:
    """Its completions, triggers, events and log lines carry the date as its `date_field` says, here `day`."""
    view, memory = view_of("start-sorting", PARCELS), Memory()
    client = served(memory, view=view)
    for sender in ("NorthCounter", "SouthCounter"):
        message = {"processor_name": sender, "phase": "taken_in", "day": "2026-01-29", "execution_id": f"e-{sender}"}
        message |= {"status": "success", "timestamp": "2026-01-29T18:00:00Z"}
        assert client.post("/", data=pushed(json.dumps(message).encode())).status_code == 200
    document = memory.documents["2026-01-29"]
    assert {name for name in document if not name.startswith("_")} == {"counter_north", "counter_south"}
    (trigger,) = memory.topics["parcels-sort"]
    assert json.loads(trigger.data) == {"day": "2026-01-29", "correlation_id": "e-SouthCounter"}
    assert trigger.attributes["trigger_id"] == "intake_to_sorting:2026-01-29"
    (decision,) = [json.loads(event.data) for event in memory.topics["parcels-decisions"]]
    assert (decision["day"], decision["status"]) == ("2026-01-29", "complete")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line["day"] for line in lines} == {"2026-01-29"}
    assert {"event_not_published", "dead_letter_in_log"}.isdisjoint(line["event"] for line in lines)
