"""How each boundary stands for some dates, as its documents say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ops.local.system import System


@dataclass(frozen=True)
class State:
    """One boundary and date: what completed, what is missing, and what became of its trigger."""

    boundary: str
    date: str
    completed: tuple[str, ...]
    missing: tuple[str, ...]
    triggered: bool
    reason: str
    triggered_at: datetime | None
    blocked: tuple[str, ...]

    @property
    def why(self) -> str:
        """Return why nothing is triggered."""
        return f"blocked by {', '.join(self.blocked)}" if self.blocked else f"missing {', '.join(self.missing)}"

    def __str__(self) -> str:
        """Return it in a line."""
        done, of = len(self.completed), len(self.completed) + len(self.missing)
        parts = [f"{self.boundary} {self.date}: {done} of {of}"]
        parts += [f"missing {', '.join(self.missing)}"] if self.missing else []
        parts += [f"triggered, {self.reason}"] if self.triggered else []
        parts += [f"blocked by {', '.join(self.blocked)}"] if self.blocked and not self.triggered else []
        return "; ".join(parts)


def states(system: System, dates: Sequence[str]) -> Iterator[State]:
    """Yield the state of every boundary for every date that something is stored of."""
    manifest = system.model.manifest
    for boundary in manifest.boundaries.values():
        for date in dates:
            document = system.cloud.document(manifest.phases[boundary.upstream].collection, date)
            if document:
                yield _state(boundary.name, date, document)


def _state(boundary: str, date: str, document: dict[str, Any]) -> State:
    blocked = document.get("_blocked") or {}
    return State(
        boundary,
        date,
        tuple(sorted(name for name in document if not name.startswith("_"))),
        tuple(document.get("_missing_processors") or ()),
        document.get("_triggered") is True,
        str(document.get("_trigger_reason") or ""),
        document.get("_triggered_at"),
        tuple(gate["gate"] for gate in blocked.get("gates", ())),
    )
