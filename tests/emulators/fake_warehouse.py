"""A stand-in for BigQuery's query call: answers each query by the first rule whose text it contains."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

Rows = list[dict[str, Any]]


class FakeWarehouse:
    """Serves on a free port; `answers` maps a part of a query to rows, `down` makes every call fail, `delay` slow."""

    def __init__(self) -> None:
        self.answers: dict[str, Rows] = {}
        self.queries: list[dict[str, Any]] = []
        self.down = False
        self.delay = 0.0
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.address = f"127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self) -> FakeWarehouse:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.server.shutdown()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        warehouse = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                warehouse.queries.append(request)
                time.sleep(warehouse.delay)
                status, answer = warehouse.answer(request["query"])
                body = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        return Handler

    def answer(self, query: str) -> tuple[int, dict[str, Any]]:
        if self.down:
            return 503, {"error": {"code": 503, "message": "down", "errors": [{"reason": "backendError"}]}}
        rows = next((rows for part, rows in self.answers.items() if part in query), [])
        names = list(rows[0]) if rows else ["value"]
        kinds = {int: "INTEGER", float: "FLOAT", str: "STRING"}
        fields = [{"name": name, "type": kinds[type(rows[0][name])] if rows else "INTEGER"} for name in names]
        return 200, {
            "jobComplete": True,
            "jobReference": {"projectId": "p", "jobId": "j", "location": "us-west2"},
            "schema": {"fields": fields},
            "rows": [{"f": [{"v": str(row[name])} for name in names]} for row in rows],
            "totalRows": str(len(rows)),
        }
