"""A function of this project and everything that must exist beside it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

from blueprint.deployment import deployment
from blueprint.functions import Function, Schedule
from blueprint.iam import Grant
from blueprint.inventory.alerts import policies
from blueprint.inventory.data import BUILD_GRANTS, DATASET_GRANT, PROJECT_GRANT
from blueprint.inventory.messaging import ACCOUNT, ACCOUNT_GRANT, RUN_GRANT, TOPIC_GRANT, push, topic_name
from blueprint.inventory.project import SCHEDULER_AGENT
from blueprint.inventory.resource import Expected, KnownValue, Owner, Ref, UploadedFile, labels
from blueprint.model import Blueprint
from blueprint.names import DISPLAY_NAME, clipped, slug
from blueprint.wiring import SCHEDULER_RETRIES, attempt_deadline, push_to_function

FUNCTION = "gcp:cloudfunctionsv2/function:Function"
JOB = "gcp:cloudscheduler/job:Job"
OBJECT = "gcp:storage/bucketObject:BucketObject"
SECRET_GRANT = "gcp:secretmanager/secretIamMember:SecretIamMember"  # a kind's name, not a credential
TABLE_GRANT = "gcp:bigquery/iamMember:IamMember"


def function(plan: Blueprint, declared: Function) -> Iterator[Expected]:
    """Yield the function, its identities and grants, its trigger and its alerts."""
    owner, name = Owner("Function", declared.name), declared.name
    accounts = (
        ("identity", plan.names.runtime_account(name), declared.title),
        ("invoker", plan.names.invoker_account(name), f"Calls {name}"),
    )
    for suffix, account, title in accounts:
        inputs = {"accountId": account, "project": plan.stack.project, "displayName": clipped(title, DISPLAY_NAME)}
        yield owner.owns(ACCOUNT, f"{name}-{suffix}", inputs)
    granted = [_grant(plan, owner, grant) for grant in plan.grants_of(name)]
    yield from granted
    yield from _deployed(plan, owner, declared, tuple(grant.name for grant in granted))
    yield owner.owns(
        RUN_GRANT,
        f"{name}-invocation",
        {
            "name": Ref(f"{name}-function", "serviceConfig.service"),
            "project": plan.stack.project,
            "location": plan.stack.region,
            "role": "roles/run.invoker",
            "member": Ref(f"{name}-invoker", "member"),
        },
        replaced_with=(f"{name}-function",),
    )
    yield from _trigger(plan, owner, declared)
    yield from policies(plan, owner, plan.alerts_covering("function", name))
    boundary = plan.manifest.boundary_of(name)
    if boundary is not None:
        yield from policies(plan, owner, plan.alerts_covering("boundary", boundary.name))


def _deployed(plan: Blueprint, owner: Owner, declared: Function, granted: tuple[str, ...]) -> Iterator[Expected]:
    name, project = declared.name, plan.stack.project
    archive, given = plan.archives[name], deployment(plan, declared.name)
    bucket = KnownValue(plan.names.source_bucket(), "function-source-bucket")
    uploaded = {
        "bucket": bucket,
        "name": plan.names.source_object(name, archive.sha256),
        "source": UploadedFile(archive.sha256),
        "contentType": "application/zip",
    }
    yield owner.owns(OBJECT, f"{name}-source", uploaded)
    secrets = [
        {
            "key": variable,
            "projectId": project,
            "secret": KnownValue(secret.secret, f"{secret.secret}-secret"),
            "version": secret.version,
        }
        for variable, secret in given.secrets.items()
    ]
    service: dict[str, object] = {
        "availableMemory": declared.memory,
        "availableCpu": declared.cpu,
        "maxInstanceRequestConcurrency": declared.concurrency,
        "timeoutSeconds": declared.timeout,
        "minInstanceCount": declared.min_instances,
        "maxInstanceCount": declared.max_instances,
        "serviceAccountEmail": Ref(f"{name}-identity", "email"),
        "ingressSettings": "ALLOW_INTERNAL_ONLY",
        "allTrafficOnLatestRevision": True,
        "environmentVariables": dict(given.environment),
    }
    if secrets:
        service["secretEnvironmentVariables"] = secrets
    stored = {"bucket": bucket, "object": KnownValue(uploaded["name"], f"{name}-source")}
    inputs: dict[str, object] = {
        "name": name,
        "project": project,
        "location": plan.stack.region,
        "description": declared.title,
        "buildConfig": {
            "runtime": plan.manifest.runtime,
            "entryPoint": declared.entry_point,
            "serviceAccount": Ref("function-build", "id"),
            "dockerRepository": Ref("function-images", "id"),
            "source": {"storageSource": stored},
        },
        "serviceConfig": service,
        "labels": labels(plan),
    }
    yield owner.owns(FUNCTION, f"{name}-function", inputs, waits_for=(*BUILD_GRANTS, *granted))


def _grant(plan: Blueprint, owner: Owner, grant: Grant) -> Expected:
    """Return the grant as a resource of its own kind: one for each kind of thing that can be granted on."""
    kind, target = _granted_on(plan, owner, grant)
    inputs = {
        **target,
        "project": plan.stack.project,
        "role": grant.role,
        "member": Ref(f"{grant.function}-identity", "member"),
    }
    return owner.owns(kind, f"{grant.function}-{grant.slug}", inputs)


def _granted_on(plan: Blueprint, owner: Owner, grant: Grant) -> tuple[str, dict[str, object]]:
    match grant.scope:
        case "project":
            return PROJECT_GRANT, {}
        case "topic":
            declared = grant.target in plan.manifest.topics
            named = topic_name(grant.target) if declared else f"{owner.name}-dead-letter"
            return TOPIC_GRANT, {"topic": KnownValue(grant.target, named)}
        case "secret":
            return SECRET_GRANT, {"secretId": KnownValue(grant.target, f"{grant.target}-secret")}
        case "dataset":
            return DATASET_GRANT, {"datasetId": _dataset(plan, grant.target)}
        case "table":
            dataset, _, table = grant.target.partition(".")
            ours = dataset in plan.schemas.datasets
            suffix = "view" if grant.target in plan.schemas.views else "table"
            named_table: object = KnownValue(table, f"{dataset}-{table}-{suffix}") if ours else table
            return TABLE_GRANT, {"datasetId": _dataset(plan, dataset), "tableId": named_table}


def _dataset(plan: Blueprint, dataset: str) -> object:
    """Return a dataset's name; one of the plan is referred to, one that is owned elsewhere only named."""
    return KnownValue(dataset, f"{dataset}-dataset") if dataset in plan.schemas.datasets else dataset


def _trigger(plan: Blueprint, owner: Owner, declared: Function) -> Iterator[Expected]:
    """Yield what calls the function: its subscription, or its scheduler jobs."""
    name = declared.name
    if declared.trigger.topic is not None:
        edge = push_to_function(declared, declared.trigger.topic, plan.names)
        yield from push(plan, owner, name, edge, base=Ref(f"{name}-function", "serviceConfig.uri"))
        yield from policies(plan, owner, plan.alerts_covering("subscription", edge.subscription))
        return
    token = {
        "serviceAccountId": Ref(f"{name}-invoker", "name"),
        "role": "roles/iam.serviceAccountTokenCreator",
        "member": SCHEDULER_AGENT,
    }
    yield owner.owns(ACCOUNT_GRANT, f"{name}-invoker-token", token)
    for schedule in declared.trigger.schedules.values():
        yield _job(plan, owner, declared, schedule)
        yield from policies(plan, owner, plan.alerts_covering("schedule", f"{name}/{schedule.name}"))


def _job(plan: Blueprint, owner: Owner, declared: Function, schedule: Schedule) -> Expected:
    name, url = declared.name, Ref(f"{declared.name}-function", "serviceConfig.uri")
    inputs = {
        "name": plan.names.job(name, schedule.name),
        "project": plan.stack.project,
        "region": plan.stack.region,
        "description": f"{declared.title} ({schedule.name})",
        "schedule": schedule.cron,
        "timeZone": plan.manifest.time_zone,
        "paused": schedule.paused,
        "attemptDeadline": f"{attempt_deadline(declared)}s",
        "retryConfig": {
            "retryCount": SCHEDULER_RETRIES,
            "minBackoffDuration": "10s",
            "maxBackoffDuration": "120s",
            "maxDoublings": 3,
        },
        "httpTarget": {
            "uri": url,
            "httpMethod": "POST",
            "headers": {"Content-Type": "application/json"},
            "body": base64.b64encode(json.dumps({"schedule": schedule.name}).encode()).decode(),
            "oidcToken": {"serviceAccountEmail": Ref(f"{name}-invoker", "email"), "audience": url},
        },
    }
    waits_for = (f"{name}-invoker-token", f"{name}-invocation")
    return owner.owns(JOB, f"{name}-{slug(schedule.name)}-job", inputs, waits_for=waits_for)
