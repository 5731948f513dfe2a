"""The platform's front door: passes requests on to a function, and answers 503 while an instance dies or starts."""

from __future__ import annotations

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from ops.local.processes import FunctionProcess


class Front:
    """Serves on a free port in front of a function."""

    def __init__(self, function: FunctionProcess) -> None:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:  # the protocol's name
                """Pass the request on."""
                body = self.rfile.read(int(self.headers["Content-Length"]))
                try:
                    inner = http.client.HTTPConnection("127.0.0.1", function.port, timeout=60)
                    inner.request("POST", self.path, body, {"Content-Type": self.headers["Content-Type"] or ""})
                    answer = inner.getresponse()
                    status, content = answer.status, answer.read()
                    inner.close()
                except (OSError, http.client.HTTPException):
                    status, content = 503, b""
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self) -> Front:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.server.shutdown()
