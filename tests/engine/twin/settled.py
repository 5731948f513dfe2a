"""What the cloud holds after a change: the settings as the provider reads them back, with what was left out filled in."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from provider import shapes
from provider.changes import planned
from provider.formats import seconds
from provider.ids import resource_id
from provider.rules import facts_of
from provider.values import UNKNOWN

FILLED: Mapping[str, Mapping[str, Any]] = {
    "gcp:cloudfunctionsv2/function:Function": {
        "buildConfig.source.storageSource.generation": 1_700_000_000_000_000,
        "serviceConfig.availableCpu": "0.1666",
        "serviceConfig.availableMemory": "256M",
        "serviceConfig.maxInstanceCount": 100,
        "serviceConfig.maxInstanceRequestConcurrency": 1,
        "serviceConfig.timeoutSeconds": 60,
        "serviceConfig.environmentVariables": {},
    },
    "gcp:pubsub/subscription:Subscription": {"ackDeadlineSeconds": 10, "expirationPolicy": {"ttl": "2678400s"}},
    "gcp:bigquery/table:Table": {"timePartitioning.expirationMs": 0, "expirationTime": 0, "schema": "[]"},
    "gcp:firestore/database:Database": {"deleteProtectionState": "DELETE_PROTECTION_DISABLED"},
    "gcp:storage/bucket:Bucket": {"publicAccessPrevention": "inherited", "rpo": "DEFAULT"},
}
"""Kind → what the service chooses for a property that is left out; of others a value of the type will do."""
_ANY: Mapping[str, Any] = {"s": "computed", "i": 0, "n": 0, "b": False, "{": {}, "[": []}
_UPPER_CASE = ("gcp:artifactregistry/repository:Repository", "gcp:storage/bucket:Bucket")
_REFERENCES: Mapping[str, str] = {
    "topic": "gcp:pubsub/topic:Topic",
    "subscription": "gcp:pubsub/subscription:Subscription",
    "repository": "gcp:artifactregistry/repository:Repository",
    "secretId": "gcp:secretmanager/secret:Secret",
}
"""Inputs that name another resource, by the full name of which the provider records them."""


def settled(
    token: str,
    setting: Mapping[str, str],
    inputs: Mapping[str, Any],
    before: Mapping[str, Any],
    computed: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the settings after a change from `before` (nothing when it is new) to `inputs`.

    What is left out is filled in: as it was before, as `computed` says, or as the service chooses.
    """
    written = {name: _read_back(token, setting, name, value) for name, value in inputs.items()}
    filled = planned(token, written, before or None)
    return {name: _fill(token, value, name, computed.get(name)) for name, value in filled.items()}


def _read_back(token: str, setting: Mapping[str, str], path: str, value: Any) -> Any:
    """Return a value in the spelling that the provider records, whatever the program wrote."""
    if isinstance(value, Mapping):
        return {name: _read_back(token, setting, f"{path}.{name}", each) for name, each in value.items()}
    spelling = facts_of(token).get("spellings", {}).get(path)
    if not isinstance(value, str) or spelling is None:
        return value
    if spelling == "case":
        return value.upper() if token in _UPPER_CASE else value.lower()
    if spelling == "duration" and (time := seconds(value)) is not None:
        return f"{time:g}s"
    if spelling in ("json", "columns"):
        return json.dumps(json.loads(value), separators=(",", ":"), sort_keys=True)
    if spelling == "name-or-path" and "/" not in value and path in _REFERENCES:
        name = {"secretId": "secretId", "repository": "repositoryId"}.get(path, "name")
        return resource_id(_REFERENCES[path], {name: value}, {"location": setting["region"], **setting}) or value
    return value


def _fill(token: str, value: Any, path: str, computed: Any) -> Any:
    """Return a value with every unknown chosen, as the service does."""
    if isinstance(value, Mapping):
        below = computed if isinstance(computed, Mapping) else {}
        return {name: _fill(token, each, f"{path}.{name}", below.get(name)) for name, each in value.items()}
    if isinstance(value, list):
        return [_fill(token, each, f"{path}[]", None) for each in value]
    if value != UNKNOWN:
        return value
    if computed is not None:
        return computed
    kind = FILLED.get(token, {})
    if path in kind:
        return kind[path]
    return "DELETE" if path == "deletionPolicy" else _ANY.get(_type(token, path)[:1])


def _type(token: str, path: str) -> str:
    """Return the encoded type at a path of a kind."""
    shape: shapes.Shape = shapes.table()["kinds"][token]
    encoded = ""
    for step in re.sub(r"\[\]", "", path).split("."):
        encoded = shape["properties"].get(step, "")
        if "#" in encoded:
            shape = shapes.table()["objects"][encoded.lstrip("[{#")]
    return encoded
