"""Read what exists in the project from the platform's own listings.

A listing is the JSON array that one of these commands prints; give as many as you have, in any order:

    gcloud asset list --project P --content-type resource --format json      (everything but what follows)
    gcloud asset list --project P --content-type iam-policy --format json    (who may publish on which topic)
    gcloud firestore indexes composite list --database '(default)' --format json
    gcloud firestore indexes fields list --database '(default)' --format json
    gcloud monitoring policies list --format json

Each entry becomes an `Existing`: the provider's kind, the id that `pulumi import` takes, and those settings that
decide whether an import keeps, changes or replaces it, under the provider's input names. Entries of other kinds are
left out. Field names are those of the services' REST references.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from analysis.files import Unreadable, read_input
from blueprint.findings import Finding, Location, Refused

Data = Mapping[str, Any]
Settings = dict[str, Any]
MAX_LISTING = 500_000_000
"""Bytes of a listing, which a command writes: of a large project it is long."""


@dataclass(frozen=True)
class Existing:
    """One resource that is there: `label` for people, `settings` by wire name; what it lacks is not compared.

    `publishers` are the accounts that a topic's own policy lets publish; empty too where no listing tells.
    """

    type: str
    id: str
    label: str
    settings: Settings = field(default_factory=dict, hash=False)
    publishers: tuple[str, ...] = ()


def read(files: Iterable[Path], project: str) -> list[Existing]:
    """Return what the listings hold, without repeats, ordered by kind and id; raises `Refused` for a file that is none.

    Listings name some resources by the number of the `project`, whose id this is.
    """
    found: dict[tuple[str, str], Existing] = {}
    publishers: dict[str, tuple[str, ...]] = {}
    for path in files:
        for entry in _entries(path):
            existing = _existing(entry, project)
            if "iamPolicy" in entry:
                publishers[_name(entry, project)] = _publishers(entry)
            elif existing is not None:
                found[existing.type, existing.id] = existing
    return [replace(found[key], publishers=publishers.get(key[1], ())) for key in sorted(found)]


def _publishers(entry: Data) -> tuple[str, ...]:
    """Return the service accounts that a policy gives a role with the right to publish."""
    bindings = (entry.get("iamPolicy") or {}).get("bindings") or ()
    roles = {"roles/pubsub.publisher", "roles/pubsub.editor", "roles/pubsub.admin"}
    members = [each for binding in bindings if binding.get("role") in roles for each in binding.get("members", ())]
    accounts = [each.partition(":")[2] for each in members if each.startswith("serviceAccount:")]
    return tuple(dict.fromkeys(accounts))


def _entries(path: Path) -> Iterator[Data]:
    try:
        listing = json.loads(read_input(path, MAX_LISTING))
    except (Unreadable, ValueError, RecursionError) as error:
        raise Refused([_unreadable(path, str(error).rstrip("."))]) from error
    if not isinstance(listing, list) or not all(isinstance(entry, dict) for entry in listing):
        raise Refused([_unreadable(path, "it is not a JSON array of objects")])
    yield from listing


def _unreadable(path: Path, why: str) -> Finding:
    told = f"The inventory cannot be read: {why}. Write it with the commands that `adopt --help` names."
    return Finding("inventory", told, Location(path.name))


def _existing(entry: Data, project: str) -> Existing | None:
    if "assetType" in entry:
        data = entry.get("resource", {}).get("data", {})
        reader = _ASSETS.get(entry["assetType"])
    else:
        name, data = str(entry.get("name", "")), entry
        reader = next((reader for pattern, reader in _LISTED if re.fullmatch(pattern, name)), None)
    return None if reader is None else reader(_name(entry, project), data)


def _name(entry: Data, project: str) -> str:
    """Return a resource's name without its service's host, with the project's id."""
    name = re.sub(r"^//[^/]+/", "", str(entry.get("name", "")))
    return re.sub(r"^projects/\d+/", f"projects/{project}/", name)


def _pick(data: Data, *names: str) -> Settings:
    """Return the named fields, None where the listing leaves one out as the services do with empty ones."""
    return {name: data.get(name) for name in names}


def _last(name: str) -> str:
    return name.rpartition("/")[2]


def _topic(name: str, data: Data) -> Existing:
    settings = {"name": _last(name), **_pick(data, "labels", "kmsKeyName", "messageRetentionDuration")}
    return Existing("gcp:pubsub/topic:Topic", name, _last(name), settings)


def _subscription(name: str, data: Data) -> Existing:
    settings = {"name": _last(name)} | _pick(
        data,
        *("topic", "labels", "ackDeadlineSeconds", "filter", "enableMessageOrdering", "pushConfig", "deadLetterPolicy"),
        *("retryPolicy", "expirationPolicy", "messageRetentionDuration", "bigqueryConfig"),
    )
    return Existing("gcp:pubsub/subscription:Subscription", name, _last(name), settings)


def _function(name: str, data: Data) -> Existing:
    settings: Settings = {"name": _last(name), "location": name.split("/")[3], **_pick(data, "labels", "description")}
    settings["buildConfig"] = _pick(data.get("buildConfig", {}), "runtime", "entryPoint", "serviceAccount")
    settings["serviceConfig"] = _pick(
        data.get("serviceConfig", {}),
        *("availableMemory", "availableCpu", "timeoutSeconds", "maxInstanceCount", "minInstanceCount"),
        *("ingressSettings", "serviceAccountEmail", "environmentVariables"),
        "secretEnvironmentVariables",
    )
    trigger = data.get("eventTrigger")
    settings["eventTrigger"] = _pick(trigger, "eventType", "pubsubTopic", "retryPolicy") if trigger else None
    return Existing("gcp:cloudfunctionsv2/function:Function", name, _last(name), settings)


def _service(name: str, data: Data) -> Existing:
    """Read a Cloud Run service, as version 2 of its API or version 1 (`spec`) shows it."""
    inner = data.get("spec", {}).get("template", {}).get("spec", {})
    account = data.get("template", {}).get("serviceAccount") or inner.get("serviceAccountName")
    settings = {"name": _last(name), "template": {"serviceAccount": account}}
    return Existing("gcp:cloudrunv2/service:Service", name, _last(name), settings)


def _job(name: str, data: Data) -> Existing:
    settings = {"name": _last(name), "region": name.split("/")[3], "paused": data.get("state") == "PAUSED"}
    settings |= _pick(data, "description", "schedule", "timeZone", "attemptDeadline", "retryConfig", "httpTarget")
    return Existing("gcp:cloudscheduler/job:Job", name, _last(name), settings | _pick(data, "pubsubTarget"))


def _secret(name: str, data: Data) -> Existing:
    settings: Settings = {"secretId": _last(name), **_pick(data, "labels")}
    replication = data.get("replication", {})
    if "automatic" in replication:
        settings["replication"] = {"auto": {}}
    elif "userManaged" in replication:
        replicas = [_pick(replica, "location") for replica in replication["userManaged"].get("replicas", ())]
        settings["replication"] = {"userManaged": {"replicas": replicas}}
    return Existing("gcp:secretmanager/secret:Secret", name, _last(name), settings)


def _dataset(name: str, data: Data) -> Existing:
    settings = {"datasetId": _last(name), **_pick(data, "location", "description", "labels")}
    return Existing("gcp:bigquery/dataset:Dataset", name, _last(name), settings)


def _table(name: str, data: Data) -> Existing:
    dataset, table = name.split("/")[3], _last(name)
    settings: Settings = {"datasetId": dataset, "tableId": table, **_pick(data, "description", "labels")}
    if "view" in data:
        settings["view"] = _pick(data["view"], "query", "useLegacySql")
    elif "schema" in data:
        settings["schema"] = json.dumps(data["schema"].get("fields", []))
    settings["timePartitioning"] = _partitioning(data["timePartitioning"]) if "timePartitioning" in data else None
    if "rangePartitioning" in data:
        bounds = data["rangePartitioning"]
        numbers = {key: int(value) for key, value in bounds.get("range", {}).items()}
        settings["rangePartitioning"] = {"field": bounds.get("field"), "range": numbers}
    settings["requirePartitionFilter"] = data.get("requirePartitionFilter")
    settings["clusterings"] = data.get("clustering", {}).get("fields")
    return Existing("gcp:bigquery/table:Table", name, f"{dataset}.{table}", settings)


def _partitioning(data: Data) -> Settings:
    expiration = data.get("expirationMs")
    return _pick(data, "field") | {
        "type": data.get("type") or "DAY",
        "expirationMs": int(expiration) if expiration else None,
    }


def _database(name: str, data: Data) -> Existing:
    settings = {"name": _last(name)} | _pick(
        data, "locationId", "type", "deleteProtectionState", "pointInTimeRecoveryEnablement"
    )
    return Existing("gcp:firestore/database:Database", name, _last(name), settings)


def _bucket(name: str, data: Data) -> Existing:
    return Existing("gcp:storage/bucket:Bucket", name, name, {"name": name, **_pick(data, "location", "labels")})


def _account(name: str, data: Data) -> Existing | None:
    email = str(data.get("email", ""))
    if not email.endswith(".iam.gserviceaccount.com"):
        return None
    id_ = f"{name.rpartition('/')[0]}/{email}"
    settings = {"accountId": email.partition("@")[0], **_pick(data, "displayName", "description")}
    return Existing("gcp:serviceaccount/account:Account", id_, email, settings)


def _index(name: str, data: Data) -> Existing:
    _, _, _, database, _, collection, *_ = name.split("/")
    keys = ("fieldPath", "order", "arrayConfig")
    fields = [{key: each[key] for key in keys if key in each} for each in data.get("fields", ())]
    settings = {"database": database, "collection": collection, **_pick(data, "queryScope"), "fields": fields}
    label = f"{collection} ({', '.join(each['fieldPath'] for each in fields)})"
    return Existing("gcp:firestore/index:Index", name, label, settings)


def _field(name: str, data: Data) -> Existing | None:
    _, _, _, database, _, collection, _, path = name.split("/")
    if "ttlConfig" not in data:
        return None
    settings = {"database": database, "collection": collection, "field": path, "ttlConfig": {}}
    return Existing("gcp:firestore/field:Field", name, f"{collection}.{path}", settings)


def _alert(name: str, data: Data) -> Existing:
    label = str(data.get("displayName", name))
    return Existing("gcp:monitoring/alertPolicy:AlertPolicy", name, label, _pick(data, "displayName", "enabled"))


_ASSETS: Mapping[str, Callable[[str, Data], Existing | None]] = {
    "bigquery.googleapis.com/Dataset": _dataset,
    "bigquery.googleapis.com/Table": _table,
    "cloudfunctions.googleapis.com/Function": _function,
    "cloudscheduler.googleapis.com/Job": _job,
    "firestore.googleapis.com/Database": _database,
    "iam.googleapis.com/ServiceAccount": _account,
    "monitoring.googleapis.com/AlertPolicy": _alert,
    "pubsub.googleapis.com/Subscription": _subscription,
    "pubsub.googleapis.com/Topic": _topic,
    "run.googleapis.com/Service": _service,
    "secretmanager.googleapis.com/Secret": _secret,
    "storage.googleapis.com/Bucket": _bucket,
}
_LISTED: tuple[tuple[str, Callable[[str, Data], Existing | None]], ...] = (
    (r"projects/[^/]+/databases/[^/]+/collectionGroups/[^/]+/indexes/[^/]+", _index),
    (r"projects/[^/]+/databases/[^/]+/collectionGroups/[^/]+/fields/[^/]+", _field),
    (r"projects/[^/]+/alertPolicies/[^/]+", _alert),
)
