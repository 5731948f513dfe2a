"""The messages that the tests send, and how they are sent."""

from __future__ import annotations

import base64
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any


def completion(processor: str, game_date: str, phase: str = "phase_2_raw", **values: Any) -> dict[str, Any]:
    message = {
        "processor_name": processor,
        "phase": phase,
        "game_date": game_date,
        "execution_id": f"execution-{processor}",
        "correlation_id": "c0ffee00",
        "status": "success",
        "timestamp": "2026-01-30T09:00:00Z",
        "record_count": 5,
    }
    return message | values


def envelope(data: bytes, message_id: str = "1") -> bytes:
    message = {"data": base64.b64encode(data).decode(), "messageId": message_id, "attributes": {}}
    return json.dumps({"message": message, "subscription": "projects/p/subscriptions/s"}).encode()


def post(url: str, body: bytes, content_type: str = "application/json", seconds: float = 30) -> tuple[int, bytes]:
    request = urllib.request.Request(url, data=body, headers={"Content-Type": content_type}, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=seconds) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def eventually(true: Callable[[], bool], seconds: float = 60, every: float = 0.2) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(every)
