"""A small web server for a browser on this machine and for nobody else: what may be asked, from where, and how it is answered.

It listens on 127.0.0.1 only. A page of somebody else that a browser has open reaches it all the same, so each request must
name this address as its host (a foreign name that was pointed here does not), and what changes anything must come from the
page itself: by POST, with its origin and with the token that only that page was given.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

LONGEST = 1_000
"""Bytes of an address or a body; more is not read."""
SECONDS = 30.0
"""How long a request may take to arrive."""
TOKEN = "X-Local-Run"
HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
NOTHING = "default-src 'none'; frame-ancestors 'none'"


@dataclass(frozen=True)
class Reply:
    """An answer: text of a kind, and what a browser may do with it."""

    text: str
    kind: str = "text/plain"
    status: int = 200
    policy: str = NOTHING


def as_json(value: Any, status: int = 200) -> Reply:
    """Return a value as an answer."""
    return Reply(json.dumps(value, ensure_ascii=False, default=str), "application/json", status)


class Loopback:
    """Serves `read` by GET and `change` by POST; both take the parts of the path and return an answer."""

    def __init__(self, read: Callable[[list[str]], Reply | None], change: Callable[[list[str]], Reply | None]) -> None:
        self.token = secrets.token_urlsafe(32)
        self._read, self._change = read, change
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True

    def __enter__(self) -> Loopback:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def port(self) -> int:
        """Return where it listens."""
        return int(self._server.server_address[1])

    @property
    def address(self) -> str:
        """Return the address of the page."""
        return f"http://127.0.0.1:{self.port}/"

    def answer(self, method: str, path: str, headers: Mapping[str, str]) -> Reply:
        """Return the answer to a request, a refusal where it does not come from this machine's own page."""
        host = headers.get("Host", "")
        if host not in (f"127.0.0.1:{self.port}", f"localhost:{self.port}"):
            return Reply("This address answers only under its own name.\n", status=421)
        if method == "POST":
            own = headers.get("Origin") == f"http://{host}"
            if not own or not secrets.compare_digest(headers.get(TOKEN, "").encode(), self.token.encode()):
                return Reply("Only the page itself may change anything.\n", status=403)
        parts = [part for part in path.partition("?")[0].split("/") if part]
        found = self._change(parts) if method == "POST" else self._read(parts)
        return found or Reply("There is no such thing here.\n", status=404)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            server_version, sys_version = "local-run", ""
            timeout = SECONDS

            def handle_one_request(self) -> None:
                try:
                    super().handle_one_request()
                except ConnectionError:  # a browser that went away
                    self.close_connection = True

            def do_GET(self) -> None:
                self.answered()

            def do_POST(self) -> None:
                self.answered()

            def answered(self) -> None:
                size = self.headers.get("Content-Length", "0")
                if len(self.path) > LONGEST or not size.isdigit() or int(size) > LONGEST:
                    reply = Reply("That is longer than anything that is asked here.\n", status=413)
                else:
                    self.rfile.read(int(size))
                    reply = server.answer(self.command, self.path, dict(self.headers.items()))
                content = reply.text.encode("utf-8", "replace")
                self.send_response(reply.status)
                for name, value in {**HEADERS, "Content-Security-Policy": reply.policy}.items():
                    self.send_header(name, value)
                self.send_header("Content-Type", f"{reply.kind}; charset=utf-8")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        return Handler
