"""The causes that several rules tell of, named in one place: one that is spelled in two ways is told twice.

`Finding.cause` holds such a name. A cause that only one rule knows is named there.
"""

from __future__ import annotations


def table(name: str, column: str | None = None) -> str:
    """Return the cause of what is wrong about `dataset.table` or a column of it, as `analysis.sql` names what is missing."""
    return f"{name}.{column}" if column else name


def message(name: str, field: str | None = None) -> str:
    """Return the cause of what is wrong about a message or a field of it."""
    return f"message {name}.{field}" if field else f"message {name}"


def folder(path: str) -> str:
    """Return the cause of what is wrong about a function's folder; `path` is from the project's root."""
    return f"folder {path}"


def stream(topic: str) -> str:
    """Return the cause of what is wrong about the stream that takes a topic's messages."""
    return f"stream of {topic}"
