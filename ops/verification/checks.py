"""The checks of a deployment: each looks at one kind of resource and yields what is not as declared, in sentences.

A check reads the effect and not the intention: the revision that serves, the grant that is in force, the URL that is
called (incidents 15 to 17, 24, 25, 34, 35, 52, 64, 71, 72).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ops.embedded.record import Registration
from ops.verification import consumers, grants
from ops.verification.cloud import CloudResource
from ops.verification.declared import (
    ALERT,
    FUNCTION,
    INVOKER,
    JOB,
    SUBSCRIPTION,
    TABLE,
    TOPIC,
    UNKNOWN,
    DeclaredResources,
    dig,
    path_of,
)
from ops.verification.grants import PUBLIC

Look = Callable[[DeclaredResources, Registration], Iterator[str]]
AGAIN = "release again"
_CONDITIONS = ("conditionPrometheusQueryLanguage.query", "conditionMatchedLog.filter")
_TYPES = {"INT64": "INTEGER", "FLOAT64": "FLOAT", "BOOL": "BOOLEAN", "STRUCT": "RECORD"}


@dataclass(frozen=True)
class DeploymentCheck:
    """One check: `look` yields a sentence for each thing wrong with a resource of `kinds`.

    What a check finds that is not `fault` is a warning: it is there besides what is declared.
    """

    id: str
    title: str
    kinds: tuple[str, ...]
    look: Look
    fault: bool = True


def function(declared: DeclaredResources, resource: Registration) -> Iterator[str]:
    """Yield what is wrong with a function: absent, not active, other source, entry point or identity."""
    found, name = declared.function(resource), resource.inputs["name"]
    if found is None:
        yield f"Function {name} does not exist; {AGAIN}."
        return
    if found.get("state") != "ACTIVE":
        messages = " ".join(str(each.get("message", "")) for each in found.get("stateMessages", ()))
        yield f"Function {name} is {found.get('state')}, not active: {messages or 'its build log tells why'}."
    facts = ("buildConfig.source.storageSource.object", "buildConfig.entryPoint", "buildConfig.runtime")
    titles = ("is built from", "starts at", "runs on")
    for path, title in zip(facts, titles, strict=True):
        expected = declared.value(dig(resource.inputs, path))
        yield from _differs(f"Function {name} {title}", dig(found, path), expected)
    for path, title in {
        "serviceConfig.availableMemory": "has the memory",
        "serviceConfig.availableCpu": "has the CPU",
        "serviceConfig.timeoutSeconds": "is ended after",
        "serviceConfig.maxInstanceCount": "has at most instances",
        "serviceConfig.ingressSettings": "is reached from",
    }.items():
        expected = declared.value(dig(resource.inputs, path))
        if expected is not None:
            yield from _differs(f"Function {name} {title}", dig(found, path), expected)
    given = dig(found, "serviceConfig.environmentVariables", {}) or {}
    for variable, expected in (dig(resource.inputs, "serviceConfig.environmentVariables", {}) or {}).items():
        yield from _differs(f"Function {name} has {variable}", given.get(variable), declared.value(expected))
    identity = "serviceConfig.serviceAccountEmail"
    yield from _differs(
        f"Function {name} runs as", dig(found, identity), declared.value(dig(resource.inputs, identity))
    )


def revision(declared: DeclaredResources, resource: Registration) -> Iterator[str]:
    """Yield what is wrong with the revision that serves a function."""
    found, name = declared.function(resource), resource.inputs["name"]
    service = declared.cloud.get("run", str(dig(found, "serviceConfig.service"))) if found else None
    if found is None or service is None:
        yield f"Function {name} has no Cloud Run service; {AGAIN}."
        return
    created, ready = (_last(service.get(f"latest{state}Revision")) for state in ("Created", "Ready"))
    if created != ready:
        yield f"The newest revision of {name}, {created}, is not ready; {ready or 'none'} serves. Read the log of {created}."
    yield from _differs(
        f"The revision of {name} that is ready is", ready, dig(found, "serviceConfig.revision", UNKNOWN)
    )
    condition = dig(service, "terminalCondition.state")
    if condition != "CONDITION_SUCCEEDED":
        reason = dig(service, "terminalCondition.message") or condition
        yield f"The service of {name} is not ready: {str(reason).rstrip('.')}."
    traffic = service.get("trafficStatuses", ())
    share = sum(each.get("percent", 0) for each in traffic if _newest(each, ready))
    if share != 100:
        yield f"The newest revision of {name} gets {share} % of its traffic; send all of it to the latest revision."


def invoker(declared: DeclaredResources, resource: Registration) -> Iterator[str]:
    """Yield what is wrong with a grant on a service: not in force by role and member, or beside a public one."""
    service = declared.value(resource.inputs["name"])
    if service is UNKNOWN:
        return
    if "/" not in str(service):
        service = f"projects/{resource.inputs['project']}/locations/{resource.inputs['location']}/services/{service}"
    role, member = resource.inputs["role"], declared.value(resource.inputs["member"])
    policy = declared.cloud.get("run", f"{service}:getIamPolicy")
    name = _last(str(service))
    if policy is None:
        yield f"The service {name} does not exist, so nobody can be granted anything on it."
        return
    bindings = [each for each in policy.get("bindings", ()) if not each.get("condition")]
    members = {who for each in bindings if each.get("role") == role for who in each.get("members", ())}
    if member not in members:
        yield f"{member} lacks {role} on {name}, so its calls are refused with 403; {AGAIN}."
    if public := members & PUBLIC:
        yield f"{' and '.join(sorted(public))} may call {name}; remove that grant."


def subscription(declared: DeclaredResources, resource: Registration) -> Iterator[str]:
    """Yield what is wrong with a subscription: absent, detached, or delivering elsewhere."""
    found, name = declared.cloud.get("pubsub", path_of(resource)), resource.inputs["name"]
    if found is None:
        yield f"Subscription {name} does not exist, so its messages are lost; {AGAIN}."
        return
    if found.get("state", "ACTIVE") != "ACTIVE" or found.get("detached"):
        state = "detached" if found.get("detached") else found.get("state")
        yield f"Subscription {name} is {state} and delivers nothing; {AGAIN}."
    for path, title in {
        "topic": "receives",
        "pushConfig.pushEndpoint": "pushes to",
        "pushConfig.oidcToken.serviceAccountEmail": "calls as",
        "pushConfig.oidcToken.audience": "asks tokens for",
        "deadLetterPolicy.deadLetterTopic": "gives up to",
        "bigqueryConfig.table": "writes to",
        "ackDeadlineSeconds": "waits for an answer",
        "deadLetterPolicy.maxDeliveryAttempts": "gives up after attempts",
        "retryPolicy.minimumBackoff": "tries again after",
        "retryPolicy.maximumBackoff": "tries again at the latest after",
        "messageRetentionDuration": "keeps messages for",
        "filter": "lets through",
    }.items():
        expected = declared.value(dig(resource.inputs, path))
        if expected is not None:
            given = dig(found, path)
            if path == "bigqueryConfig.table":
                expected, given = (str(each).replace(":", ".") for each in (expected, given))
            yield from _differs(f"Subscription {name} {title}", given, expected)
    if ttl := dig(found, "expirationPolicy.ttl"):
        yield f"Subscription {name} is deleted after {ttl} without a reader; {AGAIN}."


def schedule(declared: DeclaredResources, resource: Registration) -> Iterator[str]:
    """Yield what is wrong with a scheduler job: absent, paused, calling elsewhere, or failing."""
    found, name = declared.cloud.get("cloudscheduler", path_of(resource)), resource.inputs["name"]
    if found is None:
        yield f"Job {name} does not exist, so nothing starts on time; {AGAIN}."
        return
    expected = "PAUSED" if resource.inputs.get("paused") else "ENABLED"
    yield from _differs(f"Job {name} is", found.get("state"), expected)
    yield from _differs(f"Job {name} runs at", found.get("schedule"), resource.inputs.get("schedule"))
    for path, title in {"httpTarget.uri": "calls", "httpTarget.oidcToken.serviceAccountEmail": "calls as"}.items():
        given, wanted = dig(found, path), declared.value(dig(resource.inputs, path))
        if path == "httpTarget.uri" and isinstance(wanted, str):
            given, wanted = str(given).rstrip("/"), wanted.rstrip("/")
        yield from _differs(f"Job {name} {title}", given, wanted)
    if code := dig(found, "status.code"):
        yield f"The last run of job {name} failed ({dig(found, 'status.message') or f'code {code}'}); read its log."


def table(declared: DeclaredResources, resource: Registration) -> Iterator[str]:
    """Yield what is wrong with a table or view: absent, or with other columns."""
    found = declared.cloud.get("bigquery", path_of(resource))
    name = f"{resource.inputs['datasetId']}.{resource.inputs['tableId']}"
    if found is None:
        yield f"{'View' if 'view' in resource.inputs else 'Table'} {name} does not exist; {AGAIN}."
        return
    if "view" in resource.inputs:
        yield from _differs(f"{name} is a", found.get("type"), "VIEW")
        asked, asks = (" ".join(str(dig(each, "view.query")).split()) for each in (resource.inputs, found))
        if asked != asks:
            yield f"View {name} asks another query than the declared one; {AGAIN}."
        return
    expected = dict(_columns(json.loads(str(resource.inputs["schema"]))))
    given = dict(_columns(dig(found, "schema.fields", ())))
    for column, kind in expected.items():
        if column not in given:
            yield f"Table {name} lacks the column {column} ({kind}); what writes it fails. Release again."
        elif given[column] != kind:
            yield f"Column {column} of table {name} is {given[column]}, declared is {kind}."
    for column in given.keys() - expected.keys():
        yield f"Table {name} has a column that nobody declares, {column}; add it to its file under schemas/."
    for path in ("timePartitioning.field", "timePartitioning.type"):
        wanted = dig(resource.inputs, path)
        if wanted is not None:
            yield from _differs(f"Table {name} is partitioned by", dig(found, path), wanted)
    clustered = resource.inputs.get("clusterings")
    yield from _differs(f"Table {name} is clustered by", dig(found, "clustering.fields"), clustered)
    kept, days = dig(resource.inputs, "timePartitioning.expirationMs"), dig(found, "timePartitioning.expirationMs")
    if int(kept or 0) != int(days or 0):
        yield f"Table {name} keeps rows for {_days(days)}; declared is {_days(kept)}. To repair, {AGAIN}."


def _days(milliseconds: object) -> str:
    return f"{int(str(milliseconds)) // 86_400_000} days" if milliseconds else "ever"


def alert(declared: DeclaredResources, resource: Registration) -> Iterator[str]:
    """Yield what is wrong with an alert: absent, silenced, or telling nobody."""
    title = str(resource.inputs["displayName"])
    found = declared.alerts(title)
    if len(found) != 1:
        what = "does not exist" if not found else f"exists {len(found)} times"
        yield f"The alert '{title}' {what}; {AGAIN}."
        return
    if not found[0].get("enabled", True):
        yield f"The alert '{title}' is disabled; enable it."
    asked = [each for path in _CONDITIONS for each in (_conditions(found[0], path), _conditions(resource.inputs, path))]
    if asked[0] != asked[1] or asked[2] != asked[3]:
        yield f"The alert '{title}' has another condition than the declared one; {AGAIN}."
    channels = set(found[0].get("notificationChannels", ()))
    for channel in dig(resource.inputs, "notificationChannels", ()):
        if channel not in channels:
            yield f"The alert '{title}' does not notify {channel}; {AGAIN}."
            continue
        known = declared.cloud.get("monitoring", channel)
        if known is None or not known.get("enabled", True):
            yield f"The alert '{title}' notifies {channel}, which {'is disabled' if known else 'does not exist'}."


CHECKS: tuple[DeploymentCheck, ...] = (
    DeploymentCheck("functions", "Functions are active and built from this source", (FUNCTION,), function),
    DeploymentCheck("revisions", "The newest revision is ready and serves all traffic", (FUNCTION,), revision),
    DeploymentCheck("invokers", "Callers hold the right to call, by role and member", (INVOKER,), invoker),
    DeploymentCheck("grants", "Every other grant is in force", grants.KINDS, grants.grant),
    DeploymentCheck("topics", "Topics exist", (TOPIC,), consumers.topic),
    DeploymentCheck("subscriptions", "Subscriptions deliver where the function is", (SUBSCRIPTION,), subscription),
    DeploymentCheck(
        "consumers", "Nobody else subscribes to our topics", (TOPIC,), consumers.subscriptions, fault=False
    ),
    DeploymentCheck("schedules", "Jobs are enabled and call the function's URL", (JOB,), schedule),
    DeploymentCheck("callers", "No other job calls our functions", (FUNCTION,), consumers.callers, fault=False),
    DeploymentCheck("tables", "Tables and columns are as declared", (TABLE,), table),
    DeploymentCheck("alerts", "Alerts are enabled and notify a channel", (ALERT,), alert),
)


def _conditions(policy: Mapping[str, Any], path: str) -> list[object]:
    return [dig(each, path) for each in policy.get("conditions", ())]


def _differs(subject: str, found: object, expected: object) -> Iterator[str]:
    if expected is not UNKNOWN and found != expected:
        yield f"{subject} {found if found not in (None, '') else 'nothing'}; declared is {expected}. To repair, {AGAIN}."


def _last(name: object) -> str:
    return str(name or "").rpartition("/")[2]


def _newest(traffic: CloudResource, ready: str) -> bool:
    latest = traffic.get("type") == "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
    return latest or _last(traffic.get("revision")) == ready


def _columns(fields: Sequence[Mapping[str, Any]], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield each column's dotted path with its type and mode, in the names that the interface uses."""
    for column in fields:
        kind = _TYPES.get(column["type"], column["type"])
        yield f"{prefix}{column['name']}", f"{kind} {column.get('mode') or 'NULLABLE'}"
        yield from _columns(column.get("fields", ()), f"{prefix}{column['name']}.")
