"""The function's view of the declaration: `pipeline.json`, written into its archive when the archive is built.

The model makes a `View` and writes it (`codec.encode`), the function reads it back. Durations are seconds, dates
`YYYY-MM-DD`, tables `dataset.table`. There is no default for anything that the declaration says: a view that lacks a key
stops the function at start, not at the first message.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import tzdata  # noqa: F401 - the zones of a machine that has none; importing it is what puts it into the archive

from shared.declaration.codec import NamedIn, decode
from shared.declaration.keys import Key, KeyKind
from shared.declaration.types import Gate, Mode, Phase, Trigger

Facts = Mapping[str, Any]
DeclaredPhase = Annotated[Phase, NamedIn("phases")]


@dataclass(frozen=True, slots=True)
class Boundary:
    """Everything that decides when one phase is followed by the next.

    `gates` is None in the view of a function that is neither its orchestrator nor its timer: it must not decide. Their
    SQL is in `queries`, by the gate's name, and has the parameter `@date`, the key. A gate with a threshold returns one row with
    the column `value`; one that looks for rows returns `processor` and `row_count` for each output table. `tables` has the
    output table of each processor upstream that has one.
    """

    name: str
    key: KeyKind
    upstream: DeclaredPhase
    downstream: DeclaredPhase | None
    deadline: int
    trigger: Trigger
    entities: Mapping[str, tuple[str, ...]]
    modes: tuple[Mode, ...]
    gates: tuple[Gate, ...] | None
    queries: Mapping[str, str]
    tables: Mapping[str, str]

    @property
    def keys(self) -> Key:
        """Return what its documents are for; the engine calls each of them a date, whatever it is."""
        return Key(self.key)

    def trigger_id(self, date: str) -> str:
        """Return the id that every publication for the date carries, the first and each repetition."""
        return f"{self.name}:{date}"


@dataclass(frozen=True, slots=True)
class Event:
    """A topic whose messages are table rows: for each column, what its values may be and whether a row must have it."""

    topic: str
    fields: Mapping[str, Facts]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who may call the function where the platform does not check it: account id and token audience."""

    identity: str
    audience: str


@dataclass(frozen=True, slots=True)
class Expiry:
    """The field that expires a collection's documents, and how long after the first writing."""

    field: str
    seconds: int


class FunctionSettings(dict[str, Any]):
    """What the declaration sets for the function's own code; what is read as something is declared as that."""

    def duration(self, name: str) -> timedelta:
        """Return a time, which the declaration writes with its unit, as in `90m`, and the view in seconds."""
        return timedelta(seconds=self[name])

    def count(self, name: str) -> int:
        """Return a whole number."""
        return int(self[name])


@dataclass(frozen=True)
class View:
    """What one function knows of the pipeline.

    `date_field` is what this pipeline calls the date in its messages, rows and log entries; `completion` describes the
    message that an orchestrator takes, field by field.
    """

    title: str
    function: str
    timeout: int
    time_zone: str
    date_field: str
    location: str
    database: str
    lease: int
    expiry: Mapping[str, Expiry]
    caller: Caller
    publishes: tuple[str, ...]
    dead_letter_topic: str | None
    schedules: tuple[str, ...]
    settings: FunctionSettings
    events: Mapping[str, Event]
    phases: Mapping[str, Phase]
    boundaries: Mapping[str, Boundary]
    completion: Mapping[str, Facts]
    collections: Mapping[str, str]

    @property
    def zone(self) -> ZoneInfo:
        """Return the time zone of every rule and date."""
        return ZoneInfo(self.time_zone)

    def named(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Return facts under the names of this pipeline: what the engine calls `date` is its `date_field`."""
        return {self.date_field if name == "date" else name: value for name, value in facts.items()}

    def schedule(self, name: str) -> str:
        """Return the name of a schedule of this function; raises `KeyError` where it has none of that name."""
        return {each: each for each in self.schedules}[name]

    def boundary(self) -> Boundary:
        """Return the one boundary of an orchestrator; raises `ValueError` where there is not exactly one."""
        (boundary,) = self.boundaries.values()
        return boundary


def read(path: Path) -> View:
    """Return the view in `path`; raises `RuntimeError` with a sentence where it is absent or lacks something."""
    try:
        return parse(json.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        raise RuntimeError(f"{path.name} is not beside main.py: build the archive, which writes it.") from None
    except (KeyError, ValueError) as error:  # an unknown time zone is a KeyError
        raise RuntimeError(f"{path.name} cannot be used ({error}): build the archive again.") from error


def parse(view: Any) -> View:
    """Return the typed view; raises `KeyError` or `ValueError` for one that lacks something or says what nothing reads."""
    seen = decode(View, view)
    ZoneInfo(seen.time_zone)
    return seen
