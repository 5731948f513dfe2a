"""The declaration of a pipeline: what `pipeline.yaml` may say, as frozen types; `loader` reads it.

The types are the grammar: `decode` refuses what they do not describe, and the JSON Schema that editors use is made
from them. `Manifest` also answers what follows directly from the declaration (who publishes and consumes a topic).
What needs more than the file (names, archives, grants) is derived elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Literal

from shared.declaration import types
from shared.declaration.grammar import Duration, Json, Range, TextPattern, declared
from shared.declaration.types import Identifier, Percent, TopicId

from blueprint.findings import Location
from blueprint.grammar import Placed

Slug = Annotated[str, TextPattern(r"[a-z][a-z0-9-]{0,61}[a-z0-9]", "lower-case letters, digits and dashes")]
ServiceName = Annotated[
    str,
    TextPattern(
        r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?", "a service's name: lower-case letters, digits and dashes, at most 63"
    ),
]
SecretId = Annotated[str, TextPattern(r"[A-Za-z0-9_-]{1,255}", "letters, digits, `_` and dashes, at most 255")]
"""What Secret Manager takes as a secret's name; others may have chosen it."""
TableName = Annotated[str, TextPattern(r"[A-Za-z0-9_]+\.[A-Za-z0-9_]+", "a dataset and a table, as in dataset.table")]
Folder = Annotated[str, TextPattern(r"(?!/)(?!.*\.\.)[A-Za-z0-9_./-]+", "a relative path inside the project")]
Memory = Annotated[str, TextPattern(r"\d+(Mi|Gi)", "a number and Mi or Gi")]
Cpu = Annotated[str, TextPattern(r"\d+(\.\d+)?", 'a number in quotes, such as "1"')]
Concurrency = Annotated[int, Range(1, 1000, "Cloud Run limit")]
Warm = Annotated[int, Range(0, 100)]
Most = Annotated[int, Range(1, 1000)]
Budget = Annotated[str, TextPattern(r"\d+(Ki|Mi)", "a number and Ki or Mi")]


@dataclass(frozen=True)
class RequestField:
    """Where a field of a request comes from: one of `from_`, or a constant."""

    at: Location
    from_: Literal["first_date", "last_date", "date", "processors", "senders"] | None = declared(
        "What is asked for: the range's ends or each date of it, and processors by name or as they name themselves.",
        default=None,
    )
    value: Json = declared("A constant.", default=None)


@dataclass(frozen=True)
class Reprocess:
    """How a service is asked to do named processors' work again; a field from `date` asks once for each date."""

    at: Location
    path: Annotated[str, TextPattern(r"/[A-Za-z0-9_/.-]*", "an absolute URL path")] = declared("Where it takes a POST.")
    fields: Mapping[str, RequestField] = declared("The request's JSON, field by field.")


@dataclass(frozen=True)
class Service:
    """A service outside this project that publishes completions or receives triggers by push."""

    name: str
    at: Location
    title: str = declared("What operators call it.")
    kind: Literal["run", "function"] = declared("Cloud Run service or Cloud Function.", default="run")
    reprocess: Reprocess | None = declared("How it is asked to do work again; absent: it cannot be.", default=None)


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


@dataclass(frozen=True)
class Consumer:
    """A service outside that receives a topic's messages."""

    at: Location
    service: ServiceName = declared("An outside service.")
    path: Annotated[str, TextPattern(r"/[A-Za-z0-9_/.-]*", "an absolute URL path")] | None = declared(
        "Where a push posts to.", default=None
    )
    delivery: Literal["push", "own"] = declared("`own`: the consumer makes its own subscription.", default="push")


@dataclass(frozen=True)
class Topic:
    """A Pub/Sub topic; functions and streams name the topics they use, so only outsiders are listed here."""

    name: str
    at: Location
    message: Slug = declared("Its JSON Schema: schemas/messages/<message>.json")
    publishers: tuple[ServiceName, ...] = declared("Outside services that publish.", default=())
    consumers: tuple[Consumer, ...] = declared("Outside services that receive.", default=())
    shared: str | None = declared(
        "Why more than one of its consumers acts on each message, where that is meant.", default=None
    )


@dataclass(frozen=True)
class Schedule(Placed):
    """A time at which a function is called; in the pipeline's time zone."""

    name: str
    cron: str = declared("Five fields of unix cron.")
    paused: bool = declared("Whether the job is paused; declared so that nobody forgets (incident 52).", default=False)


@dataclass(frozen=True)
class FunctionTrigger:
    """What calls a function: one topic, or schedules."""

    at: Location
    topic: TopicId | None = declared("Push from this topic.", default=None)
    schedules: Mapping[str, Schedule] = declared("Or calls at these times.", factory=dict)


@dataclass(frozen=True)
class Defaults:
    """What every function has that does not say otherwise."""

    at: Location
    memory: Memory | None = declared("Memory of an instance.", default=None)
    cpu: Cpu | None = declared("CPUs of an instance.", default=None)
    concurrency: Concurrency | None = declared("Requests an instance takes at once.", default=None)
    timeout: Duration | None = declared("A call that runs longer is ended.", default=None)
    min_instances: Warm | None = declared("Instances kept warm.", default=None)
    max_instances: Most | None = declared("Instances at most.", default=None)
    optional_imports: Mapping[str, str] | None = declared(
        "Guarded imports that may be absent: module to reason.", default=None
    )
    size_budget: Budget | None = declared("Largest archive.", default=None)


@dataclass(frozen=True)
class Function(Placed):
    """A function of this project; names, identity, subscriptions, dead letter and alerts follow from it."""

    name: str
    title: str = declared("What it does, in a few words.")
    folder: Folder = declared("Its folder under functions/, with main.py.")
    entry_point: Identifier = declared("The Python function that the framework calls.")
    trigger: FunctionTrigger = declared("What calls it.")
    publishes: tuple[TopicId, ...] = declared(
        "Topics it publishes to beside its boundary's trigger and the events.", default=()
    )
    memory: Memory = declared("Memory of an instance.", shared=True)
    cpu: Cpu = declared("CPUs of an instance.", default="1")
    concurrency: Concurrency = declared("Requests an instance takes at once.", default=1)
    timeout: Duration = declared("A call that runs longer is ended.", shared=True)
    min_instances: Warm = declared("Instances kept warm.", default=0)
    max_instances: Most = declared("Instances at most.", shared=True)
    secrets: tuple[str, ...] = declared("Secrets it reads, by variable name.", default=())
    settings: Mapping[str, Json] = declared("Values for the function's own code.", factory=dict)
    optional_imports: Mapping[str, str] = declared(
        "Guarded imports that may be absent: module to reason.", factory=dict
    )
    dynamic_imports: tuple[str, ...] = declared("Modules it imports by a computed name.", default=())
    resources: tuple[Folder, ...] = declared("Data files it reads by a computed path.", default=())
    size_budget: Budget = declared("Largest archive.", default="512Ki")


@dataclass(frozen=True)
class Variable:
    """An environment variable whose value the stack gives."""

    name: str
    at: Location
    from_: Literal["project", "project_number", "region", "environment"] = declared("Which stack value.")


@dataclass(frozen=True)
class Secret(Placed):
    """An environment variable whose value Secret Manager holds."""

    name: str
    secret: SecretId = declared("Secret Manager's name for it.")
    version: str = declared("Pinned version; a new value is a new release.", default="1")


@dataclass(frozen=True)
class Events:
    """Topics on which functions report; each has a stream into a table."""

    at: Location
    executions: TopicId = declared("One message per evaluated boundary.")
    errors: TopicId = declared("One message per refused message or failure.")


@dataclass(frozen=True)
class Store(Placed):
    """The Firestore database and the collections that play a part beside the phases' own."""

    database: str = declared("Adopted, never created.", default="(default)")
    lease: Duration = declared("How long a taken trigger lease keeps others away.")
    collections: Mapping[str, Identifier] = declared("Part to collection.")


@dataclass(frozen=True)
class ColumnSource:
    """Where a streamed column comes from."""

    at: Location
    field: str | None = declared("A message field, dotted.", default=None)
    value: Json = declared("A constant.", default=None)
    lookup: Literal["phases", "processors"] | None = declared("Translate the field by this table.", default=None)
    from_: Literal["publish_time", "message_id"] | None = declared("What Pub/Sub knows of the message.", default=None)
    json: bool = declared("Write the value as a string of JSON.", default=False)
    otherwise: ColumnSource | None = declared("Where the field is absent.", default=None)


@dataclass(frozen=True)
class Stream:
    """A BigQuery subscription from topics to a table, with the mapping from message to row."""

    name: str
    at: Location
    topics: tuple[TopicId, ...] = declared("Where the messages come from.")
    table: TableName = declared("Where the rows go.")
    columns: Literal["same"] | Mapping[str, ColumnSource] = declared(
        "The row, column by column; `same`: fields carry the columns' names."
    )


@dataclass(frozen=True)
class Thresholds(Placed):
    """When alerts fire; whole minutes (Cloud Monitoring's granularity)."""

    at: Location = Location("")
    backlog_age: Duration = declared("Oldest unacknowledged message.", default=300)
    silence: Duration = declared("Published upstream and nothing acknowledged.", default=600)
    error_ratio_percent: Percent = declared("Failed requests of all.", default=5.0)
    latency_percent_of_timeout: Percent = declared("99th percentile of latency against the timeout.", default=80.0)
    gap_warning: Duration = declared("Between a phase's last completion and the next phase.", default=3600)
    gap_critical: Duration = declared("The same, critical.", default=7200)
    transition_warning: Duration = declared("From a date's last expected completion to its trigger.", default=900)
    transition_critical: Duration = declared("The same, critical.", default=1800)
    downstream_start: Duration = declared("From a trigger to the first sign of the next phase.", default=1800)
    auto_close: Duration = declared("An incident without news closes.", default=86400)
    notification_interval: Duration = declared("Between notifications of one log alert.", default=900)


@dataclass(frozen=True)
class Alerting(Placed):
    """Who is told, and when."""

    channels: tuple[Slug, ...] = declared("Names of channels; their ids are stack config.")
    thresholds: Thresholds = declared("When alerts fire.", factory=Thresholds)


@dataclass(frozen=True)
class Manifest(Placed):
    """Everything that is particular to one pipeline."""

    pipeline: Annotated[str, TextPattern(r"[a-z][a-z0-9]{1,11}", "2 to 12 lower-case letters and digits")] = declared(
        "Short name; labels and shared names begin with it."
    )
    title: str = declared("What people call it.")
    time_zone: str = declared("IANA name; every rule, date and schedule.")
    date_field: Identifier = declared(
        "What messages, log entries and rows call the date that work is for.", default="date"
    )
    runtime: Annotated[str, TextPattern(r"python3\d{1,2}", "a Python runtime such as python311")] = declared(
        "Runtime of the functions."
    )
    library: Folder | None = declared(
        "The functions' one shared package; without it the engine that comes with the tool.", default=None
    )
    services: Mapping[str, Service] = declared("Services outside this project.")
    phases: Mapping[str, Phase] = declared("Phases with completions.")
    boundaries: Mapping[str, Boundary] = declared("Steps between phases.")
    topics: Mapping[TopicId, Topic] = declared("Topics.")
    events: Events = declared("Topics on which functions report.")
    defaults: Defaults | None = declared("What every function has that does not say otherwise.", default=None)
    functions: Mapping[str, Function] = declared("Functions of this project.")
    environment: Mapping[str, Variable] = declared("Environment variables that code may read.")
    secrets: Mapping[str, Secret] = declared("Secrets that code may read.", factory=dict)
    store: Store = declared("Firestore.")
    tables: Mapping[str, TableName] = declared("Part to table.")
    streams: Mapping[str, Stream] = declared("Topics that become rows.")
    alerts: Alerting = declared("Alerting.")
    labels: Mapping[str, str] = declared("On every resource that takes labels.", factory=dict)
    retired: Mapping[str, str] = declared(
        "Released names that nothing uses any more, as kind/name, such as topic/orders: and why.", factory=dict
    )

    @property
    def python(self) -> tuple[int, int]:
        """Return the Python version of the runtime."""
        version = self.runtime.removeprefix("python")
        return int(version[0]), int(version[1:])

    def boundary_of(self, function: str) -> Boundary | None:
        """Return the boundary whose orchestrator `function` is."""
        return self._orchestrated.get(function)

    def published_by(self, function: str) -> tuple[str, ...]:
        """Return the topics that `function` publishes to: its boundary's trigger, its own list and the events."""
        boundary = self.boundary_of(function)
        own = (boundary.trigger.topic,) if boundary else ()
        return tuple(
            dict.fromkeys((*own, *self.functions[function].publishes, self.events.executions, self.events.errors))
        )

    def publishers_of(self, topic: str) -> tuple[str, ...]:
        """Return every outside service and function that publishes to `topic`."""
        return (*self.topics[topic].publishers, *self._publishing.get(topic, ()))

    def consumers_of(self, topic: str) -> tuple[str, ...]:
        """Return every function, stream and outside service that consumes `topic`."""
        streams = (f"stream {name}" for name in self._streaming.get(topic, ()))
        outside = (consumer.service for consumer in self.topics[topic].consumers)
        return (*self._called_by.get(topic, ()), *streams, *outside)

    @cached_property
    def _orchestrated(self) -> Mapping[str, Boundary]:
        return {boundary.function: boundary for boundary in reversed([*self.boundaries.values()])}

    @cached_property
    def _publishing(self) -> Mapping[str, list[str]]:
        return _inverted({name: self.published_by(name) for name in self.functions})

    @cached_property
    def _streaming(self) -> Mapping[str, list[str]]:
        return _inverted({name: dict.fromkeys(stream.topics) for name, stream in self.streams.items()})

    @cached_property
    def _called_by(self) -> Mapping[str, list[str]]:
        topics = {name: function.trigger.topic for name, function in self.functions.items()}
        return _inverted({name: (topic,) for name, topic in topics.items() if topic is not None})

    def lookups(self) -> dict[str, dict[str, str]]:
        """Return the tables that streams may translate by: message value to row value."""
        processors = {
            alias: name for phase in self.phases.values() for name, p in phase.processors.items() for alias in p.aliases
        }
        return {
            "phases": {phase.label: name for name, phase in self.phases.items()},
            "processors": processors,
        }


def _inverted(targets: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """Return target → names, for a mapping of name → targets."""
    inverted: dict[str, list[str]] = {}
    for name, each in targets.items():
        for target in each:
            inverted.setdefault(target, []).append(name)
    return inverted
