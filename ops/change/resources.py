"""What a change of resources means for the people who run the pipeline, beside what their declaration says.

Alerts, retention, schedules and what the engine waits for are not in the declaration, or not only: a component may change
them. Each is told by what it does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ops.change.model import Meaning, PropertyChange, Rank, Resource
from ops.terminal import some


@dataclass(frozen=True)
class _Said:
    """What a change means: `of` whom, and what is said of it, which may be said of others as well."""

    rank: Rank
    noun: str
    of: str
    what: str


def meanings_of(resources: Iterable[Resource]) -> Iterator[Meaning]:
    """Yield the sentences for resources that differ; what is said of many, as of each alert, is said once."""
    alike: dict[tuple[Rank, str, str], list[_Said]] = {}
    for resource in resources:
        name = resource.about or resource.name
        if resource.operation in ("added", "removed"):
            yield from _come_or_gone(resource, name)
        for change in resource.changes:
            for said in _changed(resource, change, name):
                alike.setdefault((said.rank, said.noun, said.what), []).append(said)
    for (rank, noun, what), (first, *others) in alike.items():
        names = [f"'{each.of}'" for each in others]
        too = f" The same holds for {some(names)}." if names else ""
        yield Meaning(rank, f"{noun} '{first.of}' {what}.{too}")


_READABLE: Final = 200
"""Characters of two conditions up to which a sentence holds them."""


def _come_or_gone(resource: Resource, name: str) -> Iterator[Meaning]:
    gone = resource.operation == "removed"
    match resource.weight:
        case "alert":
            yield Meaning("alert", f"The alert '{name}' is {'removed' if gone else 'new'}.")
        case "stateful" if gone and resource.kind in KEPT_WITHOUT:
            yield Meaning("data", f"{resource.kind} '{name}' is removed: {KEPT_WITHOUT[resource.kind]}.")
        case "stateful" if gone:
            yield Meaning("data", f"{resource.kind} '{name}' is removed, and its data with it.")
        case "permission":
            yield Meaning("permission", f"{'No longer' if gone else 'Now'}: {name}.")
        case "start" if gone:
            yield Meaning("start", f"{resource.kind} '{name}' is removed.")
        case _:
            pass


RANK_OF: Final[Mapping[str, Rank]] = {
    "start": "start",
    "stateful": "data",
    "permission": "permission",
    "alert": "alert",
    "other": "rest",
}
OPTIONS: Final[Mapping[str, tuple[str, str]]] = {
    "aliases": ("is no longer known under its former name {}", "is known under the former name {} too"),
    "dependencies": ("no longer waits for {} before it is made", ""),
    "ignoreChanges": ("takes again what is declared in {}", "keeps what the cloud has in {}, whatever is declared"),
    "protect": ("is no longer protected from deletion", "is protected from deletion"),
    "provider": ("is no longer made by the provider {}", "is made by the provider {}"),
    "replaceWith": ("is no longer replaced with {}, and is lost when that is", "is replaced together with {}"),
}
"""Option to what its loss and its gain mean; a gain without words weakens nothing and is shown below only."""
KEPT_WITHOUT: Final[Mapping[str, str]] = {
    "firestore.Field": "documents no longer expire by the field, or are no longer found by it",
    "firestore.Index": "queries that need the index fail",
}
"""Kinds that are of data and hold none, and what their loss means."""
RETENTION: Final = ("messageRetentionDuration", "retentionDuration", "expirationMs", "ttlConfig", "ttl")
DELIVERY: Final[Mapping[str, str]] = {
    "ackDeadlineSeconds": "waits for an answer",
    "attemptDeadline": "waits for an answer",
    "maxDeliveryAttempts": "tries before the dead letter",
    "maximumBackoff": "waits at most between tries",
    "minimumBackoff": "waits at least between tries",
    "paused": "is paused",
    "retryCount": "tries again",
    "schedule": "comes",
    "timeZone": "is in the time zone",
}


def _changed(resource: Resource, change: PropertyChange, name: str) -> Iterator[_Said]:
    leaf = change.path.rpartition(".")[2]
    values = f"{change.after or 'nothing'} instead of {change.before or 'nothing'}"
    kind = resource.kind
    if change.path.startswith("options."):
        phrases = OPTIONS.get(leaf, (f"loses the option {leaf} {{}}", f"has the option {leaf} {{}}"))
        for phrase, value in zip(phrases, (change.before, change.after), strict=True):
            if phrase and value:
                yield _Said(_at_least(resource, "start"), kind, resource.name, phrase.format(value))
    elif leaf in RETENTION:
        yield _Said("data", kind, name, f"keeps by {leaf}: {values}")
    elif leaf in DELIVERY:
        yield _Said("start", kind, name, f"{DELIVERY[leaf]}: {values}")
    elif resource.weight == "alert" and not _told_elsewhere(change):
        told = f"has {change.path}: {values}"
        if len(values) > _READABLE and leaf in ("query", "filter"):
            told = "is judged by another condition, which is shown below"
        yield _Said("alert", "The alert", name, told)
    elif resource.weight == "permission":
        yield _Said("permission", kind, resource.name, f"has {change.path}: {values}")
    elif change.replaces and kind != "storage.BucketObject":  # the archive's files say what is new in it
        yield _Said(RANK_OF[resource.weight], kind, name, f"is made anew, since {change.path} changes")


def _at_least(resource: Resource, rank: Rank) -> Rank:
    """Return the rank of a resource, or `rank` where the resource is of the rest."""
    return rank if resource.weight == "other" else RANK_OF[resource.weight]


def _told_elsewhere(change: PropertyChange) -> bool:
    """Say whether a change of an alert is one of words: its labels, and what it tells people."""
    return change.path.startswith(("userLabels", "documentation", "displayName"))
