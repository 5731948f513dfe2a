"""A completion as the engine sees it, after decoding: typed, named, and safe to store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

COMPLETE = ("success", "partial")
"""Statuses that count as complete; every other one is recorded under `_failed` or `_no_data`, never counted."""


@dataclass(frozen=True, slots=True)
class Completion:
    """One completion message; `processor` is None where no declared processor goes by `sender`."""

    sender: str
    processor: str | None
    date: str
    status: str
    completed_at: datetime
    correlation_id: str
    execution_id: str
    record_count: int | None = None
    error_message: str | None = None
    is_incremental: bool = False
    entities_changed: tuple[str, ...] = ()
    skip_downstream: bool = False
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def counts(self) -> bool:
        """Return whether it is the completion of a known processor."""
        return self.processor is not None and self.status in COMPLETE
