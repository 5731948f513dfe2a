"""From bytes to a completion, or to the reason why there is none. No input raises anything but `Bad`.

A required field of the wrong type makes a message bad. An optional one is dropped with a warning: the completion
counts all the same.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from shared import names
from shared.completion import Completion
from shared.view import Phase

MAX_TEXT = 1_000
"""Longest required text; a name or id of a kilobyte is an accident."""
VERSION = "schema_version"
KNOWN_VERSIONS = frozenset({"1", "1.0"})
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")

Schema = Mapping[str, Mapping[str, Any]]


class Bad(Exception):
    """A message that cannot be used: `reason` is a stable word, the text a sentence."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Envelope:
    """What Pub/Sub pushed."""

    data: bytes
    attributes: Mapping[str, str] = field(default_factory=dict)
    message_id: str = ""
    publish_time: str = ""


def envelope(body: bytes, content_type: str) -> Envelope:
    """Return the pushed message; raises `Bad` for a body that is no push envelope."""
    media = content_type.split(";")[0].strip().lower()
    if media and media != "application/json" and not media.endswith("+json"):
        raise Bad("content_type", f"The content type is {media[:100]!r}, not JSON.")
    message = _object(body, "body").get("message")
    if not isinstance(message, dict):
        raise Bad("envelope", "The body is no push envelope: it has no object `message`.")
    data, attributes = message.get("data", ""), message.get("attributes") or {}
    if not isinstance(data, str) or not isinstance(attributes, dict):
        raise Bad("envelope", "The envelope's `data` is no text or its `attributes` no object.")
    try:
        content = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise Bad("envelope", "The envelope's `data` is not base64.") from None
    return Envelope(
        content,
        {str(name): str(value) for name, value in attributes.items()},
        str(message.get("messageId") or message.get("message_id") or ""),
        str(message.get("publishTime") or message.get("publish_time") or ""),
    )


def completion(received: Envelope, phase: Phase, schema: Schema) -> tuple[Completion, list[str]]:
    """Return the completion and a warning for each optional field that was dropped; raises `Bad`."""
    message = _object(received.data, "message")
    version = str(message.get(VERSION) or received.attributes.get(VERSION) or "1")
    if version not in KNOWN_VERSIONS:
        raise Bad("schema_version", f"The schema version {version[:100]!r} is not known.")
    warnings: list[str] = []
    fields = _typed(message, schema, "", warnings)
    if fields["phase"] != phase.label:
        raise Bad("phase", f"The phase is {fields['phase']!r}; this boundary takes {phase.label!r}.")
    known = schema.get("metadata", {}).get("properties", {})
    metadata = dict(fields.get("metadata") or {})
    usable = _typed(metadata, known, "metadata.", warnings)
    metadata.update({name: usable.get(name) for name in known})
    if "entities_changed" not in usable and (fields.get("metadata") or {}).get("entities_changed") is not None:
        metadata["is_incremental"] = None  # what changed is not known, so the run counts as a full one
    sender = fields["processor_name"]
    processor = names.processor(phase, sender, fields.get("output_table"))
    if phase.batch:
        processor = processor or _batch_name(sender)
    return Completion(
        sender=sender,
        processor=processor,
        game_date=fields["game_date"],
        status=fields["status"],
        completed_at=_time(fields["timestamp"]),
        correlation_id=fields.get("correlation_id") or fields["execution_id"],
        execution_id=fields["execution_id"],
        record_count=fields.get("record_count"),
        error_message=fields.get("error_message"),
        is_incremental=metadata.get("is_incremental") is True,
        entities_changed=tuple(metadata.get("entities_changed") or ()),
        skip_downstream=fields.get("skip_downstream") is True or metadata.get("skip_downstream") is True,
        metadata={name: value for name, value in metadata.items() if _storable(name, value)} if phase.batch else {},
    ), warnings


def _object(data: bytes, what: str) -> dict[str, Any]:
    try:
        value = json.loads(data, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Bad("not_json", f"The {what} is not JSON: {str(error)[:200]}.") from None
    if not isinstance(value, dict):
        raise Bad("not_json", f"The {what} is no JSON object.")
    return value


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


def _typed(message: Mapping[str, Any], schema: Schema, prefix: str, warnings: list[str]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, rule in schema.items():
        value = message.get(name)
        if value is None:
            if rule.get("required"):
                raise Bad("missing_field", f"The required field `{prefix}{name}` is missing.")
            continue
        wrong = problem(value, rule) or _length(value, rule)
        if wrong is None:
            fields[name] = value
        elif rule.get("required"):
            raise Bad("wrong_type", f"The required field `{prefix}{name}` {wrong}.")
        else:
            warnings.append(f"The optional field `{prefix}{name}` {wrong}; it was dropped.")
    return fields


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


def _length(value: Any, rule: Mapping[str, Any]) -> str | None:
    if rule.get("required") and isinstance(value, str) and not 0 < len(value) <= MAX_TEXT:
        return "is empty or too long"
    return None


def _batch_name(sender: str) -> str:
    name = re.sub(r"[^a-z0-9_]", "_", names.snake_case(sender)).strip("_")
    return name[:100] or "batch"


def _text(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:  # half of a surrogate pair: JSON can say it, no store can keep it
        return False
    return True


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**63


def _date(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(_DATE.fullmatch(value)) and 1900 <= date.fromisoformat(value).year < 2200
    except ValueError:
        return False


def _timestamp(value: Any) -> bool:
    try:
        return isinstance(value, str) and 1900 <= _time(value).year < 2200
    except (ValueError, OverflowError):
        return False


def _time(value: str) -> datetime:
    parsed = datetime.fromisoformat(value)
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)


def _storable(name: str, value: Any) -> bool:
    scalar = isinstance(value, bool) or _number(value) or (_text(value) and len(value) <= MAX_TEXT)
    return scalar and re.fullmatch(r"[a-z][a-z0-9_]{0,99}", name) is not None


_CHECKS = {
    "string": _text,
    "integer": lambda value: _number(value) and float(value).is_integer(),
    "number": _number,
    "boolean": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "strings": lambda value: isinstance(value, list) and all(_text(item) for item in value),
    "date": _date,
    "timestamp": _timestamp,
}
