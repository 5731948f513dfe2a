"""The system as it stood before this project: deployed by scripts, with data that must survive an adoption."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.engine.twin.cloud import Cloud, Resource
from tests.engine.twin.kinds import SPECS, identify
from tests.engine.twin.provider import NUMBER

PROJECT = "nba-props-platform"
REGION = "us-west2"
FUNCTION = "gcp:cloudfunctionsv2/function:Function"
SUBSCRIPTION = "gcp:pubsub/subscription:Subscription"
TOPIC = "gcp:pubsub/topic:Topic"
TABLE = "gcp:bigquery/table:Table"
JOB = "gcp:cloudscheduler/job:Job"
_ORCHESTRATORS = {
    "phase2-to-phase3-orchestrator": "nba-phase2-raw-complete",
    "phase3-to-phase4-orchestrator": "nba-phase3-analytics-complete",
}


def populate(cloud: Cloud, declared: list[tuple[str, dict[str, Any]]]) -> None:
    """Put the old system into a cloud.

    Args:
        cloud: where.
        declared: kind and inputs of what the program deploys; the tables, topics, database and secret of the old
            system are these, as they were before.
    """
    for kind, inputs in declared:
        if kind in ("gcp:bigquery/dataset:Dataset", "gcp:secretmanager/secret:Secret"):
            put(cloud, kind, {**inputs, "labels": None})
        elif kind == "gcp:firestore/database:Database":
            put(cloud, kind, {**inputs, "deleteProtectionState": "DELETE_PROTECTION_DISABLED"})
        elif kind == TABLE and "schema" in inputs:
            put(cloud, kind, {**inputs, "schema": _fewer_columns(inputs["schema"]), "description": None})
        elif kind == TOPIC and not inputs["name"].endswith("dead-letter"):
            put(cloud, kind, {"name": inputs["name"]})
    for name, topic in _ORCHESTRATORS.items():
        put(cloud, FUNCTION, _function(name, topic))
        put(cloud, SUBSCRIPTION, _eventarc(name, topic))
    put(cloud, TOPIC, {"name": "nba-predictions-trigger"})
    put(cloud, FUNCTION, _function("transition-monitor", "nba-phase3-analytics-complete"))
    put(cloud, SUBSCRIPTION, _eventarc("transition-monitor", "nba-phase3-analytics-complete"))
    put(cloud, FUNCTION, _function("phase6-export", "nba-phase6-export-trigger-old"))
    put(cloud, JOB, _job("phase3-kick", f"https://{REGION}-{PROJECT}.cloudfunctions.net/phase2-to-phase3-orchestrator"))
    put(cloud, JOB, _job("grading", "https://grading-756957797294.us-west2.run.app/grade"))


def put(cloud: Cloud, kind: str, inputs: dict[str, Any]) -> None:
    inputs = {name: value for name, value in inputs.items() if value is not None}
    setting = {"project": PROJECT, "region": REGION, "number": NUMBER, "urn": json.dumps(inputs)}
    computed = SPECS[kind].computed(setting, inputs)
    cloud.put(Resource(kind, identify(kind, setting, inputs, computed), inputs, computed))


def _fewer_columns(schema: str) -> str:
    """Return the schema without its last column that may be missing, as old tables lack the newer ones.

    A column with a default is none of those: BigQuery adds no such column to a table that is there.
    """
    columns = json.loads(schema)
    optional = [each for each in columns if each.get("mode") != "REQUIRED" and "defaultValueExpression" not in each]
    return json.dumps([column for column in columns if column is not (optional or [None])[-1]])


def _function(name: str, topic: str) -> dict[str, Any]:
    return {
        "name": name,
        "location": REGION,
        "buildConfig": {"runtime": "python311", "entryPoint": "main"},
        "serviceConfig": {"availableMemory": "256M", "timeoutSeconds": 60, "maxInstanceCount": 100},
        "eventTrigger": {
            "eventType": "google.cloud.pubsub.topic.v1.messagePublished",
            "pubsubTopic": f"projects/{PROJECT}/topics/{topic}",
            "retryPolicy": "RETRY_POLICY_RETRY",
        },
    }


def _eventarc(function: str, topic: str) -> dict[str, Any]:
    return {
        "name": f"eventarc-{REGION}-{function}-101-sub-202",
        "topic": f"projects/{PROJECT}/topics/{topic}",
        "ackDeadlineSeconds": 10,
        "pushConfig": {"pushEndpoint": f"https://{function}-abc-wl.a.run.app?__GCP_CloudEventsMode=CUSTOM_PUBSUB"},
    }


def _job(name: str, uri: str) -> dict[str, Any]:
    return {"name": name, "region": REGION, "schedule": "*/30 * * * *", "httpTarget": {"uri": uri}}


def listings(cloud: Cloud) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return what `gcloud asset list` and the Firestore listings would print for a cloud."""
    assets = [entry for resource in cloud.all() for entry in _asset(resource)]
    fire = [_listed(resource) for resource in cloud.all("gcp:firestore/*") if "collectionGroups" in resource.id]
    return assets, fire


def _asset(resource: Resource) -> Iterator[dict[str, Any]]:
    inputs, by_number = resource.inputs, resource.id.replace(PROJECT, NUMBER, 1)
    service, _, kind = {
        TOPIC: "pubsub/Topic",
        SUBSCRIPTION: "pubsub/Subscription",
        FUNCTION: "cloudfunctions/Function",
        JOB: "cloudscheduler/Job",
        TABLE: "bigquery/Table",
        "gcp:bigquery/dataset:Dataset": "bigquery/Dataset",
        "gcp:secretmanager/secret:Secret": "secretmanager/Secret",
        "gcp:firestore/database:Database": "firestore/Database",
    }.get(resource.kind, "").partition("/")
    if not service:
        return
    data: dict[str, Any] = {**inputs, "name": resource.id}
    if resource.kind == TABLE:
        data |= {"schema": {"fields": json.loads(inputs.get("schema", "[]"))}}
        data |= {"clustering": {"fields": inputs["clusterings"]}} if "clusterings" in inputs else {}
    if resource.kind.endswith(":Secret"):
        data["replication"] = {"automatic": {}}
    name = by_number if kind == "Secret" else resource.id
    yield {
        "name": f"//{service}.googleapis.com/{name}",
        "assetType": f"{service}.googleapis.com/{kind}",
        "resource": {"version": "v1", "data": data},
    }


def _listed(resource: Resource) -> dict[str, Any]:
    fields = [each for each in resource.inputs.get("fields", []) if each["fieldPath"] != "__name__"]
    ttl = {"ttlConfig": {"state": "ACTIVE"}} if "ttlConfig" in resource.inputs else {}
    return {"name": resource.id, "queryScope": resource.inputs.get("queryScope"), "fields": fields, **ttl}
