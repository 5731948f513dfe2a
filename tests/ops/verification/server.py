"""The twin's cloud over HTTP, for a verification that runs in a process of its own; completions arrive as they should."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from blueprint.loader import load_manifest
from ops.verification.synthetic import RESERVED, ways
from tests.engine.twin.cloud import Cloud
from tests.ops.verification.twin import TwinRest

LISTS = {"subscriptions": "subscriptions", "jobs": "jobs", "alertPolicies": "alertPolicies"}


@contextmanager
def serving(cloud: Cloud, root: Path, project: str, before: Callable[[TwinRest], object]) -> Iterator[str]:
    """Serve until the block ends, and yield host and port; `before` is called before each look at the cloud."""
    rest = TwinRest(cloud)
    documents: dict[str, Any] = {}
    way = {each.topic: each.document(RESERVED) for each in ways(load_manifest(root), project)}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            _, api, path = unquote(self.path).split("/", 2)
            before(rest)
            member = path.rpartition("/")[2]
            if member in LISTS:
                self.answer({member: list(rest.list(api, path, LISTS[member]))})
            else:
                self.answer(documents.get(path) if api == "firestore" else rest.get(api, path))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            _, api, path = unquote(self.path).split("/", 2)
            if not path.endswith(":publish"):
                self.answer(rest.post(api, path, body))
                return
            message = json.loads(base64.b64decode(body["messages"][0]["data"]))
            record = {"mapValue": {"fields": {"correlation_id": {"stringValue": message["correlation_id"]}}}}
            documents[way[path.removesuffix(":publish")]] = {"fields": {"processor": record}}
            self.answer({"messageIds": ["1"]})

        def do_DELETE(self) -> None:
            documents.pop(unquote(self.path).split("/", 2)[2], None)
            self.answer({})

        def answer(self, body: Any) -> None:
            content = json.dumps(body).encode()
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
