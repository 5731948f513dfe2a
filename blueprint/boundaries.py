"""What a declaration says of phases and of the boundaries between them: who completes, when the next phase starts, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.declaration import types
from shared.declaration.grammar import Duration, declared
from shared.declaration.types import Identifier, TopicId

from blueprint.findings import Location
from blueprint.grammar import Placed
from blueprint.spelling import Folder, ServiceName, Slug, TableName


@dataclass(frozen=True)
class Output:
    """The table that a processor writes, and the column that holds the date."""

    at: Location
    table: TableName = declared("dataset.table")
    date_column: Identifier = declared("The DATE column that a run fills for its date.")


@dataclass(frozen=True)
class Processor(types.Processor, Placed):
    """A unit of work of a phase whose completion counts."""

    output: Output | None = declared("Where its rows are.", default=None)


@dataclass(frozen=True)
class Phase(types.Phase, Placed):
    """A phase of the pipeline: who completes, under which names, and where that is recorded."""

    title: str = declared("What operators call it.")
    service: ServiceName = declared("The outside service that runs it.")
    completion_topic: TopicId = declared("Where it publishes completions.")
    processors: Mapping[str, Processor] = declared(
        "Its processors by canonical name; of a batch phase the senders whose messages count.", factory=dict
    )


@dataclass(frozen=True)
class Rule(types.Rule, Placed):
    """One way in which a date becomes complete enough; the first rule that holds gives the reason."""


@dataclass(frozen=True)
class Mode(types.Mode, Placed):
    """Expectations for dates on one side of today in the pipeline's time zone."""

    rules: tuple[Rule, ...] = declared("In order; the first that holds triggers.")


@dataclass(frozen=True)
class Gate(types.Gate, Placed):
    """What must hold in the data before a trigger is published; a blocked date is retried, never latched."""

    query: Folder | None = declared(
        "SQL file in the function's folder: one row, column `value`, parameter @date.", default=None
    )


@dataclass(frozen=True)
class Field(types.Field):
    """Where a field of a published message comes from."""

    at: Location = field(kw_only=True)
    because: str | None = declared(
        "Why the constant is right whatever happened, where it is a truth value, a number or the name of a state.",
        default=None,
    )


@dataclass(frozen=True)
class Trigger(types.Trigger):
    """The message that starts the next phase."""

    fields: Mapping[str, Field] = declared("The message, field by field.")


@dataclass(frozen=True)
class Timer:
    """The scheduled function that evaluates a boundary when no message arrives (incident 47)."""

    at: Location
    function: Slug = declared("A scheduled function.")
    schedule: str = declared("Which of its schedules.")


@dataclass(frozen=True)
class Boundary(Placed):
    """The step from one phase to the next: rules, gates, deadline and the trigger that is published."""

    name: str
    upstream: str = declared("The phase whose completions are counted.")
    downstream: str | None = declared(
        "The phase whose completions prove the effect, where it publishes any.", default=None
    )
    function: Slug = declared("The orchestrator.")
    timer: Timer = declared("Who evaluates it when no message arrives.")
    deadline: Duration = declared("A date open this long after its first completion raises an alert.")
    expected_within: Duration | None = declared("From the last completion to the trigger, normally.", default=None)
    trigger: Trigger = declared("What starts the next phase.")
    entities: Mapping[str, tuple[str, ...]] = declared(
        "Changed ids merged by key, from these processors.", factory=dict
    )
    modes: Mapping[str, Mode] = declared("Expectations by the date's side of today.")
    gates: Mapping[str, Gate] = declared("What must hold in the data first.", factory=dict)
