"""Structured logs, one JSON object per line, in the form that Cloud Logging reads.

`event` is the stable name that alerts and searches use; the message is for people. What is known of the request
(trace, boundary, date, correlation id) is added to every line through `bound`.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Literal

Severity = Literal["DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL"]

_bound: ContextVar[dict[str, Any] | None] = ContextVar("bound", default=None)
_TRACE = "logging.googleapis.com/trace"


@contextmanager
def bound(**fields: Any) -> Iterator[None]:
    """Add fields to every line logged inside."""
    token = _bound.set((_bound.get() or {}) | {name: value for name, value in fields.items() if value is not None})
    try:
        yield
    finally:
        _bound.reset(token)


def log(severity: Severity, event: str, message: str, **fields: Any) -> None:
    """Write one line; values that JSON does not know are written as text."""
    entry = {"severity": severity, "message": message, "event": event, **(_bound.get() or {}), **fields}
    sys.stdout.write(json.dumps(entry, default=str) + "\n")
    sys.stdout.flush()


def failure(event: str, message: str, **fields: Any) -> None:
    """Write the exception being handled, in the form that Error Reporting groups by."""
    log("ERROR", event, f"{message}\n{traceback.format_exc()}", **fields)


def trace(header: str | None, project: str) -> dict[str, str]:
    """Return the field that ties a line to its request, from the header `X-Cloud-Trace-Context` or `traceparent`."""
    if not header:
        return {}
    parts = header.split("/")[0].split("-")
    identifier = parts[1] if len(parts) > 1 else parts[0]
    return {_TRACE: f"projects/{project}/traces/{identifier}"}


class _Lines(logging.Handler):
    """What libraries log, in the same form."""

    def emit(self, record: logging.LogRecord) -> None:
        severity: Severity = "ERROR" if record.levelno >= logging.ERROR else "WARNING"
        log(severity, "library", f"{record.name}: {record.getMessage()}")


def take_over() -> None:
    """Send what libraries log, from warnings up, through `log`."""
    root = logging.getLogger()
    root.handlers = [_Lines(level=logging.WARNING)]
    logging.captureWarnings(True)
