"""The parts of a pipeline that functions and model share, as plain types: each field is written here, and nowhere else.

A function has them from its view (`view`). The model (`blueprint.boundaries`) reads them from `pipeline.yaml`: where one of
its types adds something that no function needs, such as the place where it is declared, it extends the type here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from shared.declaration.grammar import Duration, Json, Range, TextPattern, declared

Identifier = Annotated[str, TextPattern(r"[A-Za-z_][A-Za-z0-9_]*", "a Python identifier")]
Percent = Annotated[float, Range(0, 100)]
TopicId = Annotated[
    str,
    TextPattern(
        r"(?!goog)[A-Za-z][A-Za-z0-9._~+%-]{2,254}",
        "3 to 255 letters, digits and -._~+%, beginning with a letter and not with goog",
    ),
]


@dataclass(frozen=True, slots=True)
class Processor:
    """A unit of work of a phase whose completion counts."""

    name: str
    aliases: tuple[str, ...] = declared("Class and table names under which publishers send it.", default=())


@dataclass(frozen=True, slots=True)
class Phase:
    """A phase of the pipeline: who completes, under which names, and where that is recorded."""

    name: str
    label: str = declared("What the field `phase` of its completion messages says.")
    collection: Identifier = declared("The Firestore collection with one document per date.")
    processors: Mapping[str, Processor] = declared(
        "Its processors by canonical name; of a batch phase the senders whose messages count.", factory=dict
    )
    batch: bool = declared("One message per run, whose metadata says how much is done.", default=False)

    def canonical(self, name: str) -> str:
        """Return the name that a processor has now, for a name under which it was once recorded."""
        if name in self.processors:
            return name
        return next((each.name for each in self.processors.values() if name in each.aliases), name)


@dataclass(frozen=True, slots=True)
class Batch:
    """A rule on the numbers that a batch message carries in its metadata."""

    percent: str = declared("Metadata field with the percentage done.")
    count: str = declared("Metadata field with the number done.")
    min_percent: Percent = declared("At least this percentage.")
    min_count: Annotated[int, Range(0, 10**9)] = declared("At least this many.")
    success_completes: bool = declared("Status success with a count above 0 counts as 100 %.", default=False)


@dataclass(frozen=True, slots=True)
class Rule:
    """One way in which a date becomes complete enough; the first rule that holds gives the reason."""

    reason: str = declared("What the document and the trigger say; `{percent}` is the share of expected, rounded down.")
    require: Literal["all", "critical"] | None = declared("Which processors must be complete.", default=None)
    at_least: Annotated[int, Range(1, 1000)] | None = declared("And this many of the expected.", default=None)
    at_least_percent: Percent | None = declared("And this share of the expected.", default=None)
    after: Duration | None = declared("Only this long after the first completion.", default=None)
    partial: bool = declared("Whether starting on this rule is reported as partial.", default=False)
    status: Identifier | None = declared(
        "What the execution log says of it; `complete` or `partial` where left out.", default=None
    )
    batch: Batch | None = declared("Judge the batch message instead of processors.", default=None)

    @property
    def reported_as(self) -> str:
        """Return what the execution log says of a start on this rule."""
        return self.status or ("partial" if self.partial else "complete")


@dataclass(frozen=True, slots=True)
class Mode:
    """Expectations for dates on one side of today in the pipeline's time zone."""

    name: str
    when: Literal["always", "before_today", "today", "after_today"] = declared("Which dates it applies to.")
    expected: tuple[str, ...] = declared("Processors that are expected.", default=())
    critical: tuple[str, ...] = declared("Those without which nothing starts.", default=())
    rules: tuple[Rule, ...] = declared("In order; the first that holds triggers.")


@dataclass(frozen=True, slots=True)
class RowsGate:
    """Output tables of a mode's processors must have rows for the date; a missing critical one blocks."""

    tables: Literal["expected", "critical"] = declared("Whose output tables are looked at.")
    at_least: Annotated[int, Range(1, 1000)] | None = declared(
        "How many must have rows; where left out, only an empty critical one blocks.", default=None
    )


@dataclass(frozen=True, slots=True)
class Gate:
    """What must hold in the data before a trigger is published; a blocked date is retried, never latched."""

    name: str
    title: str = declared("What operators read.")
    rows: RowsGate | None = declared("Look for rows in output tables.", default=None)
    unit: Literal["percent", "count"] = declared("What the value counts.", default="count")
    block_below: float | None = declared("A smaller value blocks.", default=None)
    alert_below: float | None = declared("A smaller value is reported.", default=None)
    modes: tuple[str, ...] = declared("Only in these modes; all where left out.", default=())


@dataclass(frozen=True, slots=True)
class Field:
    """Where a field of a published message comes from."""

    from_: str | None = declared("What the engine knows: date, correlation_id, ...", default=None)
    value: Json = declared("A constant.", default=None)


@dataclass(frozen=True, slots=True)
class Trigger:
    """The message that starts the next phase."""

    topic: TopicId = declared("Where it is published.")
    fields: Mapping[str, Field] = declared("The message, field by field.")
    per_output_table: bool = declared("One message per output table of the phase instead of one.", default=False)
