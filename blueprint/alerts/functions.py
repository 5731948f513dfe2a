"""Alerts of a function: it does not start, fails, is slow, is full, or is refused by what it calls.

A gen2 function is a Cloud Run service: its logs and metrics carry `cloud_run_revision` and `service_name`.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.logfilter.expression import AllOf, AnyOf, Filter, compare
from analysis.promql.expression import Expression, FunctionCall, Number, binary, together
from blueprint.alerts import events
from blueprint.alerts.factory import Factory, series, total
from blueprint.alerts.types import MINUTE, Alert, LogMatch, PromQL
from blueprint.functions import Function

RESOURCE = "cloud_run_revision"
WINDOW = 10
"""Minutes over which latency and memory are judged."""
RECENT, EARLIER, LASTING_FAILURES = 10, 50, 20
SUDDEN, SUDDEN_FAILURES = 2, 4
"""Minutes of the stretches in which the share of failures is judged, and failures without which it is no share of anything."""
MEMORY_SHARE = 0.9

CRASH_TEXT = "|".join(
    (
        r"(ModuleNotFoundError|ImportError|SyntaxError|IndentationError): ",
        r"Worker failed to boot|MissingTargetException",
    )
)
"""What user code and its server write when the code cannot be imported."""
ENDED_TEXT = "|".join(
    (
        r"Container called exit\([1-9]|Uncaught signal",
        r"Container terminated (by the container manager )?on signal (4|6|7|8|9|11)\b",
        r"[Ff]ailed to start and (then )?listen on the port|[Cc]ontainer failed to start|could not start successfully",
        r"The instance was not started|The instance has been shut down|Application (exec likely failed|failed to start)",
        r"failed the (configured )?(readiness|liveness|startup)( probe)? check",
        r"is not ready and cannot serve traffic|[Cc]ontainer Healthcheck failed|HealthCheckContainerError",
        r"Memory limit of |exceeded its memory limit|using too much memory|connection to the instance had an error",
    )
)
"""What the platform writes when a container does not come up, is ended, or outgrows its memory."""
NOT_READY_TEXT = rf"Ready condition status changed to False for Revision|failed to become healthy|{ENDED_TEXT}"
"""What the audit log says of a revision that does not become ready."""
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


def entries_of(services: tuple[str, ...], *conditions: Filter) -> AllOf:
    """Return the filter on the logs of gen2 services for which all conditions hold."""
    service = compare("resource.labels.service_name", "=", *services)
    return AllOf((compare("resource.type", "=", RESOURCE), service, *conditions))


def written(pattern: str, least: str) -> AnyOf:
    """Return the condition on a pattern in plain text, or in a structured message of at least that severity."""
    structured = AllOf((compare("jsonPayload.message", "=~", pattern), compare("severity", ">=", least)))
    return AnyOf((compare("textPayload", "=~", pattern), structured))


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
        ("no-instance", LogMatch(entries_of((function.name,), compare("textPayload", ":", "no available instance")))),
        ("quota-or-schema", refused(function)),
        ("only-in-log", only_in_log(function)),
        ("needs-repair", needs_repair(function)),
    ]
    if function.max_instances > 1:
        conditions.append(("instances-at-maximum", instances(function)))
    for kind, condition in conditions:
        yield factory.alert(kind, function.name, condition, values, function.at)


def crash(function: Function) -> LogMatch:
    """Return the condition on lines of a crash, of the platform about it, and of a revision that is not ready."""
    platform = AnyOf(
        (compare("textPayload", "=~", ENDED_TEXT), compare("protoPayload.status.message", "=~", NOT_READY_TEXT))
    )
    return LogMatch(
        entries_of((function.name,), AnyOf((*written(CRASH_TEXT, "ERROR").items, *platform.items))),
        {"revision": "EXTRACT(resource.labels.revision_name)"},
    )


def refused(function: Function) -> LogMatch:
    """Return the condition on answers about quotas, grants, tables and columns."""
    return LogMatch(entries_of((function.name,), written(REFUSED_TEXT, "WARNING")))


def only_in_log(function: Function) -> LogMatch:
    """Return the condition on lines that hold the only copy of an event or a message."""
    lost = compare("jsonPayload.event", "=", events.EVENT_LOST, events.MESSAGE_IN_LOG)
    return LogMatch(entries_of((function.name,), lost))


def needs_repair(function: Function) -> LogMatch:
    """Return the condition on a dependency that refuses until somebody changes something; one incident for each."""
    refused = AllOf(
        (compare("jsonPayload.event", "=", events.NEEDS_REPAIR), compare("jsonPayload.permanent", "=", "true"))
    )
    return LogMatch(entries_of((function.name,), refused), {"dependency": "EXTRACT(jsonPayload.dependency)"})


def error_ratio(function: Function, percent: float) -> PromQL:
    """Return the condition on the share of 5xx: twice the limit for minutes without a break, or the limit for an hour.

    Pub/Sub delivers again what failed, so failures of a moment, as a release or a burst of redeliveries has them, and a
    few percent of failures lose nothing and tell nobody. What goes on does: each way looks at two stretches behind each
    other, and a moment is in one of them only.
    """
    failed, every = (
        series("run_googleapis_com:request_count", RESOURCE, service_name=function.name, **labels)
        for labels in ({"response_code_class": "5xx"}, {})
    )

    def share(window: int, offset: int, limit: float) -> Expression:
        return binary(
            binary(total(failed, window, offset), "/", total(every, window, offset)), ">", limit * percent / 100
        )

    enough = binary(total(failed, 2 * SUDDEN), ">=", SUDDEN_FAILURES)
    sudden = together("and", share(SUDDEN, 0, 2), share(SUDDEN, SUDDEN, 2), enough)
    many = binary(total(failed, RECENT + EARLIER), ">=", LASTING_FAILURES)
    lasting = together("and", share(RECENT, 0, 1), share(EARLIER, RECENT, 1), many)
    return PromQL(together("or", sudden, lasting), duration=3 * MINUTE)


def latency(function: Function, percent: float) -> PromQL:
    """Return the condition on the 99th percentile of latency against the timeout, in milliseconds."""
    limit = float(f"{function.timeout * 1000 * percent / 100:.0f}")
    return PromQL(binary(quantile(function, "request_latencies"), ">", limit), duration=MINUTE)


def memory(function: Function) -> PromQL:
    """Return the condition on the 99th percentile of memory in use; a share of the limit."""
    used = quantile(function, "container_memory_utilizations")
    return PromQL(binary(used, ">", MEMORY_SHARE), duration=5 * MINUTE)


def quantile(function: Function, metric: str) -> FunctionCall:
    """Return the 99th percentile of a distribution over the last minutes."""
    buckets = series(f"run_googleapis_com:{metric}_bucket", RESOURCE, service_name=function.name)
    counts = FunctionCall("sum", (FunctionCall("sum_over_time", (buckets.over(WINDOW * MINUTE),)),), by=("le",))
    return FunctionCall("histogram_quantile", (Number(0.99), counts))


def instances(function: Function) -> PromQL:
    """Return the condition on busy instances; with one instance at most being busy is normal, so it has none."""
    active = series("run_googleapis_com:container_instance_count", RESOURCE, service_name=function.name, state="active")
    return PromQL(binary(FunctionCall("sum", (active,)), ">=", function.max_instances), duration=10 * MINUTE)
