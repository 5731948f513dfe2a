"""Alerts of a function: it does not start, fails, is slow, is full, or is refused by what it calls.

A gen2 function is a Cloud Run service: its logs and metrics carry `cloud_run_revision` and `service_name`.
"""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.alerts import events
from blueprint.alerts.factory import Factory, quoted, series, total
from blueprint.alerts.types import MINUTE, Alert, LogMatch, PromQL
from blueprint.manifest import Function

RESOURCE = "cloud_run_revision"
WINDOW = 10
"""Minutes over which requests are judged."""
MIN_FAILURES = 3
MEMORY_SHARE = 0.9

CRASH_TEXT = "|".join(
    (
        r"(ModuleNotFoundError|ImportError|SyntaxError|IndentationError): ",
        r"Worker failed to boot|MissingTargetException|Container called exit\([1-9]|Uncaught signal",
        r"Container terminated (by the container manager )?on signal (4|6|7|8|9|11)\b",
        r"[Ff]ailed to start and (then )?listen on the port|The instance was not started",
        r"Memory limit of |exceeded its memory limit|using too much memory|connection to the instance had an error",
    )
)
"""What a gen2 service writes when user code cannot be imported, a container does not come up or outgrows its
memory."""
REFUSED_TEXT = "|".join(
    (
        r"Quota exceeded|exceeded quota|quotaExceeded|RESOURCE_EXHAUSTED|rateLimitExceeded|Exceeded rate limits",
        r"PERMISSION_DENIED|Access Denied: |Missing or insufficient permissions",
        r"Not found: (Table|Dataset|Job)|Unrecognized name: |[Nn]o such field|Schema mismatch",
        r"Provided Schema does not match|requires an index",
    )
)
"""What Google's services answer when a quota is used up, a grant is missing or a table or column does not
fit."""


def log_filter(services: tuple[str, ...], *lines: str) -> str:
    """Return a filter on the logs of gen2 services; each line is one more comparison that must hold."""
    names = " OR ".join(quoted(service) for service in services)
    wanted = f"({names})" if len(services) > 1 else names
    return "\n".join(
        (
            f"resource.type={quoted(RESOURCE)}",
            f"resource.labels.service_name={wanted}",
            *(f"({line})" for line in lines),
        )
    )


def alerts(factory: Factory, function: Function) -> Iterator[Alert]:
    """Yield the alerts of one function."""
    thresholds = factory.manifest.alerts.thresholds
    values = {
        "function": function.name,
        "memory": function.memory,
        "timeout": str(function.timeout),
        "timeout_ms": str(function.timeout * 1000),
        "one": "1",
        "max_instances": str(function.max_instances),
        "error_percent": f"{thresholds.error_ratio_percent:g}",
        "latency_percent": f"{thresholds.latency_percent_of_timeout:g}",
    }
    conditions: list[tuple[str, PromQL | LogMatch]] = [
        ("crash", crash(function)),
        ("error-ratio", error_ratio(function, thresholds.error_ratio_percent)),
        ("latency", latency(function, thresholds.latency_percent_of_timeout)),
        ("memory", memory(function)),
        ("no-instance", LogMatch(log_filter((function.name,), 'textPayload:"no available instance"'))),
        ("quota-or-schema", refused(function)),
        ("only-in-log", only_in_log(function)),
    ]
    if function.max_instances > 1:
        conditions.append(("instances-at-maximum", instances(function)))
    for kind, condition in conditions:
        yield factory.alert(kind, function.name, condition, values, function.at)


def crash(function: Function) -> LogMatch:
    """Return the condition on lines of a crash, of the platform about it, and of a revision that is not
    ready."""
    text = quoted(CRASH_TEXT)
    lines = f'textPayload=~{text} OR (jsonPayload.message=~{text} AND severity>=ERROR) OR protoPayload.status.message=~"failed to start|HealthCheckContainerError|failed to become healthy"'
    return LogMatch(
        log_filter((function.name,), lines),
        {"revision": "EXTRACT(resource.labels.revision_name)"},
    )


def refused(function: Function) -> LogMatch:
    """Return the condition on answers about quotas, grants, tables and columns."""
    text = quoted(REFUSED_TEXT)
    return LogMatch(
        log_filter((function.name,), f"textPayload=~{text} OR (jsonPayload.message=~{text} AND severity>=WARNING)")
    )


def only_in_log(function: Function) -> LogMatch:
    """Return the condition on lines that hold the only copy of an event or a message."""
    names = " OR ".join(quoted(event) for event in (events.EVENT_LOST, events.MESSAGE_IN_LOG))
    return LogMatch(log_filter((function.name,), f"jsonPayload.event=({names})"))


def error_ratio(function: Function, percent: float) -> PromQL:
    """Return the condition on the share of 5xx; three failures at least, so that one retry tells nobody."""
    failed = _requests(function, response_code_class="5xx")
    return PromQL(
        f"{failed} / {_requests(function)} > {percent / 100:g} and {failed} >= {MIN_FAILURES}",
        duration=MINUTE,
    )


def _requests(function: Function, **labels: str) -> str:
    return total(series("run_googleapis_com:request_count", RESOURCE, service_name=function.name, **labels), WINDOW)


def latency(function: Function, percent: float) -> PromQL:
    """Return the condition on the 99th percentile of latency against the timeout, in milliseconds."""
    limit = function.timeout * 1000 * percent / 100
    return PromQL(f"{_quantile(function, 'request_latencies')} > {limit:.0f}", duration=MINUTE)


def memory(function: Function) -> PromQL:
    """Return the condition on the 99th percentile of memory in use; a share of the limit."""
    return PromQL(f"{_quantile(function, 'container_memory_utilizations')} > {MEMORY_SHARE}", duration=5 * MINUTE)


def _quantile(function: Function, metric: str) -> str:
    buckets = series(f"run_googleapis_com:{metric}_bucket", RESOURCE, service_name=function.name)
    return f"histogram_quantile(0.99, sum by (le) (sum_over_time({buckets}[{WINDOW}m])))"


def instances(function: Function) -> PromQL:
    """Return the condition on busy instances; with one instance at most being busy is normal, so it has none."""
    active = series("run_googleapis_com:container_instance_count", RESOURCE, service_name=function.name, state="active")
    return PromQL(f"sum({active}) >= {function.max_instances}", duration=10 * MINUTE)
