"""The REST client: pages, absent resources, refusals in sentences, and the token of every call."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from ops.verification.cloud import ControlPlaneError, Rest

ANSWERS = {
    "/v3/projects/p/alertPolicies": (200, {"alertPolicies": [{"name": "a"}], "nextPageToken": "n/2"}),
    "/v3/projects/p/alertPolicies?pageToken=n%2F2": (200, {"alertPolicies": [{"name": "b"}]}),
    "/v3/projects/p/alertPolicies/none": (404, {}),
    "/v3/projects/p/alertPolicies/secret": (403, {"error": {"message": "Permission denied."}}),
    "/v3/projects/p/alertPolicies/broken": (500, "no JSON"),
    "/v3/x:publish": (200, {"messageIds": ["1"]}),
}


@pytest.fixture
def rest() -> Iterator[Rest]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            assert self.headers["Authorization"] == "Bearer token"
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, body = ANSWERS.get(self.path, (404, {}))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode() if isinstance(body, dict) else str(body).encode())

        do_GET = do_POST = do_DELETE = answer  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Rest(
        lambda: "token", {"monitoring": f"http://127.0.0.1:{server.server_port}/v3/", "gone": "http://127.0.0.1:1/"}
    )
    server.shutdown()
    server.server_close()


def test_every_page_is_read(rest: Rest) -> None:
    assert [each["name"] for each in rest.list("monitoring", "projects/p/alertPolicies", "alertPolicies")] == ["a", "b"]


def test_what_is_not_there_is_none(rest: Rest) -> None:
    assert rest.get("monitoring", "projects/p/alertPolicies/none") is None
    rest.delete("monitoring", "projects/p/alertPolicies/none")
    assert rest.post("monitoring", "x:publish", {"messages": []}) == {"messageIds": ["1"]}


@pytest.mark.parametrize(
    ("api", "path", "sentence"),
    [
        ("monitoring", "secret", "answers 403 for .*secret: Permission denied$"),
        ("monitoring", "broken", "answers 500 for .*: no JSON"),
        ("gone", "x", "gone does not answer"),
    ],
)
def test_a_refusal_is_a_sentence(rest: Rest, api: str, path: str, sentence: str) -> None:
    with pytest.raises(ControlPlaneError, match=sentence):
        rest.get(api, f"projects/p/alertPolicies/{path}")
