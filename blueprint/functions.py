"""What a declaration says of functions: what calls them, how large they are, what they read from their environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from shared.declaration.grammar import Duration, Json, declared
from shared.declaration.types import Identifier, TopicId

from blueprint.derived import TRIGGERS
from blueprint.findings import Location
from blueprint.grammar import Placed, Word
from blueprint.spelling import Budget, Concurrency, Cpu, Folder, Memory, Most, SecretId, Warm


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
    trigger: FunctionTrigger = declared(
        "What calls it; the function of a boundary is called by the phase before, and leaves it out.", shared=True
    )
    publishes: Annotated[tuple[TopicId, ...], Word(TRIGGERS)] = declared(
        "Topics it publishes to beside the events; `triggers`: every boundary's. A boundary's function and timer leave out the triggers.",
        default=(),
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
