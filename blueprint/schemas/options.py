"""Reads an `OPTIONS(...)` list; an option nobody acts on is refused rather than ignored."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from blueprint.schemas.tokens import Cursor, NotUnderstoodError

Subject = Literal["table", "view", "dataset", "column"]

ALLOWED: dict[Subject, frozenset[str]] = {
    "table": frozenset(
        {"description", "friendly_name", "labels", "partition_expiration_days", "require_partition_filter"}
    ),
    "view": frozenset({"description", "friendly_name", "labels"}),
    "dataset": frozenset({"description", "friendly_name", "labels"}),
    "column": frozenset({"description"}),
}

MAX_DESCRIPTION = {"column": 1024, "table": 16384, "view": 16384, "dataset": 16384}
"""Characters of a description (BigQuery quotas and limits)."""

LABEL_KEY = re.compile(r"[a-z][a-z0-9_-]{0,62}\Z")
LABEL_VALUE = re.compile(r"[a-z0-9_-]{0,63}\Z")


@dataclass(kw_only=True)
class Options:
    """The values of one options list; `offsets` says which were written, and where."""

    description: str | None = None
    friendly_name: str | None = None
    labels: tuple[tuple[str, str], ...] = ()
    partition_expiration_days: float | None = None
    require_partition_filter: bool = False
    offsets: dict[str, int] = field(default_factory=dict)


def read_options(cursor: Cursor, subject: Subject) -> Options:
    """Read `(name = value, ...)`; refuses unknown, repeated and ill-typed options."""
    options = Options()
    cursor.expect("(")
    while not cursor.accept(")"):
        offset = cursor.offset
        name = cursor.name("an option name").lower()
        if name == "location":
            raise NotUnderstoodError("The location is the stack's region and is not written here; remove it.", offset)
        if name not in ALLOWED[subject]:
            known = ", ".join(sorted(ALLOWED[subject]))
            raise NotUnderstoodError(f"Option `{name}` of a {subject} is not understood; use one of: {known}.", offset)
        if name in options.offsets:
            raise NotUnderstoodError(f"Option `{name}` is written twice; keep one.", offset)
        options.offsets[name] = offset
        cursor.expect("=")
        _read_value(cursor, options, name, subject)
        if not cursor.sees(")"):
            cursor.expect(",")
    return options


def _read_value(cursor: Cursor, options: Options, name: str, subject: Subject) -> None:
    offset = cursor.offset
    if name in {"description", "friendly_name"}:
        text = cursor.string(f"a string for `{name}`")
        if len(text) > MAX_DESCRIPTION[subject]:
            raise NotUnderstoodError(
                f"A {subject}'s {name} has at most {MAX_DESCRIPTION[subject]} characters; shorten it.", offset
            )
        setattr(options, name, text)
    elif name == "labels":
        options.labels = _read_labels(cursor)
    elif name == "partition_expiration_days":
        days = cursor.number("a number of days")
        if days <= 0:
            raise NotUnderstoodError("Partitions expire after a positive number of days; correct it.", offset)
        options.partition_expiration_days = days
    elif cursor.accept("TRUE"):
        options.require_partition_filter = True
    elif not cursor.accept("FALSE"):
        raise cursor.expected(f"TRUE or FALSE for `{name}`")


def _read_labels(cursor: Cursor) -> tuple[tuple[str, str], ...]:
    labels: dict[str, str] = {}
    cursor.expect("[")
    while not cursor.accept("]"):
        offset = cursor.offset
        cursor.accept("STRUCT")
        cursor.expect("(")
        key = cursor.string("a label key")
        cursor.expect(",")
        value = cursor.string("a label value")
        cursor.expect(")")
        if not LABEL_KEY.match(key) or not LABEL_VALUE.match(value):
            raise NotUnderstoodError(
                f"Label `{key}`: `{value}` is not allowed; use at most 63 lower-case letters, digits, `_`, `-`, and begin the key with a letter.",
                offset,
            )
        if key in labels:
            raise NotUnderstoodError(f"Label `{key}` is written twice; keep one.", offset)
        labels[key] = value
        if not cursor.sees("]"):
            cursor.expect(",")
    return tuple(sorted(labels.items()))
