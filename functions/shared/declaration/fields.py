"""Whether a value is the field that a message schema or an event's table describes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from shared.declaration.keys import Key

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,99}|[0-9a-f]{8}[0-9a-f-]{0,60}")


def problem(value: Any, rule: Mapping[str, Any]) -> str | None:
    """Return what keeps `value` from being the field that `rule` describes, or None where nothing does."""
    kind = rule["type"]
    if not _CHECKS[kind](value):
        return f"is not of type {kind}"
    if "enum" in rule and value not in rule["enum"]:
        return f"is none of {', '.join(rule['enum'])}"
    if "minimum" in rule and value < rule["minimum"]:
        return f"is below {rule['minimum']}"
    return None


def is_text(value: Any) -> bool:
    """Return whether it is text that a store can keep."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:  # half of a surrogate pair: JSON can say it, no store can keep it
        return False
    return True


def is_number(value: Any) -> bool:
    """Return whether it is a number that 64 bits can hold; a truth value is none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**63


def key_part(text: str) -> str:
    """Return text from outside as a part of a document id or field name: itself where it is short and plain, else a hash."""
    return text if _PLAIN.fullmatch(text) else hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


def _timestamp(value: Any) -> bool:
    try:
        return isinstance(value, str) and 1900 <= instant(value).year < 2200
    except (ValueError, OverflowError):
        return False


def instant(value: str) -> datetime:
    """Return an ISO time in UTC, which it is in where it names no zone; raises `ValueError`."""
    parsed = datetime.fromisoformat(value)
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)


_CHECKS = {
    "string": is_text,
    "integer": lambda value: is_number(value) and float(value).is_integer(),
    "number": is_number,
    "boolean": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "strings": lambda value: isinstance(value, list) and all(is_text(item) for item in value),
    "date": Key("date").fits,
    "hour": Key("hour").fits,
    "batch": Key("batch").fits,
    "timestamp": _timestamp,
}
