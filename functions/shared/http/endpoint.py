"""The HTTP endpoint of every function: `/` takes events, `/health` says whether the dependencies answer.

A finding is an answer (200); only what should be delivered again is a failure: 503 for a dependency that is down or a
date that another attempt holds, 500 for a defect. Nothing that a caller sends may end the process.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from shared.decisions.effects import Unavailable
from shared.http import caller
from shared.http.health import report as health
from shared.orchestration import runner
from shared.orchestration.dependencies import Dependencies
from shared.reports import logs

if TYPE_CHECKING:
    from flask import Request

MAX_BODY = 32 * 1024 * 1024
"""Largest request that Cloud Run passes on; a 10 MB message is 13.4 MB in its envelope."""

Answer = tuple[str, int, dict[str, str]]
Handler = Callable[[bytes, str], tuple[int, dict[str, Any]]]


class _Incomplete(Exception):
    """The caller went away in the middle of the body."""


def answer(request: Request, dependencies: Dependencies, handle: Handler) -> Answer:
    """Return the response to a request; `handle` takes the body and its content type."""
    header = request.headers.get("X-Cloud-Trace-Context") or request.headers.get("traceparent")
    with logs.bound(**logs.trace(header, dependencies.settings.project)):
        try:
            caller.check(dependencies.settings, dependencies.view.caller, request.headers.get("Authorization"))
            return _json(*_routed(request, dependencies, handle))
        except caller.CallerRefused as refusal:
            logs.log("WARNING", "caller_refused", str(refusal))
            return _json(401, {"error": str(refusal)})
        except Unavailable as failure:
            what = "refuses until somebody changes something" if failure.permanent else "is unavailable"
            runner.note_failure(failure, "Not acknowledged")
            return _json(503, {"error": f"{failure.dependency} {what}"})
        except RequestEntityTooLarge:
            logs.log("ERROR", "body_too_large", f"A body of more than {MAX_BODY} bytes was refused.")
            return _json(413, {"error": "the body is too large"})
        except (ClientDisconnected, _Incomplete):
            logs.log("WARNING", "body_incomplete", "The caller went away before its body was complete.")
            return _json(400, {"error": "the body is incomplete"})
        except Exception:  # noqa: BLE001 - the outermost frame: reported with its trace, and not acknowledged
            logs.failure("defect", "The request failed for a reason nobody foresaw; it is not acknowledged.")
            return _json(500, {"error": "internal error"})


def _routed(request: Request, dependencies: Dependencies, handle: Handler) -> tuple[int, dict[str, Any]]:
    if request.path == "/health":
        return health(dependencies)
    if request.path != "/":
        return 404, {"error": "there is / for events and /health"}
    if request.method != "POST":
        return 405, {"error": "events are posted"}
    return handle(_body(request), request.headers.get("Content-Type", ""))


def _body(request: Request) -> bytes:
    """Return the whole body; raises `_Incomplete` where the connection ended before it did.

    The server ends a body silently where the caller went away, so its length is compared with what was announced; in a
    body sent in chunks the server itself misses the end, and says so as an error of the stream.
    """
    request.max_content_length = MAX_BODY
    try:
        body = request.get_data(cache=False)
    except OSError as error:
        raise _Incomplete from error
    announced = request.content_length
    if announced is not None and len(body) < announced:
        raise _Incomplete
    return body


def _json(status: int, body: dict[str, Any]) -> Answer:
    return json.dumps(body, default=str), status, {"Content-Type": "application/json"}
