"""What `ops new` writes into files: by what a completion is for, and by what a function does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from blueprint.keys import KeyKind

PLURALS: Final[Mapping[KeyKind, str]] = {"date": "dates", "hour": "hours", "batch": "batches"}
KEYS: Final[Mapping[KeyKind, Mapping[str, object]]] = {
    "date": {"format": "date"},
    "hour": {"pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}Z$"},
    "batch": {"minLength": 1},
}
"""What JSON Schema can say of a key, beside that it is a text."""
TABLES: Final[Mapping[KeyKind, str]] = {
    "date": """CREATE TABLE IF NOT EXISTS {table} (
  {column} DATE NOT NULL OPTIONS(description="Date the row is about"),
  name STRING NOT NULL OPTIONS(description="What the row is about"),
  written_at TIMESTAMP OPTIONS(description="When the row was written")
)
PARTITION BY {column}
CLUSTER BY name
OPTIONS(description="One row per date and name");
""",
    "hour": """CREATE TABLE IF NOT EXISTS {table} (
  {column} STRING NOT NULL OPTIONS(description="Hour the row is about, as messages and queries write it: 2026-01-29T17Z"),
  begins_at TIMESTAMP NOT NULL OPTIONS(description="When that hour begins"),
  name STRING NOT NULL OPTIONS(description="What the row is about"),
  written_at TIMESTAMP OPTIONS(description="When the row was written")
)
PARTITION BY TIMESTAMP_TRUNC(begins_at, HOUR)
CLUSTER BY {column}, name
OPTIONS(description="One row per hour and name", partition_expiration_days=365);
""",
    "batch": """CREATE TABLE IF NOT EXISTS {table} (
  {column} STRING NOT NULL OPTIONS(description="Batch the row is about"),
  name STRING NOT NULL OPTIONS(description="What the row is about"),
  written_at TIMESTAMP NOT NULL OPTIONS(description="When the row was written")
)
PARTITION BY DATE(written_at)
CLUSTER BY {column}, name
OPTIONS(description="One row per batch and name");
""",
}
"""A table by what its rows are for. Hours are kept a year, since a table has at most 10,000 partitions (BigQuery quotas)."""
STARTS: Final = '''"""Starts {phase} when the phase before it is complete."""

from __future__ import annotations

from pathlib import Path

import flask
import functions_framework
from shared.http.orchestrator import orchestrator

_handle = orchestrator(Path(__file__).with_name("pipeline.json"))


@functions_framework.http
def {entry}(request: flask.Request) -> tuple[str, int, dict[str, str]]:
    """Take one pushed completion."""
    return _handle(request)
'''
SCHEDULED: Final = '''"""Called by its schedule; what it does is yours to write."""

from __future__ import annotations

from pathlib import Path

import flask
import functions_framework
from shared.http.scheduled import scheduled
from shared.orchestration.dependencies import Dependencies


def _run(dependencies: Dependencies, schedule: str | None) -> dict[str, object]:
    """Return what was done; it is logged, and a raised error fails the call, which the schedule repeats."""
    return {{"schedule": schedule}}


_handle = scheduled(Path(__file__).with_name("pipeline.json"), _run)


@functions_framework.http
def {entry}(request: flask.Request) -> tuple[str, int, dict[str, str]]:
    """Take one call of the schedule."""
    return _handle(request)
'''
