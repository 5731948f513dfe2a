"""The string formats that provider rules name: each a predicate and how a message describes it."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping, Sequence

_FIELD_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMES = {name: str(number) for number, name in [*enumerate(_DAYS), *enumerate(_MONTHS, start=1)]}


def seconds(text: str) -> float | None:
    """Return the seconds of a duration such as `3.5s`; None when the text is not one."""
    return float(text[:-1]) if re.fullmatch(r"\d+(\.\d{1,9})?s", text) else None


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _is_timezone(text: str) -> bool:
    from zoneinfo import available_timezones

    return text in available_timezones()


def _is_schedule(text: str) -> bool:
    """Tell whether text is a unix-cron line of five fields, or an `every ...` line of App Engine cron."""
    if re.match(r"every |\d+(st|nd|rd|th)? |first |second |third ", text) and ("every" in text or " of " in text):
        return True
    fields = text.lower().split()
    return len(fields) == 5 and all(map(_is_cron_field, fields, _FIELD_RANGES))


def _is_cron_field(field: str, bounds: Sequence[int]) -> bool:
    low, high = bounds
    for part in field.split(","):
        span, _, step = part.partition("/")
        if "/" in part and not (step.isdigit() and int(step) > 0):
            return False
        ends = [] if span == "*" else [_NAMES.get(end, end) for end in span.split("-")]
        if len(ends) > 2 or not all(end.isdigit() and low <= int(end) <= high for end in ends):
            return False
        if len(ends) == 2 and int(ends[0]) > int(ends[1]):
            return False
    return True


def _is_table_schema(text: str) -> bool:
    """Tell whether text is a JSON array of columns, each an object with a name and a type."""
    if not _is_json(text):
        return False
    columns = json.loads(text)
    return isinstance(columns, list) and all(
        isinstance(column, dict) and column.get("name") and column.get("type") for column in columns
    )


FORMATS: Mapping[str, tuple[Callable[[str], bool], str]] = {
    "json": (_is_json, "valid JSON"),
    "base64": (_is_base64, "base64"),
    "duration": (lambda text: seconds(text) is not None, 'a duration such as "3.5s"'),
    "timezone": (_is_timezone, 'a time zone such as "America/New_York"'),
    "schedule": (_is_schedule, 'a schedule such as "*/30 * * * *"'),
    "bigquery-schema": (_is_table_schema, "a JSON array of columns, each with a name and a type"),
    "metric-filter": (lambda text: "resource.type" in text, "a filter that names a resource.type"),
}
