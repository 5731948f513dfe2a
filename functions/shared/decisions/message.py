"""From bytes to a completion, or to the reason why there is none. No input raises anything but `Bad`.

A required field of the wrong type makes a message bad. An optional one is dropped with a warning: the completion
counts all the same.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.decisions import bounds, names
from shared.decisions.completion import Completion
from shared.declaration.fields import instant, problem
from shared.declaration.types import Phase
from shared.declaration.view import View

VERSION = "schema_version"
KNOWN_VERSIONS = frozenset({"1", "1.0"})

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


def completion(received: Envelope, view: View, phase: Phase) -> tuple[Completion, list[str]]:
    """Return the completion and a warning for each optional field that was dropped; raises `Bad`."""
    schema = view.completion
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
    return Completion(
        sender=sender,
        processor=processor,
        date=fields[view.date_field],
        status=fields["status"],
        completed_at=instant(fields["timestamp"]),
        correlation_id=fields.get("correlation_id") or fields["execution_id"],
        execution_id=fields["execution_id"],
        record_count=fields.get("record_count"),
        error_message=fields.get("error_message"),
        is_incremental=metadata.get("is_incremental") is True,
        entities_changed=tuple(metadata.get("entities_changed") or ()),
        skip_downstream=fields.get("skip_downstream") is True or metadata.get("skip_downstream") is True,
        metadata=bounds.metadata(metadata, known) if phase.batch else {},
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
        wrong = problem(value, rule) or _length(name, value, rule)
        if wrong is None:
            fields[name] = value
        elif rule.get("required"):
            raise Bad("wrong_type", f"The required field `{prefix}{name}` {wrong}.")
        else:
            warnings.append(f"The optional field `{prefix}{name}` {wrong}; it was dropped.")
    return fields


def _length(name: str, value: Any, rule: Mapping[str, Any]) -> str | None:
    """Return what is wrong with the size of a value that is stored as it is."""
    if isinstance(value, list) and any(len(item.encode()) > bounds.MAX_ENTITY for item in value):
        return f"has an item of more than {bounds.MAX_ENTITY} bytes"
    if isinstance(value, str) and (rule.get("required") or name == "correlation_id"):
        if rule.get("required") and not value:
            return "is empty"
        if len(value.encode()) > bounds.MAX_ID:
            return f"has more than {bounds.MAX_ID} bytes"
    return None
