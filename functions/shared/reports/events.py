"""What the function tells about itself and what it cannot use: rows for the event topics, and dead letters.

Nothing here may cost a completion: an event that cannot be published is logged with its whole content. A dead letter
that cannot be stored now is different, because it is the only copy: the caller must not acknowledge.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any, Literal

from shared.decisions.effects import Message, Unavailable
from shared.declaration.fields import problem
from shared.declaration.view import View
from shared.google.pubsub import Publisher
from shared.reports.logs import Severity, log

PART = 9_500_000
"""Bytes of a dead letter per message: a 10 MB message with our attributes would no longer be a legal one."""
MAX_ATTRIBUTE = 1_000
"""Bytes of an attribute's value (Pub/Sub: 1,024) and of a name we copy (Pub/Sub: 256, cut by the same rule)."""
LOG_PART = 100_000
"""Characters of a message, and of its attributes, per line of the log; of one above 256 KiB Cloud Logging reads no event."""

Category = Literal["no_data_available", "upstream_failure", "processing_error", "timeout", "configuration_error"]
FORWARDED = "CloudPubSubDeadLetter"
"""How attributes begin that Pub/Sub sets on what it forwards to a dead letter; what a function keeps never has them,
whatever a publisher wrote, so that they tell the two apart."""


class EventPublisher:
    """The event topics and the dead letter of one function."""

    def __init__(self, view: View, publisher: Publisher) -> None:
        self._view = view
        self._publisher = publisher

    def report(self, part: str, facts: Mapping[str, Any]) -> None:
        """Publish the columns of the event that `facts` know; log instead where that fails or the row would not fit."""
        event, facts = self._view.events[part], self._view.named(facts)
        row = {name: facts[name] for name in event.fields if facts.get(name) is not None}
        wrong = [f"lacks {name}" for name, rule in event.fields.items() if rule.get("required") and name not in row]
        wrong += [f"{name} {fault}" for name, value in row.items() if (fault := problem(value, event.fields[name]))]
        try:
            if wrong:
                raise Unavailable("events", f"it does not fit its table: {'; '.join(wrong)}", permanent=True)
            self._publisher.publish(event.topic, (Message(json.dumps(row, default=str).encode()),))
        except Unavailable as failure:
            log("ERROR", "event_not_published", f"An event for {event.topic} is only in this line: {failure}", row=row)

    def error(
        self,
        kind: str,
        message: str,
        *,
        category: Category,
        severity: Literal["critical", "warning", "info"] = "critical",
        identity: str = "",
        **facts: Any,
    ) -> None:
        """Log an error and publish it as a row; `identity` makes the id the same for a redelivery."""
        levels: dict[str, Severity] = {"critical": "ERROR", "warning": "WARNING", "info": "NOTICE"}
        known = self._view.named(facts)
        log(levels[severity], kind, message, **{name: value for name, value in known.items() if value is not None})
        now = datetime.now(UTC).isoformat()
        self.report(
            "errors",
            {
                "error_id": _digest(self._view.function, kind, identity or now, message),
                "service_name": self._view.function,
                "error_timestamp": now,
                "error_type": kind,
                "error_category": category,
                "severity": severity,
                "error_message": message,
                **facts,
            },
        )

    def dead_letter(self, raw: bytes, reason: str, attributes: Mapping[str, str], **facts: str) -> None:
        """Keep `raw` with the reason; raises `Unavailable` where it is not stored and a redelivery may help.

        Where the topic itself is absent no redelivery helps: the bytes go to the log, whole, in numbered parts.
        """
        own = {name: value for name, value in attributes.items() if not name.startswith(FORWARDED)}
        kept = _attributes({**own, "reason": reason, "function": self._view.function, **facts})
        parts = [raw[start : start + PART] for start in range(0, len(raw), PART)] or [b""]
        topic = self._view.dead_letter_topic
        try:
            if topic is None:
                raise Unavailable("pubsub", "the function has no dead letter topic", permanent=True)
            for number, part in enumerate(parts, start=1):
                # Pub/Sub refuses a message that has neither data nor attributes; ours always has attributes.
                extra = {"part": f"{number}/{len(parts)}"} if len(parts) > 1 else {}
                self._publisher.publish(topic, (Message(part, kept | extra),))
        except Unavailable as failure:
            if not failure.permanent:
                raise
            self._keep_in_log(raw, kept, failure)

    def _keep_in_log(self, raw: bytes, attributes: Mapping[str, str], failure: Unavailable) -> None:
        text = base64.b64encode(raw).decode()
        parts = [text[start : start + LOG_PART] for start in range(0, len(text), LOG_PART)]
        lines = list(zip_longest(parts, _lines(attributes), fillvalue=None))
        for number, (part, some) in enumerate(lines, start=1):
            log(
                "CRITICAL",
                "dead_letter_in_log",
                f"A message is kept in this log only, because {failure}.",
                part=f"{number}/{len(lines)}",
                attributes=some or {},
                raw_base64=part or "",
            )


def _attributes(attributes: Mapping[str, str]) -> dict[str, str]:
    kept = {}
    for name, value in list(attributes.items())[-100:]:
        if name and not name.lower().startswith("goog") and len(name.encode("utf-8", "replace")) <= 256:
            kept[_cut(name)] = _cut(value)
    return kept


def _lines(attributes: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the attributes in as many parts as lines of the log take."""
    lines: list[dict[str, str]] = [{}]
    length = 0
    for name, value in attributes.items():
        length += len(json.dumps({name: value}))
        if length > LOG_PART:
            lines.append({})
            length = len(json.dumps({name: value}))
        lines[-1][name] = value
    return lines


def _cut(text: str) -> str:
    return text.encode("utf-8", "replace")[:MAX_ATTRIBUTE].decode("utf-8", "ignore")


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()[:32]
