"""The doors through which messages arrive: at functions, with the platform's back-off, and at services outside."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ops.local.clock import Clock
from ops.local.declared import Subscription
from ops.local.processes import FunctionProcess
from ops.local.redeliveries import Delivery, Key, Redeliveries

ANSWER_SECONDS = 600.0
"""How long a push request may take."""
AT_ONCE = 8
Forward = Callable[[Subscription, Mapping[str, Any], int], None]
"""Puts a message into a subscription's dead letter, after so many attempts."""


class Door:
    """Takes pushes of many subscriptions, and delivers refused ones again as the platform does, by the run's clock.

    The emulator knows no other clock, with a retry policy it gives up after a few failures, and while some deliveries
    fail it holds back others. So it is told that a message is taken; from then on it waits here, each time twice as long,
    and after its last attempt `forward` puts it into the dead letter. Callers of the functions in `refusing` are refused
    before the code sees anything, as without the right to call them.
    """

    def __init__(self, clock: Clock, subscriptions: Mapping[str, Subscription], forward: Forward) -> None:
        self._forward = forward
        self.clock = clock
        self.functions: dict[str, FunctionProcess] = {}
        self.deliveries: list[Delivery] = []
        self.secrets: list[Any] = []
        self.refusing: set[str] = set()
        self._subscriptions = subscriptions
        self._handled: Counter[str] = Counter()
        self.redeliveries = Redeliveries[tuple[str, str, bytes]]()
        self._done: set[Key] = set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def address(self, subscription: str, function: str, path: str = "/") -> str:
        """Return where a subscription pushes to; without a function everything is taken."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/{subscription}/{function}{path}"

    def secret(self, name: str) -> str:
        """Return an address that stands for the value of a secret: what is posted there is kept."""
        return self.address("secret", "", f"/{name}")

    def settled(self, subscription: str, message_id: str) -> bool:
        """Return whether a message needs no more time: done, or waiting until the clock goes on."""
        key = (subscription, message_id)
        return key in self._done or self.redeliveries.waits(key, self.clock.noted())

    def retry(self) -> int:
        """Deliver again what waited long enough; return how many messages that were."""
        due = self.redeliveries.due(self.clock.noted())
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(lambda each: self._attempt(each[0], *each[1]), due))
        return len(due)

    def begin_anew(self) -> None:
        """Forget what was delivered."""
        for each in (self.deliveries, self.secrets, self.refusing, self.redeliveries, self._done):
            each.clear()

    def close(self) -> None:
        """Take no more."""
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        door = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"] or 0))
                _, subscription, function, *rest = self.path.split("/", 3)
                status = door.taken(subscription, function, "/" + "".join(rest), body)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        return Handler

    def taken(self, subscription: str, function: str, path: str, body: bytes) -> int:
        """Take one request; return the status for its sender."""
        content = json.loads(body)
        if subscription == "secret":
            self.secrets.append(content)
            return 200
        self._attempt((subscription, str(content["message"]["messageId"])), function, path, body)
        return 200

    def _attempt(self, key: Key, function: str, path: str, body: bytes) -> None:
        at, began = self.clock.noted(), time.monotonic()
        status = self._passed_on(function, path, body) if function else 204
        self.deliveries.append(Delivery(at, *key, status, time.monotonic() - began))
        if 200 <= status < 300:
            self._done.add(key)
            return
        declared = self._subscriptions[key[0]]
        if not self.redeliveries.refused(declared, key, at, (function, path, body)):
            self._forward(declared, json.loads(body)["message"], declared.attempts)
            self._done.add(key)

    def handling(self, function: str) -> bool:
        """Return whether a function has a message in its hands."""
        return self._handled[function] > 0

    def _passed_on(self, function: str, path: str, body: bytes) -> int:
        if function in self.refusing:
            return 403
        target = self.functions.get(function)
        if target is None or target.process is None:
            return 0
        self._handled[function] += 1
        connection = http.client.HTTPConnection("127.0.0.1", target.port, timeout=ANSWER_SECONDS)
        try:
            connection.request("POST", path, body, {"Content-Type": "application/json"})
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            self._handled[function] -= 1
            connection.close()
