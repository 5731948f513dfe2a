"""Who gets an answer from the local page's server: its own page. Not another host's name, another origin, or a link."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from ops.local.loopback import LONGEST, TOKEN, Loopback, Reply


@dataclass
class Served:
    server: Loopback
    changed: list[list[str]] = field(default_factory=list)

    def ask(self, method: str, path: str, body: str | None = None, **headers: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, named)
        return connection.getresponse()

    def own(self, **other: str) -> dict[str, str]:
        """Return the headers of the page itself, some of them others."""
        return {"Origin": self.server.address.rstrip("/"), TOKEN: self.server.token, **other}


@pytest.fixture
def served() -> Iterator[Served]:
    changed: list[list[str]] = []

    def change(parts: list[str]) -> Reply | None:
        changed.append(parts)
        return Reply("done", status=202) if parts == ["play", "a_day"] else None

    with Loopback(lambda parts: Reply("read") if parts == ["state"] else None, change) as server:
        yield Served(server, changed)


def test_the_page_itself_reads_and_changes(served: Served) -> None:
    assert served.ask("GET", "/state").read() == b"read"
    assert served.ask("POST", "/play/a_day", **served.own()).status == 202
    assert served.changed == [["play", "a_day"]]
    local = f"localhost:{served.server.port}"
    assert served.ask("GET", "/state", Host=local).status == 200
    assert served.ask("POST", "/play/a_day", **served.own(Host=local, Origin=f"http://{local}")).status == 202


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1",
        "127.0.0.1:1",
        "localhost",
        "127.0.0.1.evil.example:{port}",
        "evil.example:{port}",
        "0.0.0.0:{port}",
        "[::1]:{port}",
        "127.0.0.1:{port}.evil.example",
        "LOCALHOST:{port}",
        "",
    ],
)
def test_a_foreign_name_gets_nothing(served: Served, host: str) -> None:
    """A name of somebody else that is pointed at this machine makes a browser take its page for ours."""
    told = {"Host": host.format(port=served.server.port)}
    for method in ("GET", "POST"):
        reply = served.ask(method, "/state", **served.own(**told, Origin=f"http://{told['Host']}"))
        assert reply.status == 421
        assert b"read" not in reply.read()
    assert served.changed == []


@pytest.mark.parametrize(
    "other",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "https://127.0.0.1:{port}"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://127.0.0.1:{port}.evil.example"},
        {"Origin": "http://localhost:{port}"},
        {TOKEN: "guessed"},
        {TOKEN: ""},
        {TOKEN: "ü"},
    ],
    ids=str,
)
def test_another_origin_or_token_changes_nothing(served: Served, other: dict[str, str]) -> None:
    headers = served.own(**{name: value.format(port=served.server.port) for name, value in other.items()})
    encoded = {name: value.encode().decode("latin-1") for name, value in headers.items()}
    assert served.ask("POST", "/play/a_day", **encoded).status == 403
    assert served.changed == []


def test_what_says_no_origin_changes_nothing(served: Served) -> None:
    for left_out in ("Origin", TOKEN):
        headers = {name: value for name, value in served.own().items() if name != left_out}
        assert served.ask("POST", "/play/a_day", **headers).status == 403
    assert served.changed == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_nothing_but_a_post_changes(served: Served, method: str) -> None:
    reply = served.ask(method, "/play/a_day", **served.own())
    assert reply.status in (404, 501)
    assert reply.headers["Access-Control-Allow-Origin"] is None
    assert served.changed == []


def test_it_says_what_a_browser_may_do_with_it(served: Served) -> None:
    headers = served.ask("GET", "/state", Origin="http://evil.example").headers
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Access-Control-Allow-Origin"] is None
    assert "Python" not in (headers["Server"] or "")


def test_what_is_too_long_is_not_read(served: Served) -> None:
    assert served.ask("GET", "/state?" + "a" * LONGEST).status == 413
    assert served.ask("POST", "/play/a_day", "x" * (LONGEST + 1), **served.own()).status == 413
    assert served.ask("POST", "/play/a_day", **served.own(Content_Length="-5")).status == 413
    assert served.changed == []


def test_nobody_else_on_the_network_reaches_it(served: Served) -> None:
    others = {str(each[4][0]) for each in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    for address in {each for each in others if not each.startswith("127.")}:
        with pytest.raises(OSError, match=r"refused|timed out"):
            socket.create_connection((address, served.server.port), 2)
    assert served.server.address.startswith("http://127.0.0.1:")
