"""Values against a message's JSON Schema: what keeps a constant of a trigger from being the field that it is given for.

It understands what `messages.KEYWORDS` allows, and asserts `format`. The tests hold it to a validator of others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

TYPES = frozenset({"object", "array", "string", "integer", "number", "boolean", "null"})
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:?[0-9]{2})?")
"""ISO 8601; the offset may be missing, because publishers write naive UTC times."""


@dataclass(frozen=True)
class Fault:
    """One reason why a value is not the message: a JSON pointer (`@name` for an attribute) and a sentence."""

    pointer: str
    message: str


def types_of(schema: Mapping[str, Any]) -> frozenset[str]:
    """The types a schema allows; all of them when it names none."""
    kind = schema.get("type", TYPES)
    return frozenset({kind} if isinstance(kind, str) else kind)


def validate(schema: Mapping[str, Any], value: object, pointer: str = "") -> Iterator[Fault]:
    """Yield everything that keeps `value` from being what `schema` describes."""
    kinds = types_of(schema)
    kind = _kind(value)
    if not (kind in kinds or (kind == "integer" and "number" in kinds)):
        yield Fault(pointer, f"Expected {' or '.join(sorted(kinds))}, found {kind}.")
        return
    if "enum" in schema and not any(_same(value, choice) for choice in schema["enum"]):
        yield Fault(pointer, f"Expected one of {', '.join(map(str, schema['enum']))}, found {value!r:.60}.")
    if "const" in schema and not _same(value, schema["const"]):
        yield Fault(pointer, f"Expected {schema['const']!r}, found {value!r:.60}.")
    if isinstance(value, str):
        yield from _validate_text(schema, value, pointer)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        if value < schema.get("minimum", value) or value > schema.get("maximum", value):
            yield Fault(pointer, f"{value} is out of range.")
    elif isinstance(value, list):
        if len(value) < schema.get("minItems", 0):
            yield Fault(pointer, f"Expected at least {schema['minItems']} items, found {len(value)}.")
        for index, item in enumerate(value):
            yield from validate(schema.get("items", {}), item, f"{pointer}/{index}")
    elif isinstance(value, dict):
        yield from _validate_object(schema, value, pointer)


def _validate_object(schema: Mapping[str, Any], value: dict[str, Any], pointer: str) -> Iterator[Fault]:
    properties = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield Fault(f"{pointer}/{name}", f"The field `{name}` is missing.")
    for name, item in value.items():
        if name in properties:
            yield from validate(properties[name], item, f"{pointer}/{name}")
        elif not schema.get("additionalProperties", True):
            yield Fault(f"{pointer}/{name}", f"The field `{name:.60}` is not part of this message.")


def _validate_text(schema: Mapping[str, Any], value: str, pointer: str) -> Iterator[Fault]:
    if len(value) < schema.get("minLength", 0):
        yield Fault(pointer, "The text is too short.")
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield Fault(pointer, f"{value!r:.60} does not match {schema['pattern']}.")
    if schema.get("format") == "date" and not is_date(value):
        yield Fault(pointer, f"{value!r:.60} is not a date; write YYYY-MM-DD.")
    if schema.get("format") == "date-time" and not is_time(value):
        yield Fault(pointer, f"{value!r:.60} is not a time; write it as ISO 8601.")


def is_date(text: str) -> bool:
    """True for a day that exists, written `YYYY-MM-DD`."""
    if not DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def is_time(text: str) -> bool:
    """True for a moment that exists, written as ISO 8601 with or without an offset."""
    if not TIME.fullmatch(text):
        return False
    moment, _, rest = text[:19].upper().replace("T", " "), text[10], text[19:]
    offset = re.search(r"[+-]([0-9]{2}):?([0-9]{2})$", rest)
    try:
        datetime.fromisoformat(moment)
    except ValueError:
        return False
    return offset is None or (int(offset[1]) < 24 and int(offset[2]) < 60)


def _kind(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return "integer"
    names = {float: "number", str: "string", list: "array", dict: "object"}
    return names.get(type(value), type(value).__name__)


def _same(one: object, other: object) -> bool:
    return one == other and isinstance(one, bool) == isinstance(other, bool)
