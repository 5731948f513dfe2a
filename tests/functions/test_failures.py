"""Failures told apart, as a table: what passes by itself, what somebody has to repair, and what is the message's fault.

The errors are those that Firestore, Pub/Sub and BigQuery document for the calls that the engine makes.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.api_core import exceptions
from shared.decisions import document as doc
from shared.decisions import protocol
from shared.decisions.effects import DependencyRefused, Message, Snapshot, Unavailable
from shared.google.bigquery import Warehouse
from shared.google.firestore import DocumentStore
from shared.google.pubsub import Publisher
from shared.orchestration import runner, sweep
from shared.orchestration.dependencies import Dependencies

from tests.functions.conftest import ROOT
from tests.functions.test_endpoint import BESIDE_EMULATORS, P2, VIEW, Memory, completion, letters, served
from tests.functions.views import view_of

NOW = datetime(2026, 1, 30, 12, 0, tzinfo=UTC)
SNAPSHOT = Snapshot("phase2_completion", "2026-01-29", {}, None, NOW)

errors: Any = exceptions
PASSES, REPAIRED, REFUSED, CONFLICT = "passes", "repaired by somebody", "the message's fault", "conflict"
FIRESTORE = [
    # error of a write, whether the document is still the one that was read, what it is
    (errors.Aborted("contention"), True, CONFLICT),
    (errors.AlreadyExists("it is there"), True, CONFLICT),
    (errors.FailedPrecondition("the stored version does not match"), False, CONFLICT),
    (errors.NotFound("no document to update"), False, CONFLICT),
    (errors.FailedPrecondition("too many index entries"), True, REFUSED),
    (errors.InvalidArgument("cannot write an entity of more than 1 MiB"), True, REFUSED),
    (errors.OutOfRange("a value is out of range"), True, REFUSED),
    (errors.NotFound("the database does not exist"), True, REPAIRED),
    (errors.PermissionDenied("missing or insufficient permissions"), True, REPAIRED),
    (errors.Unauthenticated("no credentials"), True, REPAIRED),
    (errors.MethodNotImplemented("not in this mode"), True, REPAIRED),
    (errors.ServiceUnavailable("try again"), True, PASSES),
    (errors.DeadlineExceeded("too slow"), True, PASSES),
    (errors.ResourceExhausted("quota"), True, PASSES),
    (errors.InternalServerError("internal"), True, PASSES),
    (errors.Unknown("unknown"), True, PASSES),
    (errors.Cancelled("cancelled"), True, PASSES),
]
PUBSUB = [
    (errors.InvalidArgument("the message is too large"), REFUSED),
    (errors.NotFound("no such topic"), REPAIRED),
    (errors.PermissionDenied("not authorized"), REPAIRED),
    (errors.Unauthenticated("no credentials"), REPAIRED),
    (errors.ServiceUnavailable("try again"), PASSES),
    (errors.DeadlineExceeded("too slow"), PASSES),
    (errors.ResourceExhausted("quota"), PASSES),
    (errors.Aborted("contention"), PASSES),
    (errors.InternalServerError("internal"), PASSES),
    (errors.Unknown("unknown"), PASSES),
]


def reason(error: Any, word: str) -> Exception:
    made: Exception = error("refused", errors=[{"reason": word}])
    return made


BIGQUERY = [
    (reason(errors.BadRequest, "invalidQuery"), True),
    (reason(errors.NotFound, "notFound"), True),
    (reason(errors.Forbidden, "accessDenied"), True),
    (reason(errors.Forbidden, "billingNotEnabled"), True),
    (reason(errors.BadRequest, "resourcesExceeded"), True),
    (reason(errors.MethodNotImplemented, "notImplemented"), True),
    (reason(errors.Forbidden, "rateLimitExceeded"), False),
    (reason(errors.Forbidden, "quotaExceeded"), False),
    (reason(errors.BadRequest, "jobRateLimitExceeded"), False),
    (reason(errors.InternalServerError, "backendError"), False),
    (reason(errors.ServiceUnavailable, "backendError"), False),
    (OSError("connection reset"), False),
]


class Failing:
    """A client whose every call fails in one way."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __getattr__(self, name: str) -> Any:
        def call(*_: Any, **__: Any) -> Any:
            raise self.error

        return call


def kind_of(failure: Unavailable | None) -> str:
    if failure is None:
        return CONFLICT
    return REFUSED if isinstance(failure, DependencyRefused) else REPAIRED if failure.permanent else PASSES


@pytest.mark.parametrize(("error", "unchanged", "expected"), FIRESTORE, ids=str)
def test_a_write(error: Exception, unchanged: bool, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = DocumentStore(BESIDE_EMULATORS, "(default)")
    store.__dict__["_client"] = Failing(error)
    monkeypatch.setattr(store, "read", lambda *_: SNAPSHOT if unchanged else replace(SNAPSHOT, version="another"))
    try:
        assert store.write(SNAPSHOT, {("x",): 1}) is False
        failure = None
    except Unavailable as unavailable:
        failure = unavailable
    assert kind_of(failure) == expected


@pytest.mark.parametrize(("error", "expected"), PUBSUB, ids=str)
def test_a_publication(error: Exception, expected: str) -> None:
    publisher = Publisher(BESIDE_EMULATORS)
    publisher.__dict__["client"] = Failing(error)
    with pytest.raises(Unavailable) as raised:
        publisher.publish("topic", (Message(b"x"),))
    assert kind_of(raised.value) == expected


@pytest.mark.parametrize(("error", "permanent"), BIGQUERY, ids=str)
def test_a_query(error: Exception, permanent: bool) -> None:
    asked = Warehouse(replace(BESIDE_EMULATORS, bigquery_emulator="host:3"), VIEW)
    asked.__dict__["client"] = Failing(error)
    with pytest.raises(Unavailable) as raised:
        asked.rows("SELECT 1")
    assert raised.value.permanent is permanent
    assert not isinstance(raised.value, DependencyRefused), "a query is the declaration's, never a message's"


class Full(Memory):
    """A database in which one date takes nothing more."""

    def write(self, snapshot: Snapshot, changes: doc.Changes) -> bool:
        if snapshot.key == "2026-01-29":
            raise DependencyRefused("firestore", "write: the document is too large")
        return super().write(snapshot, changes)


def test_a_message_that_its_document_cannot_take_is_kept_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    memory = Full()
    answer = served(memory).post("/", data=completion(P2[0]), content_type="application/json")
    assert (answer.status_code, answer.get_json()["reason"]) == (200, "not_storable")
    (letter,) = letters(memory)
    assert letter.attributes["reason"] == "not_storable"
    assert json.loads(letter.data)["execution_id"] == f"e-{P2[0]}"
    (row,) = [json.loads(message.data) for message in memory.topics["nba-service-errors"]]
    assert P2[0] in row["error_message"]
    events = {json.loads(line)["event"] for line in capsys.readouterr().out.splitlines()}
    assert "bad_message" in events
    assert "dependency_unavailable" not in events


def test_another_date_is_recorded_all_the_same() -> None:
    memory = Full()
    body = completion(P2[0], game_date="2026-01-30")
    assert served(memory).post("/", data=body, content_type="application/json").get_json()["outcome"] == "done"
    assert letters(memory) == []


def test_one_dates_failure_keeps_no_other_from_being_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    view = view_of("self-heal-predictions")
    dependencies, memory = Dependencies(BESIDE_EMULATORS, view, lambda *_: []), Full()
    dependencies.store = memory  # type: ignore[assignment]
    boundary = view.boundaries["phase2_to_phase3"]
    keys = ("2026-01-28", "2026-01-29", "2026-01-30")
    memory.documents = {key: {"_triggered": False, "_blocked": None} for key in keys}
    memory.documents["2026-01-28"]["_missing_processors"] = 5
    found = [Snapshot(boundary.upstream.collection, key, memory.documents[key], None, NOW) for key in reversed(keys)]
    monkeypatch.setattr(sweep.Sweep, "_dated", lambda _: iter(found))
    monkeypatch.setattr(sweep.Sweep, "_undated", lambda _: iter(()))
    assert [(one.date, one.failure is None) for one in sweep.tick(dependencies, boundary)] == [
        ("2026-01-30", True),
        ("2026-01-29", False),
        ("2026-01-28", True),
    ]


def of_function(folder: str, module: str) -> Iterator[Any]:
    sys.path.append(str(ROOT / "functions" / folder))
    yield importlib.import_module(module)
    sys.path.remove(str(ROOT / "functions" / folder))


@pytest.fixture
def effect() -> Iterator[Any]:
    yield from of_function("self_heal", "effect")


@pytest.fixture
def heartbeats() -> Iterator[Any]:
    yield from of_function("self_heal", "heartbeats")


@pytest.fixture
def backfill() -> Iterator[Any]:
    yield from of_function("auto_backfill_orchestrator", "backfill")


class Triggered(Memory):
    """Two dates whose trigger had no effect; nothing can be written into the history of repairs."""

    def __init__(self, correlation: str) -> None:
        super().__init__()
        self.keys: list[str] = []
        long_ago = datetime.now(UTC) - timedelta(hours=5)
        for key in ("2026-01-28", "2026-01-29"):
            self.documents[key] = {"_triggered": True, "_triggered_at": long_ago, "_correlation_id": correlation}

    def find(self, collection: str, *_: Any, **__: Any) -> Iterator[Snapshot]:
        for key in list(self.documents):
            yield replace(self.read(collection, key), time=datetime.now(UTC))

    def read(self, collection: str, key: str) -> Snapshot:
        if collection == "self_heal_history":
            self.keys.append(key)
            if len(key.encode()) > 1_500 or "/" in key:
                raise DependencyRefused("firestore", f"read: {len(key.encode())} bytes are no document id")
            raise Unavailable("firestore", "read: down")
        found = super().read(collection, key)
        return replace(
            found, collection=collection, document=found.document if collection == "phase2_completion" else {}
        )


@pytest.mark.parametrize("correlation", ["c0ffee00", "é" * 1_000, "a/b", "..", ""])
def test_what_was_published_again_is_found_whatever_fails_then(
    effect: Any, correlation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = view_of("self-heal-predictions")
    dependencies, memory, failures = Dependencies(BESIDE_EMULATORS, view), Triggered(correlation), list[str]()
    dependencies.store = dependencies.publisher = memory  # type: ignore[assignment]
    dependencies.events.error = lambda *_, **__: None  # type: ignore[method-assign]
    monkeypatch.setattr(Warehouse, "rows", lambda *_, **__: [{"runs": 0}])
    found = list(
        effect.repeat_without_effect(dependencies, view.boundaries["phase2_to_phase3"], sweep.Budget.of(view), failures)
    )
    assert [text[:37] for text in found] == [
        f"phase2_to_phase3 of {key} had no" for key in ("2026-01-29", "2026-01-28")
    ]
    assert [failure.split(":")[0] for failure in failures] == [
        "phase2_to_phase3 2026-01-29",
        "phase2_to_phase3 2026-01-28",
    ]
    assert len(memory.topics["nba-phase3-trigger"]) == 2
    assert all(len(key.encode()) <= 200 and "/" not in key for key in memory.keys)


def test_a_document_that_a_stranger_spoilt_keeps_no_other_trigger_from_being_repeated(
    effect: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    view = view_of("self-heal-predictions")
    dependencies, memory, failures = Dependencies(BESIDE_EMULATORS, view), Triggered("c0ffee00"), list[str]()
    dependencies.store = dependencies.publisher = memory  # type: ignore[assignment]
    dependencies.events.error = lambda *_, **__: None  # type: ignore[method-assign]
    monkeypatch.setattr(Warehouse, "rows", lambda *_, **__: [{"runs": 0}])
    boundary, publish_again = view.boundaries["phase2_to_phase3"], effect.repeat.publish_again

    def spoilt(dependencies: Dependencies, boundary: Any, snapshot: Snapshot) -> int | None:
        number: int | None = publish_again(dependencies, boundary, snapshot) if snapshot.key != "2026-01-29" else 1 // 0
        return number

    monkeypatch.setattr(effect.repeat, "publish_again", spoilt)
    found = list(effect.repeat_without_effect(dependencies, boundary, sweep.Budget.of(view), failures))
    assert [text[:30] for text in found] == ["phase2_to_phase3 of 2026-01-28"]
    assert [failure[:27] for failure in failures] == ["phase2_to_phase3 2026-01-29", "phase2_to_phase3 2026-01-28"]
    assert "its document cannot be evaluated" in failures[0]
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["event"], line["game_date"]) for line in told] == [
        ("defect", "2026-01-29"),
        ("dependency_unavailable", "2026-01-28"),
    ]


def test_whatever_a_document_raises_keeps_no_other_date_from_being_swept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A `StopIteration` would end the generator that meets it as a `RuntimeError`, and the run with it."""
    view = view_of("self-heal-predictions")
    dependencies = Dependencies(BESIDE_EMULATORS, view, lambda *_: [])
    dependencies.store = Memory()  # type: ignore[assignment]

    def run(_: Any, __: Any, date: str) -> Any:
        if date == "2026-01-29":
            raise StopIteration
        return protocol.Outcome("triggered", "all_complete")

    monkeypatch.setattr(runner, "run", run)
    dates: list[tuple[str, tuple[str, ...]]] = [("2026-01-30", ()), ("2026-01-29", ()), ("2026-01-28", ())]
    one = sweep.Sweep(dependencies, view.boundaries["phase2_to_phase3"])
    found = list(one._each(dates, sweep.Budget.of(view)))
    assert [one.failure is None for one in found] == [True, False, True]


@pytest.mark.parametrize(("status", "reported"), [("busy", True), ("done", True), ("triggered", False)])
def test_a_date_that_somebody_holds_for_ever_is_reported_once_its_deadline_passed(
    status: Any, reported: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = view_of("self-heal-predictions")
    dependencies, memory = Dependencies(BESIDE_EMULATORS, view, lambda *_: []), Memory()
    dependencies.store = memory  # type: ignore[assignment]
    dependencies.events.report = lambda *_: None  # type: ignore[method-assign]
    memory.documents["2026-01-29"] = {"_triggered": False, "_first_completion_at": NOW}
    monkeypatch.setattr(runner, "run", lambda *_: protocol.Outcome(status, "another attempt is publishing"))
    one = sweep.Sweep(dependencies, view.boundaries["phase2_to_phase3"])
    assert [found.overdue for found in one._each([("2026-01-29", ())], sweep.Budget.of(view))] == [reported]


class Days(Memory):
    """Triggers of the last days without an effect, some under ids that are no dates; each publication may fail."""

    def __init__(self, *, down: bool) -> None:
        super().__init__()
        triggered = {"_triggered": True, "_triggered_at": datetime.now(UTC) - timedelta(hours=5)}
        today = datetime.now(UTC).date()
        self.documents = {(today - timedelta(days=days)).isoformat(): dict(triggered) for days in range(3)}
        self.documents |= {"2099-13-40": dict(triggered), "zz-test": dict(triggered)}
        self.down = {"nba-phase3-trigger": True, "nba-phase4-trigger": True} if down else {}

    def find(self, collection: str, *_: Any, **__: Any) -> Iterator[Snapshot]:
        yield from (self.read(collection, key) for key in sorted(self.documents))


@pytest.mark.parametrize("down", [False, True], ids=["published", "refused"])
def test_a_run_of_backfill_makes_no_more_attempts_than_it_may(
    backfill: Any, down: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = view_of("auto-backfill-orchestrator")
    dependencies, memory, asked = Dependencies(BESIDE_EMULATORS, view), Days(down=down), list[str]()
    dependencies.store = dependencies.publisher = memory  # type: ignore[assignment]
    dependencies.events.error = lambda *_, **__: None  # type: ignore[method-assign]

    def lacking(boundary: Any, _: Any, expected: tuple[str, ...], key: str, *__: Any) -> Any:
        return importlib.import_module("candidates").Candidate(boundary, key, (), expected, 0.0)

    def rows(_: Any, sql: str, **__: Any) -> list[Any]:
        asked.append(sql)
        return []

    monkeypatch.setattr(Warehouse, "rows", rows)
    monkeypatch.setattr(backfill, "candidate", lacking)
    answer = backfill.run(dependencies, "sweep")
    assert sum("INSERT INTO" in sql for sql in asked) == 5
    assert (len(answer["failures"]), len(answer["published_again"])) == ((5, 0) if down else (0, 5))


class Beats(Memory):
    """Heartbeats that nobody closed, asked as Firestore is: the latest beat first, a page at a time."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.asked: list[int] = []
        self.documents = {
            f"run-{each:04}": {"status": "running", "last_heartbeat": NOW - timedelta(hours=each + 5)}
            for each in range(number)
        }

    def find(self, *_: Any, limit: int = 0, after: Any = None, **__: Any) -> Iterator[Snapshot]:
        self.asked.append(limit)
        running = [key for key, each in self.documents.items() if each["status"] == "running"]
        rest = [key for key in running if after is None or key > after.key]
        yield from (self.read("processor_heartbeats", key) for key in rest[: limit or None])


@pytest.mark.parametrize(("seconds", "closed"), [(3_600.0, 700), (0.0, 0)], ids=["time enough", "no time"])
def test_dead_heartbeats_are_closed_page_by_page_as_long_as_there_is_time(
    heartbeats: Any, seconds: float, closed: int
) -> None:
    view = view_of("self-heal-predictions")
    dependencies, memory = Dependencies(BESIDE_EMULATORS, view), Beats(700)
    dependencies.store = memory  # type: ignore[assignment]
    assert len(list(heartbeats.close_stale(dependencies, sweep.Budget(time.monotonic() + seconds)))) == closed
    assert sum(each["status"] == "stale" for each in memory.documents.values()) == closed
    assert memory.asked == [sweep.PAGE] * (closed // sweep.PAGE + 1 if closed else 0)


def topic_of(limit: int) -> tuple[Publisher, list[int]]:
    """Return a publisher whose service takes no more than so many bytes at once, as Pub/Sub does, and the calls it got."""
    publisher, calls = Publisher(BESIDE_EMULATORS), list[int]()

    class Service:
        def publish(self, request: Any, **_: Any) -> None:
            if len(request.messages) > 1_000 or sum(len(each.data) for each in request.messages) > limit:
                raise errors.InvalidArgument("the request is too large")
            calls.append(len(request.messages))

    publisher.__dict__["client"] = Service()
    return publisher, calls


@pytest.mark.parametrize(
    ("number", "size", "expected"),
    [
        (5, 300_000, [5]),
        (40, 320_000, [28, 12]),
        (3, 9_500_000, [1, 1, 1]),
        (2_001, 10, [1_000, 1_000, 1]),
        (1, 9_900_000, [1]),
    ],
)
def test_a_trigger_of_many_tables_is_published_in_as_few_calls_as_take_it(
    number: int, size: int, expected: list[int]
) -> None:
    publisher, calls = topic_of(10_000_000)
    publisher.publish("topic", tuple(Message(b"x" * size, {"source_table": str(each)}) for each in range(number)))
    assert calls == expected


def test_a_message_that_is_too_large_by_itself_is_refused() -> None:
    publisher, calls = topic_of(10_000_000)
    with pytest.raises(DependencyRefused):
        publisher.publish("topic", (Message(b"x" * 10_000_001),))
    assert calls == []
