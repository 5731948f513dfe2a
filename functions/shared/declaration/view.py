"""The function's view of the declaration: `pipeline.json`, written into its archive when the archive is built.

Durations are seconds, dates `YYYY-MM-DD`, tables `dataset.table`. There is no default for anything that the
declaration says: a view that lacks a key stops the function at start, not at the first message.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import tzdata  # noqa: F401 - the zones of a machine that has none; importing it is what puts it into the archive

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Processor:
    """A unit of work that completes: its canonical name, the names publishers use, and its output table."""

    name: str
    aliases: tuple[str, ...] = ()
    table: str | None = None


@dataclass(frozen=True, slots=True)
class Phase:
    """A phase: what its completions say (`label`), where they are recorded (`collection`), and who completes."""

    name: str
    label: str
    collection: str
    batch: bool = False
    processors: Mapping[str, Processor] = field(default_factory=dict)

    def canonical(self, name: str) -> str:
        """Return the name that a processor has now, for a name under which it was once recorded."""
        if name in self.processors:
            return name
        return next((each.name for each in self.processors.values() if name in each.aliases), name)


@dataclass(frozen=True, slots=True)
class Batch:
    """When a batch message is complete enough: metadata fields with the percentage and the number done."""

    percent: str
    count: str
    min_percent: float
    min_count: int
    success_completes: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """One way in which a date is complete enough; `after` counts seconds from the first completion.

    `status` is what the execution log says of a start on it.
    """

    reason: str
    require: str | None = None
    at_least: int | None = None
    at_least_percent: float | None = None
    after: int | None = None
    partial: bool = False
    status: str = "complete"
    batch: Batch | None = None


@dataclass(frozen=True, slots=True)
class Mode:
    """Expectations for dates before, on or after today (`when`)."""

    name: str
    when: str
    expected: tuple[str, ...]
    critical: tuple[str, ...]
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Gate:
    """A look at the data before a trigger: `sql` has the parameter `@date`.

    A query gate returns one row with the column `value`. A rows gate (`processors` set) returns one row per
    output table: `processor`, `row_count`; `of` says whose tables count and `at_least` how many must have rows.
    """

    name: str
    title: str
    sql: str
    unit: str = "count"
    block_below: float | None = None
    alert_below: float | None = None
    modes: tuple[str, ...] = ()
    of: str | None = None
    at_least: int | None = None


@dataclass(frozen=True, slots=True)
class Trigger:
    """The message that starts the next phase; a field is `{"value": constant}` or `{"from": known}`."""

    topic: str
    fields: Mapping[str, Json]
    per_output_table: bool


@dataclass(frozen=True, slots=True)
class Boundary:
    """Everything that decides when one phase is followed by the next.

    `gates` is None in the view of a function that is neither its orchestrator nor its timer: it must not decide.
    """

    name: str
    upstream: Phase
    downstream: Phase | None
    deadline: int
    trigger: Trigger
    entities: Mapping[str, tuple[str, ...]]
    modes: tuple[Mode, ...]
    gates: tuple[Gate, ...] | None

    def trigger_id(self, date: str) -> str:
        """Return the id that every publication for the date carries, the first and each repetition."""
        return f"{self.name}:{date}"


@dataclass(frozen=True, slots=True)
class Event:
    """A topic whose messages are table rows: for each column, what its values may be and whether a row must have it."""

    topic: str
    fields: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who may call the function where the platform does not check it: account id and token audience."""

    identity: str
    audience: str


@dataclass(frozen=True, slots=True)
class View:
    """What one function knows of the pipeline.

    `date_field` is what this pipeline calls the date in its messages, rows and log entries; `completion` describes the
    message that an orchestrator takes, field by field.
    """

    title: str
    function: str
    timeout: int
    time_zone: ZoneInfo
    date_field: str
    location: str
    database: str
    lease: int
    expiry: Mapping[str, Json]
    caller: Caller
    publishes: tuple[str, ...]
    dead_letter_topic: str | None
    schedules: tuple[str, ...]
    settings: Json
    events: Mapping[str, Event]
    boundaries: Mapping[str, Boundary]
    completion: Mapping[str, Json]
    collections: Mapping[str, str]

    def named(self, facts: Mapping[str, Any]) -> Json:
        """Return facts under the names of this pipeline: what the engine calls `date` is its `date_field`."""
        return {self.date_field if name == "date" else name: value for name, value in facts.items()}

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
    except (KeyError, TypeError, ValueError) as error:
        raise RuntimeError(f"{path.name} cannot be used ({error!r}): build the archive again.") from error


def parse(view: Json) -> View:
    """Return the typed view; raises `KeyError`, `TypeError` or `ValueError` for a view that lacks something."""
    phases = {name: _phase(name, phase) for name, phase in view["phases"].items()}
    return View(
        title=view["title"],
        function=view["function"],
        timeout=view["timeout"],
        time_zone=ZoneInfo(view["time_zone"]),
        date_field=view["date_field"],
        location=view["location"],
        database=view["database"],
        lease=view["lease"],
        expiry=view["expiry"],
        caller=Caller(**view["caller"]),
        publishes=tuple(view["publishes"]),
        dead_letter_topic=view["dead_letter_topic"],
        schedules=tuple(view["schedules"]),
        settings=view["settings"],
        events={part: Event(event["topic"], event["fields"]) for part, event in view["events"].items()},
        boundaries={name: _boundary(name, boundary, phases) for name, boundary in view["boundaries"].items()},
        completion=view["completion"],
        collections=view["collections"],
    )


def _boundary(name: str, boundary: Json, phases: Mapping[str, Phase]) -> Boundary:
    downstream = boundary["downstream"]
    return Boundary(
        name=name,
        upstream=phases[boundary["upstream"]],
        downstream=phases[downstream] if downstream else None,
        deadline=boundary["deadline"],
        trigger=Trigger(**boundary["trigger"]),
        entities={key: tuple(names) for key, names in boundary["entities"].items()},
        modes=tuple(_mode(mode) for mode in boundary["modes"]),
        gates=None if boundary["gates"] is None else tuple(map(_gate, boundary["gates"])),
    )


def _gate(gate: Json) -> Gate:
    return Gate(**(gate | {"modes": tuple(gate.get("modes", ()))}))


def _phase(name: str, phase: Json) -> Phase:
    processors = {
        name: Processor(name, tuple(processor.get("aliases", ())), processor.get("table"))
        for name, processor in phase["processors"].items()
    }
    return Phase(**(phase | {"name": name, "processors": processors}))


def _mode(mode: Json) -> Mode:
    rules = tuple(
        Rule(**(rule | {"batch": Batch(**rule["batch"])} if rule.get("batch") else rule)) for rule in mode["rules"]
    )
    return Mode(mode["name"], mode["when"], tuple(mode["expected"]), tuple(mode["critical"]), rules)
