"""The declaration of a pipeline: what `pipeline.yaml` may say, as frozen types; `loader` reads it.

The types are the grammar: `decode` refuses what they do not describe, and the JSON Schema that editors use is made
from them. `Manifest` also answers what follows directly from the declaration (who publishes and consumes a topic).
What needs more than the file (names, archives, grants) is derived elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal

from shared.declaration.grammar import Duration, Json, TextPattern, declared
from shared.declaration.keys import Key, KeyKind
from shared.declaration.types import Identifier, Percent, TopicId

from blueprint.boundaries import Boundary, Phase
from blueprint.derived import COMPLETIONS
from blueprint.findings import Location
from blueprint.functions import Defaults, Function, Secret, Variable
from blueprint.grammar import Placed, Word
from blueprint.spelling import Folder, ServiceName, Slug, TableName


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
    topics: Annotated[tuple[TopicId, ...], Word(COMPLETIONS)] = declared(
        "Where the messages come from; `completions`: from every phase's topic."
    )
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
    key: KeyKind = declared(
        "What a completion is for, written in `date_field`: a `date`; an `hour` such as 2026-01-29T17Z, in UTC; or a `batch`, any id.",
        default="date",
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
    def keys(self) -> Key:
        """Return how keys are written, and what they mean."""
        return Key(self.key)

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

    def phase_labels(self) -> dict[str, tuple[str, ...]]:
        """Return, per message that completes phases, the labels of those phases: what its field `phase` may say."""
        labels: dict[str, tuple[str, ...]] = {}
        for phase in self.phases.values():
            topic = self.topics.get(phase.completion_topic)
            if topic is not None:
                labels[topic.message] = (*labels.get(topic.message, ()), phase.label)
        return labels

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
