"""What the engine asks of its dependencies, and how they may answer.

`protocol` yields these values and gets the answers back, so the order of steps is one readable function, and tests
can stop it between any two steps, run others in between, or never come back (a crash).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.decisions import document as doc
from shared.declaration.view import Boundary


class Unavailable(Exception):
    """A dependency did not do its part now; nothing is acknowledged and the next delivery tries again.

    `permanent` is set where trying again cannot help before somebody changes something (a topic that is absent).
    """

    def __init__(self, dependency: str, message: str, *, permanent: bool = False) -> None:
        super().__init__(f"{dependency}: {message}")
        self.dependency = dependency
        self.permanent = permanent


class DependencyRefused(Unavailable):
    """A dependency understood the request and says no, whatever state it is in: it will say the same each time.

    What was refused is at fault (a document that grew too large, a value that is not allowed), so a message that leads
    here goes to the dead letter at once. A missing permission is no such refusal: it is repaired without the message.
    """

    def __init__(self, dependency: str, message: str) -> None:
        super().__init__(dependency, message, permanent=True)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A document as it was at `time` (the database's clock); `document` is None where there is none."""

    collection: str
    key: str
    document: Mapping[str, Any] | None
    version: Any
    time: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """A message to publish: JSON data and attributes."""

    data: bytes
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GateResult:
    """What a gate saw: `blocks` and `alerts` say what follows, `detail` is a sentence for operators."""

    gate: str
    title: str
    value: float | None
    blocks: bool
    alerts: bool
    detail: str

    def summary(self) -> dict[str, Any]:
        """Return what is stored and reported of it."""
        return {"gate": self.gate, "value": self.value, "blocks": self.blocks, "detail": self.detail}


@dataclass(frozen=True, slots=True)
class Read:
    """Read a document; answered with a `Snapshot`."""

    collection: str
    key: str


@dataclass(frozen=True, slots=True)
class Write:
    """Write changes if the document is still the snapshot's version; answered with whether it was."""

    snapshot: Snapshot
    changes: doc.Changes


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait a little, longer with each attempt, so that competing writers part."""

    attempt: int


@dataclass(frozen=True, slots=True)
class CheckGates:
    """Look at the data; answered with a list of `GateResult`."""

    boundary: Boundary
    mode: str
    date: str


@dataclass(frozen=True, slots=True)
class Publish:
    """Publish messages to a topic; answered once the service acknowledged all of them."""

    topic: str
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """Tell about an execution or an error; a report that cannot be delivered is logged and costs nothing else."""

    part: str
    facts: Mapping[str, Any]


Effect = Read | Write | Pause | CheckGates | Publish | Report
