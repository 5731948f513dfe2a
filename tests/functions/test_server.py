"""The HTTP surface on the server that the platform runs, functions-framework's gunicorn: bodies that end early, slow
callers, many at once, and an end of the instance in the middle of a request.

The emulators' addresses lead nowhere. So a message that is understood cannot be recorded (503, it comes again), one that
is not cannot be kept (503 too, the dead letter is the only copy), and only what is known to be incomplete is a 400.
"""

from __future__ import annotations

import base64
import json
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ops.local.processes import ended, free_port, started, wait_for
from tests.functions.conftest import ROOT
from tests.functions.views import raw_view

NOWHERE = "127.0.0.1:9"
ENVIRONMENT = {
    "GCP_PROJECT_ID": "demo-project",
    "ENVIRONMENT": "test",
    "FIRESTORE_EMULATOR_HOST": NOWHERE,
    "PUBSUB_EMULATOR_HOST": NOWHERE,
    "PYTHONWARNINGS": "ignore",
    "PYTHONTZPATH": "",
}
GOOD = {
    "processor_name": "p2_odds_game_lines",
    "phase": "phase_2_raw",
    "game_date": "2026-01-29",
    "execution_id": "e",
    "status": "success",
    "timestamp": "2026-01-30T09:00:00Z",
}
BODY = json.dumps(
    {"message": {"data": base64.b64encode(json.dumps(GOOD).encode()).decode(), "messageId": "7"}}
).encode()


class Server:
    """One function on its real server."""

    def __init__(self, folder: Path) -> None:
        (folder / "shared").symlink_to(ROOT / "functions/shared")
        (folder / "main.py").write_bytes((ROOT / "functions/phase2_to_phase3/main.py").read_bytes())
        (folder / "pipeline.json").write_text(json.dumps(raw_view("phase2-to-phase3-orchestrator")))
        self.port, self.log = free_port(), folder / "log"
        code = "import sys; from functions_framework._cli import _cli; sys.exit(_cli())"
        command = [sys.executable, "-c", code, "--target", "orchestrate_phase2_to_phase3", "--port", str(self.port)]
        self.process = started(command, self.log, cwd=folder, env=ENVIRONMENT)
        wait_for(self.port, self.process, self.log)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), 60)

    def sent(self, *pieces: bytes, pause: float = 0.0, hang_up: bool = False) -> int | None:
        """Send pieces of a request and return the status; `hang_up` ends our side after them."""
        with self.connect() as connection:
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(pause)
            if hang_up:
                connection.shutdown(socket.SHUT_WR)
            return status_of(connection)

    def events(self) -> list[str]:
        lines = (line for line in self.log.read_text().splitlines() if line.startswith("{"))
        return [json.loads(line)["event"] for line in lines]


def status_of(connection: socket.socket) -> int | None:
    answer = b""
    while b"\r\n" not in answer and (more := connection.recv(4096)):
        answer += more
    return int(answer.split()[1]) if answer else None


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("server"))
    yield running
    ended(running.process)


def head(*lines: str) -> bytes:
    fixed = ("POST / HTTP/1.1", "Host: localhost", "Content-Type: application/json", "Connection: close")
    return "\r\n".join((*fixed, *lines, "", "")).encode()


def sized(body: bytes) -> bytes:
    return head(f"Content-Length: {len(body)}")


CHUNKED = head("Transfer-Encoding: chunked")


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param((sized(BODY), BODY[:-1]), id="all but the last byte"),
        pytest.param((sized(BODY), BODY[:40]), id="the first bytes"),
        pytest.param((sized(BODY),), id="no byte"),
        pytest.param((CHUNKED, chunk(BODY[:40])), id="a chunk and no end"),
        pytest.param((CHUNKED, chunk(BODY)), id="every chunk and no end"),
        pytest.param((CHUNKED, chunk(BODY)[:40]), id="half a chunk"),
        pytest.param((CHUNKED,), id="no chunk"),
    ],
)
def test_a_body_that_ends_early_is_refused_and_nothing_is_kept_of_it(server: Server, pieces: tuple[bytes, ...]) -> None:
    before = len(server.events())
    assert server.sent(*pieces, hang_up=True) == 400
    assert server.events()[before:] == ["body_incomplete"]


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param((sized(BODY), BODY), id="whole"),
        pytest.param((CHUNKED, chunk(BODY), b"0\r\n\r\n"), id="in one chunk"),
        pytest.param((CHUNKED, chunk(BODY[:9]), chunk(BODY[9:]), b"0\r\n\r\n"), id="in chunks"),
        pytest.param((sized(b"junk"), b"junk"), id="whole and no message"),
    ],
)
def test_a_whole_body_is_read(server: Server, pieces: tuple[bytes, ...]) -> None:
    before = len(server.events())
    assert server.sent(*pieces) == 503
    assert server.events()[before:] == ["dependency_unavailable"]


def test_a_slow_caller_keeps_nobody_waiting(server: Server) -> None:
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(server.sent, sized(BODY), *(BODY[at : at + 60] for at in range(0, len(BODY), 60)), pause=0.5)
        time.sleep(0.5)
        started_at = time.monotonic()
        assert server.sent(b"GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n") == 404
        assert not slow.done()
        assert time.monotonic() - started_at < 5
        assert slow.result() == 503


def test_a_caller_that_vanishes_costs_nothing(server: Server) -> None:
    for _ in range(20):
        with server.connect() as connection:
            connection.sendall(sized(BODY) + BODY[:30])
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # a reset, not an end
    assert server.sent(sized(BODY), BODY) == 503
    assert {"defect", "bad_message"}.isdisjoint(server.events())


def test_many_at_once_are_all_answered(server: Server) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(
            pool.map(
                lambda number: server.sent(sized(BODY), BODY[: 40 * (number % 2)] or BODY, hang_up=True), range(64)
            )
        )
    assert sorted(set(filter(None, answers))) == [400, 503]
    assert None not in answers


def test_the_end_of_an_instance_waits_for_the_request_in_it(tmp_path: Path) -> None:
    server = Server(tmp_path)
    answers: list[int | None] = []
    pieces = (sized(BODY) + BODY[:40], BODY[40:80], BODY[80:])
    caller = threading.Thread(target=lambda: answers.append(server.sent(*pieces, pause=1.0)))
    caller.start()
    time.sleep(0.7)
    server.process.send_signal(signal.SIGTERM)
    caller.join(60)
    assert answers == [503]
    assert server.process.wait(60) == 0
