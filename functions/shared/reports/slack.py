"""Messages to Slack: Block Kit, verdict first, delivered or an error.

The webhook is a secret: it is read when the function starts, refused when empty (a missing webhook was once read as
nothing to say), and never written to a log.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterable
from typing import Any

from shared.decisions.effects import Unavailable

ATTEMPTS = 4
SECONDS = 10.0
HEADER, TEXT, BLOCKS = 150, 3_000, 50
"""Slack's limits: characters of a header, characters of a section's text, blocks of a message."""

_ADDRESS = re.compile(r"https?://[\w.-]+(:\d+)?(/[!-~]*)?", re.ASCII)
"""What the client takes as it is: of anything else it says what is wrong with it, and with that the secret."""

Blocks = list[dict[str, Any]]


def webhook() -> str:
    """Return the address from the secret; raises `RuntimeError` where it is absent, empty or no address."""
    address = os.environ.get("SLACK_WEBHOOK_URL", "").strip()
    if not _ADDRESS.fullmatch(address):
        raise RuntimeError("SLACK_WEBHOOK_URL is empty or no address: add a version to the secret and deploy again.")
    return address


def message(verdict: str, sections: Iterable[str], context: str) -> dict[str, Any]:
    """Return a message: the verdict as header and notification, sections of Slack markdown, a line of context."""
    blocks: Blocks = [{"type": "header", "text": {"type": "plain_text", "text": _cut(verdict, HEADER)}}]
    blocks += [{"type": "section", "text": {"type": "mrkdwn", "text": _cut(text, TEXT)}} for text in sections if text]
    blocks = blocks[: BLOCKS - 1]
    blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": _cut(context, TEXT)}]})
    return {"text": verdict, "blocks": blocks}


def escape(text: str) -> str:
    """Return text in which Slack sees no markup (its three control characters)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def post(address: str, payload: dict[str, Any]) -> None:
    """Deliver the message; raises `Unavailable` once four attempts, seconds apart with jitter, have failed."""
    body = json.dumps(payload).encode()
    problem = ""
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(random.uniform(0.5, 1.0) * 2**attempt)
        request = urllib.request.Request(address, data=body, headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=SECONDS):
                return
        except urllib.error.HTTPError as error:
            problem = f"Slack answered {error.code}: {error.read(200).decode('utf-8', 'replace')}"
            if error.code < 500 and error.code != 429:
                break
        except (OSError, http.client.HTTPException) as error:
            problem = f"Slack was not reached: {type(error).__name__}"
    raise Unavailable("slack", problem)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
