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

VERDICTS = Path(__file__).with_name("verdicts.json")
State = dict[str, Any]
MEMBER = "serviceAccount:runner@a-project.iam.gserviceaccount.com"
TOPIC = "projects/a-project/topics/orders"
COLUMNS: list[dict[str, Any]] = [
    {"name": "day", "type": "DATE", "mode": "REQUIRED"},
    {"name": "note", "type": "STRING", "mode": "NULLABLE", "description": "free text"},
    {"name": "amount", "type": "NUMERIC", "mode": "NULLABLE", "precision": "10", "scale": "2"},
    {"name": "count", "type": "INTEGER", "mode": "NULLABLE", "defaultValueExpression": "0"},
    {
        "name": "place",
        "type": "RECORD",
        "mode": "NULLABLE",
        "fields": [{"name": "city", "type": "STRING", "mode": "REQUIRED"}, {"name": "zip", "type": "STRING"}],
    },
]


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


def grant(**target: str) -> State:
    return {**target, "role": "roles/viewer", "member": MEMBER}


def schema(columns: list[Any]) -> str:
    return json.dumps(columns)


BASES: Mapping[str, State] = {
    "gcp:bigquery/dataset:Dataset": {
        "datasetId": "sales",
        "location": "us-west2",
        "description": "What was sold.",
        "friendlyName": "Sales",
        "defaultTableExpirationMs": 3600000,
        "maxTimeTravelHours": "48",
        "storageBillingModel": "PHYSICAL",
        "isCaseInsensitive": True,
        "deleteContentsOnDestroy": False,
        "labels": {"team": "a"},
    },
    "gcp:bigquery/datasetIamMember:DatasetIamMember": grant(datasetId="sales"),
    "gcp:bigquery/iamMember:IamMember": grant(datasetId="sales", tableId="orders"),
    "gcp:bigquery/table:Table": {
        "datasetId": "sales",
        "tableId": "orders",
        "schema": schema(COLUMNS),
        "description": "One row per order.",
        "friendlyName": "Orders",
        "clusterings": ["note", "count"],
        "timePartitioning": {"type": "DAY", "field": "day", "expirationMs": 7776000000},
        "requirePartitionFilter": True,
        "tableConstraints": {"primaryKey": {"columns": ["day"]}},
        "deletionProtection": True,
        "labels": {"team": "a"},
    },
    "gcp:cloudfunctionsv2/function:Function": {
        "name": "sorter",
        "location": "us-west2",
        "description": "Sorts.",
        "buildConfig": {
            "runtime": "python311",
            "entryPoint": "main",
            "serviceAccount": "projects/a-project/serviceAccounts/builder@a-project.iam.gserviceaccount.com",
            "environmentVariables": {"X": "1"},
            "source": {"storageSource": {"bucket": "sources", "object": "a.zip", "generation": 5}},
        },
        "serviceConfig": {
            "availableMemory": "512Mi",
            "availableCpu": "1",
            "timeoutSeconds": 60,
            "maxInstanceRequestConcurrency": 4,
            "minInstanceCount": 1,
            "maxInstanceCount": 5,
            "serviceAccountEmail": "runner@a-project.iam.gserviceaccount.com",
            "ingressSettings": "ALLOW_INTERNAL_ONLY",
            "allTrafficOnLatestRevision": True,
            "environmentVariables": {"LEVEL": "INFO", "MODE": "x"},
            "secretEnvironmentVariables": [{"key": "HOOK", "projectId": "a-project", "secret": "hook", "version": "1"}],
        },
        "labels": {"team": "a"},
    },
    "gcp:cloudrunv2/serviceIamMember:ServiceIamMember": grant(name="sorter", location="us-west2"),
    "gcp:cloudscheduler/job:Job": {
        "name": "nightly",
        "region": "us-west2",
        "description": "Every night.",
        "schedule": "0 3 * * *",
        "timeZone": "America/New_York",
        "attemptDeadline": "320s",
        "paused": True,
        "retryConfig": {"retryCount": 3, "minBackoffDuration": "10s", "maxBackoffDuration": "60s", "maxDoublings": 2},
        "httpTarget": {
            "uri": "https://sorter.run.app/go",
            "httpMethod": "POST",
            "body": "e30=",
            "headers": {"Content-Type": "application/json"},
            "oidcToken": {"serviceAccountEmail": "caller@a-project.iam.gserviceaccount.com", "audience": "https://a.b"},
        },
    },
    "gcp:firestore/database:Database": {
        "name": "(default)",
        "locationId": "us-west2",
        "type": "FIRESTORE_NATIVE",
        "deleteProtectionState": "DELETE_PROTECTION_ENABLED",
        "pointInTimeRecoveryEnablement": "POINT_IN_TIME_RECOVERY_ENABLED",
        "concurrencyMode": "PESSIMISTIC",
        "deletionPolicy": "ABANDON",
    },
    "gcp:firestore/field:Field": {
        "database": "(default)",
        "collection": "runs",
        "field": "expires",
        "ttlConfig": {},
    },
    "gcp:firestore/index:Index": {
        "database": "(default)",
        "collection": "runs",
        "queryScope": "COLLECTION",
        "fields": [{"fieldPath": "state", "order": "ASCENDING"}, {"fieldPath": "last", "order": "DESCENDING"}],
    },
    "gcp:iam/workloadIdentityPool:WorkloadIdentityPool": {
        "workloadIdentityPoolId": "workflows",
        "displayName": "Workflows",
        "description": "Of releases.",
        "disabled": True,
    },
    "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider": {
        "workloadIdentityPoolId": "workflows",
        "workloadIdentityPoolProviderId": "github",
        "displayName": "GitHub",
        "oidc": {"issuerUri": "https://token.actions.githubusercontent.com", "allowedAudiences": ["a"]},
        "attributeMapping": {"google.subject": "assertion.sub"},
        "attributeCondition": "assertion.repository_id == '1'",
    },
    "gcp:kms/cryptoKey:CryptoKey": {
        "name": "secrets",
        "keyRing": "projects/a-project/locations/us-west2/keyRings/ring",
        "purpose": "ENCRYPT_DECRYPT",
        "rotationPeriod": "7776000s",
        "destroyScheduledDuration": "2592000s",
        "labels": {"team": "a"},
    },
    "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember": grant(
        cryptoKeyId="projects/a-project/locations/us-west2/keyRings/ring/cryptoKeys/secrets"
    ),
    "gcp:kms/keyRing:KeyRing": {"name": "ring", "location": "us-west2"},
    "gcp:monitoring/alertPolicy:AlertPolicy": {
        "displayName": "Sorter fails",
        "combiner": "OR",
        "enabled": True,
        "severity": "ERROR",
        "conditions": [
            {
                "displayName": "errors",
                "conditionPrometheusQueryLanguage": {
                    "query": "sum(x) > 1",
                    "duration": "60s",
                    "evaluationInterval": "30s",
                    "disableMetricValidation": True,
                },
            }
        ],
        "notificationChannels": ["projects/a-project/notificationChannels/1"],
        "alertStrategy": {"autoClose": "1800s", "notificationRateLimit": {"period": "300s"}},
        "documentation": {"content": "Read the log.", "mimeType": "text/markdown", "subject": "Sorter"},
        "userLabels": {"team": "a"},
    },
    "gcp:monitoring/dashboard:Dashboard": {"dashboardJson": '{"displayName": "Board", "gridLayout": {"columns": "2"}}'},
    "gcp:projects/iAMMember:IAMMember": {
        **grant(project="a-project"),
        "condition": {"title": "some", "expression": "true", "description": "Only some."},
    },
    "gcp:projects/service:Service": {"service": "pubsub.googleapis.com", "disableOnDestroy": False},
    "gcp:projects/serviceIdentity:ServiceIdentity": {"service": "pubsub.googleapis.com"},
    "gcp:pubsub/subscription:Subscription": {
        "name": "orders-to-sorter",
        "topic": TOPIC,
        "ackDeadlineSeconds": 60,
        "messageRetentionDuration": "86400s",
        "retainAckedMessages": True,
        "enableMessageOrdering": True,
        "filter": 'attributes.kind = "x"',
        "expirationPolicy": {"ttl": ""},
        "retryPolicy": {"minimumBackoff": "10s", "maximumBackoff": "600s"},
        "deadLetterPolicy": {"deadLetterTopic": "projects/a-project/topics/dead", "maxDeliveryAttempts": 20},
        "pushConfig": {
            "pushEndpoint": "https://sorter.run.app/",
            "oidcToken": {"serviceAccountEmail": "caller@a-project.iam.gserviceaccount.com", "audience": "https://a.b"},
        },
        "labels": {"team": "a"},
    },
    "gcp:pubsub/subscriptionIAMMember:SubscriptionIAMMember": grant(subscription="orders-to-sorter"),
    "gcp:pubsub/topic:Topic": {
        "name": "orders",
        "messageRetentionDuration": "86400s",
        "messageStoragePolicy": {"allowedPersistenceRegions": ["us-west1", "us-west2"]},
        "labels": {"team": "a"},
    },
    "gcp:pubsub/topicIAMMember:TopicIAMMember": grant(topic="orders"),
    "gcp:secretmanager/secret:Secret": {
        "secretId": "hook",
        "replication": {"userManaged": {"replicas": [{"location": "us-west2"}]}},
        "annotations": {"note": "x"},
        "versionDestroyTtl": "2592000s",
        "labels": {"team": "a"},
    },
    "gcp:secretmanager/secretIamMember:SecretIamMember": grant(secretId="hook"),
    "gcp:artifactregistry/repository:Repository": {
        "repositoryId": "images",
        "location": "us-west2",
        "format": "DOCKER",
        "description": "Images",
        "labels": {"team": "a"},
        "cleanupPolicyDryRun": True,
        "dockerConfig": {"immutableTags": True},
    },
    "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember": grant(repository="images", location="us-west2"),
    "gcp:serviceaccount/account:Account": {
        "accountId": "runner",
        "displayName": "Runs",
        "description": "Runs it.",
        "disabled": True,
    },
    "gcp:serviceaccount/iAMMember:IAMMember": grant(
        serviceAccountId="projects/a-project/serviceAccounts/runner@a-project.iam.gserviceaccount.com"
    ),
    "gcp:storage/bucket:Bucket": {
        "name": "sources",
        "location": "US-WEST2",
        "uniformBucketLevelAccess": True,
        "publicAccessPrevention": "enforced",
        "versioning": {"enabled": True},
        "softDeletePolicy": {"retentionDurationSeconds": 7776000},
        "storageClass": "NEARLINE",
        "forceDestroy": True,
        "labels": {"team": "a"},
    },
    "gcp:storage/bucketIAMMember:BucketIAMMember": grant(bucket="sources"),
    "gcp:storage/bucketObject:BucketObject": {
        "bucket": "sources",
        "name": "a.zip",
        "contentType": "application/zip",
        "cacheControl": "no-cache",
        "content": "one",
    },
}
"""Kind → inputs with everything set that is likely to be changed."""

_PATH = "https://pubsub.googleapis.com/v1/" + TOPIC
_SUBSCRIPTION, _TABLE = "gcp:pubsub/subscription:Subscription", "gcp:bigquery/table:Table"
_JSON = '{\n "gridLayout": {"columns": "2"},\n "displayName": "Board"\n}'


def _columns(change: str) -> list[Any]:
    """Return the columns after a change of that name."""
    columns = copy.deepcopy(COLUMNS)
    day, note, amount, count, place = columns
    match change:
        case "column renamed in case":
            note["name"] = "Note"
        case "column renamed":
            note["name"] = "remark"
        case "column dropped":
            columns.remove(note)
        case "column added":
            columns.append({"name": "more", "type": "STRING", "mode": "NULLABLE"})
        case "column added and one dropped":
            columns[1] = {"name": "more", "type": "STRING", "mode": "NULLABLE"}
        case "column added required":
            columns.append({"name": "more", "type": "STRING", "mode": "REQUIRED"})
        case "column added with default":
            columns.append({"name": "more", "type": "STRING", "mode": "NULLABLE", "defaultValueExpression": "'x'"})
        case "columns in another order":
            columns.reverse()
        case "column put first":
            columns.insert(0, {"name": "more", "type": "STRING", "mode": "NULLABLE"})
        case "type as alias INT64":
            count["type"] = "INT64"
        case "type in lower case":
            note["type"] = "string"
        case "type as alias STRUCT":
            place["type"] = "STRUCT"
        case "type as alias DECIMAL":
            amount["type"] = "DECIMAL"
        case "type widened to BIGNUMERIC":
            amount["type"] = "BIGNUMERIC"
        case "type changed":
            count["type"] = "STRING"
        case "parameters widened":
            amount["precision"] = "20"
        case "parameters narrowed":
            amount["precision"] = "5"
        case "mode relaxed":
            day["mode"] = "NULLABLE"
        case "mode left out":
            del note["mode"]
        case "mode made required":
            note["mode"] = "REQUIRED"
        case "mode made repeated":
            note["mode"] = "REPEATED"
        case "description changed":
            note["description"] = "other text"
        case "description removed":
            del note["description"]
        case "default changed":
            count["defaultValueExpression"] = "1"
        case "default removed":
            del count["defaultValueExpression"]
        case "default set on a released column":
            note["defaultValueExpression"] = "'x'"
        case "nested field added":
            place["fields"].append({"name": "street", "type": "STRING"})
        case "nested field added required":
            place["fields"].append({"name": "street", "type": "STRING", "mode": "REQUIRED"})
        case "nested field dropped":
            place["fields"].pop()
        case "nested field renamed in case":
            place["fields"][1]["name"] = "Zip"
        case "nested mode relaxed":
            place["fields"][0]["mode"] = "NULLABLE"
        case "nested fields in another order":
            place["fields"].reverse()
        case _:
            raise ValueError(change)
    return columns


SCHEMA_CHANGES = (
    "column renamed in case", "column renamed", "column dropped", "column added", "column added and one dropped",
    "column added required", "column added with default", "columns in another order", "column put first",
    "type as alias INT64", "type in lower case", "type as alias STRUCT", "type as alias DECIMAL",
    "type widened to BIGNUMERIC", "type changed", "parameters widened", "parameters narrowed", "mode relaxed",
    "mode left out", "mode made required", "mode made repeated", "description changed", "description removed",
    "default changed", "default removed", "default set on a released column", "nested field added",
    "nested field added required", "nested field dropped", "nested field renamed in case", "nested mode relaxed",
    "nested fields in another order",
)  # fmt: skip
SPELLED: tuple[tuple[str, str, object, object], ...] = (
    # kind, path, as it stands in the state, as it is written now
    ("gcp:bigquery/dataset:Dataset", "location", "us-west2", "US-WEST2"),
    ("gcp:bigquery/datasetIamMember:DatasetIamMember", "member", MEMBER, MEMBER.upper()),
    ("gcp:bigquery/iamMember:IamMember", "tableId", "projects/a-project/datasets/sales/tables/orders", "orders"),
    (
        "gcp:cloudrunv2/serviceIamMember:ServiceIamMember",
        "name",
        "projects/a-project/locations/us-west2/services/sorter",
        "sorter",
    ),
    ("gcp:cloudscheduler/job:Job", "httpTarget.uri", "https://sorter.run.app", "https://sorter.run.app/"),
    ("gcp:cloudscheduler/job:Job", "retryConfig.minBackoffDuration", "10s", "10.0s"),
    (
        "gcp:monitoring/dashboard:Dashboard",
        "dashboardJson",
        '{"displayName":"Board","etag":"1"}',
        '{"displayName": "Board"}',
    ),
    (
        "gcp:monitoring/dashboard:Dashboard",
        "dashboardJson",
        '{"displayName":"Board","gridLayout":{"columns":"2"}}',
        _JSON,
    ),
    ("gcp:projects/iAMMember:IAMMember", "project", "a-project", "projects/a-project"),
    ("gcp:projects/iAMMember:IAMMember", "member", "principalSet://x/A", "principalSet://x/a"),
    ("gcp:projects/iAMMember:IAMMember", "member", "user:A@b.c", "user:a@b.c"),
    (_SUBSCRIPTION, "topic", TOPIC, "orders"),
    (_SUBSCRIPTION, "topic", TOPIC, _PATH),
    (_SUBSCRIPTION, "topic", TOPIC, "projects/other/topics/orders"),
    (_SUBSCRIPTION, "retryPolicy.minimumBackoff", "10s", "10.0s"),
    (_SUBSCRIPTION, "expirationPolicy.ttl", "86400s", "86400.0s"),
    (_SUBSCRIPTION, "expirationPolicy.ttl", "86400.500s", "86400.5s"),
    (_SUBSCRIPTION, "messageRetentionDuration", "86400s", "86400.0s"),
    ("gcp:pubsub/topicIAMMember:TopicIAMMember", "topic", TOPIC, "orders"),
    ("gcp:pubsub/topicIAMMember:TopicIAMMember", "topic", TOPIC, "other"),
    (
        "gcp:pubsub/subscriptionIAMMember:SubscriptionIAMMember",
        "subscription",
        "projects/a-project/subscriptions/orders-to-sorter",
        "orders-to-sorter",
    ),
    (
        "gcp:pubsub/topic:Topic",
        "messageStoragePolicy.allowedPersistenceRegions",
        ["us-west1", "us-west2"],
        ["us-west2", "us-west1"],
    ),
    ("gcp:artifactregistry/repository:Repository", "format", "DOCKER", "docker"),
    (
        "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember",
        "repository",
        "projects/a-project/locations/us-west2/repositories/images",
        "images",
    ),
    ("gcp:secretmanager/secretIamMember:SecretIamMember", "secretId", "projects/a-project/secrets/hook", "hook"),
    ("gcp:storage/bucket:Bucket", "location", "US-WEST2", "us-west2"),
    ("gcp:storage/bucketIAMMember:BucketIAMMember", "bucket", "b/sources", "sources"),
)


def cases() -> Iterator[Case]:
    """Yield every case."""
    for kind, base in BASES.items():
        for path in _paths(base):
            yield Case(kind, f"without {path}", base, _without(base, path))
            yield Case(kind, f"with {path}", _without(base, path), base)
            if (other := _altered(_get(base, path))) is not None:
                yield Case(kind, f"another {path}", base, _with(base, path, other))
    for change in SCHEMA_CHANGES:
        base = BASES[_TABLE]
        yield Case(_TABLE, f"schema: {change}", base, {**base, "schema": schema(_columns(change))})
    for number, (kind, path, stored, written) in enumerate(SPELLED):
        base = _with(BASES[kind], path, stored)
        yield Case(kind, f"spelling {number}: {path} {stored} as {written}", base, _with(base, path, written))
    yield from _others()


def _others() -> Iterator[Case]:
    table, bare = BASES[_TABLE], _without(BASES[_TABLE], "timePartitioning")
    yield Case(_TABLE, "partitioned by day", bare, table)
    yield Case(_TABLE, "partitioned by ingestion", bare, {**bare, "timePartitioning": {"type": "DAY"}})
    yield Case(_TABLE, "expiration 0", table, _with(table, "timePartitioning.expirationMs", 0))
    ranged = {**bare, "rangePartitioning": {"field": "count", "range": {"start": 0, "end": 10, "interval": 1}}}
    yield Case(_TABLE, "another range", ranged, _with(ranged, "rangePartitioning.range.end", 20))
    yield Case(_TABLE, "range gone", ranged, bare)
    yield Case(_TABLE, "schema reformatted", table, {**table, "schema": json.dumps(COLUMNS, indent=4)})
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
    changed = copy.deepcopy(inputs)
    target: Any = changed
    *steps, last = path.split(".")
    for step in steps:
        target = target[step]
    target[last] = value
    return changed


def _without(inputs: State, path: str) -> State:
    changed = copy.deepcopy(inputs)
    target: Any = changed
    *steps, last = path.split(".")
    for step in steps:
        target = target[step]
    del target[last]
    return changed
