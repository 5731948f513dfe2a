"""Changes of every kind that people are likely to make: each property removed and altered, and every other spelling.

A case is inputs before and after. What the provider makes of each stands in `verdicts.json`, written by the provider
itself (`make provider`); the model of `provider/` is held to it wherever the tests run.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from provider.values import SIGNATURE
from tests.provider.bases import BASES, COLUMNS, TABLE, State, schema
from tests.provider.column_changes import CHANGES, changed
from tests.provider.other_spellings import SPELLED

VERDICTS = Path(__file__).with_name("verdicts.json")


@dataclass(frozen=True)
class Case:
    """One change of inputs."""

    kind: str
    name: str
    old: State
    new: State

    @property
    def id(self) -> str:
        _, package, name = self.kind.split(":")
        return f"{package.partition('/')[0]}.{name} {self.name}"


def cases() -> Iterator[Case]:
    """Yield every case."""
    for kind, base in BASES.items():
        for path in _paths(base):
            yield Case(kind, f"without {path}", base, _without(base, path))
            yield Case(kind, f"with {path}", _without(base, path), base)
            if (other := _altered(_get(base, path))) is not None:
                yield Case(kind, f"another {path}", base, _with(base, path, other))
    for change in CHANGES:
        base = BASES[TABLE]
        yield Case(TABLE, f"schema: {change}", base, {**base, "schema": schema(changed(change))})
    for number, (kind, path, stored, written) in enumerate(SPELLED):
        base = _with(BASES[kind], path, stored)
        yield Case(kind, f"spelling {number}: {path} {stored} as {written}", base, _with(base, path, written))
    yield from _others()


def _others() -> Iterator[Case]:
    table, bare = BASES[TABLE], _without(BASES[TABLE], "timePartitioning")
    yield Case(TABLE, "partitioned by day", bare, table)
    yield Case(TABLE, "partitioned by ingestion", bare, {**bare, "timePartitioning": {"type": "DAY"}})
    yield Case(TABLE, "expiration 0", table, _with(table, "timePartitioning.expirationMs", 0))
    ranged = {**bare, "rangePartitioning": {"field": "count", "range": {"start": 0, "end": 10, "interval": 1}}}
    yield Case(TABLE, "another range", ranged, _with(ranged, "rangePartitioning.range.end", 20))
    yield Case(TABLE, "range gone", ranged, bare)
    yield Case(TABLE, "schema reformatted", table, {**table, "schema": json.dumps(COLUMNS, indent=4)})
    function = "gcp:cloudfunctionsv2/function:Function"
    base = BASES[function]
    extended = _with(base, "serviceConfig.environmentVariables", {"LEVEL": "INFO", "MODE": "x", "MORE": "y"})
    yield Case(function, "a variable more", base, extended)
    policy = "gcp:monitoring/alertPolicy:AlertPolicy"
    alert = BASES[policy]
    second = _with(alert, "notificationChannels", [*alert["notificationChannels"], "projects/p/notificationChannels/2"])
    yield Case(policy, "a channel more", alert, second)
    same = {"gcp:pubsub/topic:Topic": "orders", "gcp:storage/bucket:Bucket": "sources"}
    for kind in same:
        yield Case(kind, "nothing", BASES[kind], BASES[kind])


def _paths(value: object, place: str = "") -> Iterator[str]:
    """Yield the path of every property below inputs; those of list items are left to their list."""
    if isinstance(value, Mapping) and SIGNATURE not in value:
        for key, each in value.items():
            here = f"{place}.{key}" if place else key
            if "." not in key:
                yield here
                yield from _paths(each, here)


def _altered(value: object) -> object:
    """Return another value of the same kind; None where a test says it better."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 60
    return None if not isinstance(value, str) or value[:1] in ("{", "[") else _ALTERED.get(value, f"{value}x")


_ALTERED = {
    "": "86400s", "48": "72", "PHYSICAL": "LOGICAL", "DAY": "HOUR", "day": "note", "512Mi": "1Gi", "1": "2",
    "python311": "python312", "ALLOW_INTERNAL_ONLY": "ALLOW_ALL", "0 3 * * *": "0 4 * * *", "10s": "20s", "60s": "120s",
    "600s": "500s", "300s": "400s", "30s": "60s", "1800s": "3600s", "320s": "330s", "86400s": "90000s", "POST": "PUT",
    "America/New_York": "Europe/Berlin", "FIRESTORE_NATIVE": "DATASTORE_MODE", "PESSIMISTIC": "OPTIMISTIC",
    "DELETE_PROTECTION_ENABLED": "DELETE_PROTECTION_DISABLED", "ABANDON": "DELETE", "COLLECTION": "COLLECTION_GROUP",
    "POINT_IN_TIME_RECOVERY_ENABLED": "POINT_IN_TIME_RECOVERY_DISABLED", "us-west2": "us-east1", "e30=": "e301",
    "US-WEST2": "US-EAST1", "7776000s": "8640000s", "2592000s": "2678400s", "ENCRYPT_DECRYPT": "MAC", "OR": "AND",
    "ERROR": "WARNING", "enforced": "inherited", "NEARLINE": "STANDARD", "roles/viewer": "roles/browser",
}  # fmt: skip


def _get(inputs: Mapping[str, Any], path: str) -> object:
    value: Any = inputs
    for step in path.split("."):
        value = value[step]
    return value


def _with(inputs: State, path: str, value: object) -> State:
    made = copy.deepcopy(inputs)
    target: Any = made
    *steps, last = path.split(".")
    for step in steps:
        target = target[step]
    target[last] = value
    return made


def _without(inputs: State, path: str) -> State:
    made = copy.deepcopy(inputs)
    target: Any = made
    *steps, last = path.split(".")
    for step in steps:
        target = target[step]
    del target[last]
    return made
