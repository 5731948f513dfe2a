"""What can drift: for each kind, a change that someone makes in the console, or why there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from tests.engine.twin.cloud import Cloud, Resource

Change = Callable[[dict[str, Any]], tuple[str, object]]


def set_to(path: str, value: object) -> Change:
    """Return a change that sets the property at a path."""

    def change(inputs: dict[str, Any]) -> tuple[str, object]:
        *parents, last = path.split(".")
        target = inputs
        for parent in parents:
            target = target.setdefault(parent, {})
        target[last] = value
        return path, value

    return change


def without(property_: str) -> Change:
    """Return a change that takes a property away."""

    def change(inputs: dict[str, Any]) -> tuple[str, object]:
        return property_, inputs.pop(property_, None)

    return change


GRANT = "a grant is changed by removing it"
FIXED = "nothing of it can be changed in place"
NEVER = "the platform keeps it"

CHANGED: Mapping[str, Change | str] = {
    "gcp:artifactregistry/repository:Repository": set_to("description", "edited"),
    "gcp:bigquery/dataset:Dataset": set_to("description", "edited"),
    "gcp:bigquery/table:Table": set_to("description", "edited"),
    "gcp:cloudfunctionsv2/function:Function": set_to("serviceConfig.availableMemory", "256M"),
    "gcp:cloudscheduler/job:Job": set_to("paused", True),
    "gcp:firestore/database:Database": set_to("deleteProtectionState", "DELETE_PROTECTION_DISABLED"),
    "gcp:firestore/field:Field": without("ttlConfig"),
    "gcp:firestore/index:Index": FIXED,
    "gcp:monitoring/alertPolicy:AlertPolicy": set_to("enabled", False),
    "gcp:monitoring/dashboard:Dashboard": set_to("dashboardJson", '{"displayName": "edited"}'),
    "gcp:projects/service:Service": FIXED,
    "gcp:projects/serviceIdentity:ServiceIdentity": FIXED,
    "gcp:pubsub/subscription:Subscription": set_to("ackDeadlineSeconds", 11),
    "gcp:pubsub/topic:Topic": set_to("messageRetentionDuration", "601s"),
    "gcp:secretmanager/secret:Secret": set_to("labels.edited", "yes"),
    "gcp:serviceaccount/account:Account": set_to("displayName", "edited"),
    "gcp:storage/bucket:Bucket": set_to("publicAccessPrevention", "inherited"),
    "gcp:storage/bucketObject:BucketObject": set_to("contentType", "text/plain"),
}
DELETED: Mapping[str, str] = {"gcp:projects/serviceIdentity:ServiceIdentity": NEVER}


def one_of_each(cloud: Cloud) -> dict[str, Resource]:
    """Return one resource of each kind that exists."""
    return {resource.kind: resource for resource in cloud.all()}


def change(cloud: Cloud, resource: Resource) -> str | None:
    """Change a resource in the cloud; return the property, or None where the kind has nothing to change."""
    made = _change_of(resource.kind)
    if isinstance(made, str):
        return None
    inputs = dict(resource.inputs)
    property_, _ = made(inputs)
    cloud.put(replace(resource, inputs=inputs))
    return property_


def _change_of(kind: str) -> Change | str:
    return GRANT if kind.endswith("Member") else CHANGED[kind]


def delete(cloud: Cloud, resource: Resource) -> bool:
    """Delete a resource in the cloud; return whether its kind can be."""
    return resource.kind not in DELETED and cloud.remove(resource.kind, resource.id)


def page(kinds: Iterable[str]) -> str:
    """Return docs/drift.md for the kinds that are declared."""
    lines = [
        "# Drift",
        "",
        "What `make drift` finds when someone changes or deletes a resource behind Pulumi's back, and `pulumi up",
        "--refresh` repairs. `tests/engine/test_drift.py` tries every cell on the engine with a twin of the provider.",
        "Written by `WRITE_DOCS=1 .venv/bin/python -m pytest tests/engine/test_drift_page.py`.",
        "",
        "| Kind | changed | deleted |",
        "|---|---|---|",
    ]
    for kind in sorted(kinds):
        made = _change_of(kind)
        changed = made if isinstance(made, str) else f"found by `{made({})[0]}`, repaired"
        package, name = kind.split(":")[1].split("/")[0], kind.rpartition(":")[2]
        lines.append(f"| `{package}.{name}` | {changed} | {DELETED.get(kind, 'found, repaired')} |")
    return "\n".join(lines) + "\n"
