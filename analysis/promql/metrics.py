"""The metrics that the platform emits, as far as alerts and the dashboard use them.

An alert on a metric that nobody emits is valid, deployed and dead (incident 73), so a query may only name
what is listed here with its labels. Every row was read in the platform's lists of metrics; `delay` is how
long a sample may stay invisible, which replays add before they judge how fast an alert fires.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

LIST = "https://cloud.google.com/monitoring/api/metrics_gcp_p_z"
LIST_A_O = "https://cloud.google.com/monitoring/api/metrics_gcp_i_o"

RESOURCES: Mapping[str, frozenset[str]] = {
    "pubsub_subscription": frozenset({"project_id", "subscription_id"}),
    "pubsub_topic": frozenset({"project_id", "topic_id"}),
    "cloud_run_revision": frozenset({"project_id", "service_name", "revision_name", "location", "configuration_name"}),
    "cloud_scheduler_job": frozenset({"project_id", "location", "job_id"}),
}
"""Labels of the monitored resources."""
GEN1 = frozenset({"cloud_function"})
"""Resource types that gen2 functions never write: their service is a Cloud Run revision (pitfall 63)."""


@dataclass(frozen=True)
class Metric:
    """A metric type: `labels` maps each label to its possible values, an empty set where any may come.

    `delay` is in seconds; `distribution` metrics are read as `_bucket`, `_sum` and `_count`.
    """

    type: str
    kind: Literal["GAUGE", "DELTA"]
    unit: str
    resources: tuple[str, ...]
    delay: int
    labels: Mapping[str, frozenset[str]] = field(default_factory=dict)
    distribution: bool = False
    source: str = LIST

    @property
    def promql(self) -> str:
        """Return its name in PromQL: the first `/` becomes `:`, every other special character `_`."""
        domain, _, path = self.type.partition("/")
        return f"{re.sub(r'[^A-Za-z0-9]', '_', domain)}:{re.sub(r'[^A-Za-z0-9]', '_', path)}"

    def label_names(self) -> frozenset[str]:
        """Return the labels that a selector of this metric may match on."""
        own = frozenset(self.labels) | {"monitored_resource"} | ({"le"} if self.distribution else frozenset())
        return own.union(*(RESOURCES[resource] for resource in self.resources))


_ANY: frozenset[str] = frozenset()
_PUSH_CLASSES = frozenset(
    {
        "ack",
        "deadline_exceeded",
        "internal",
        "invalid",
        "remote_server_4xx",
        "remote_server_5xx",
        "unreachable",
    }
)
_PUBLISH_CLASSES = frozenset({"success", "invalid", "internal"})
_HTTP_CLASSES = frozenset({"1xx", "2xx", "3xx", "4xx", "5xx"})
_SUBSCRIPTION, _TOPIC, _RUN = ("pubsub_subscription",), ("pubsub_topic",), ("cloud_run_revision",)

METRICS: tuple[Metric, ...] = (
    Metric("pubsub.googleapis.com/subscription/oldest_unacked_message_age", "GAUGE", "s", _SUBSCRIPTION, 120),
    Metric("pubsub.googleapis.com/subscription/num_undelivered_messages", "GAUGE", "1", _SUBSCRIPTION, 120),
    Metric(
        "pubsub.googleapis.com/subscription/push_request_count",
        "DELTA",
        "1",
        _SUBSCRIPTION,
        120,
        {"response_class": _PUSH_CLASSES, "response_code": _ANY, "delivery_type": _ANY},
    ),
    Metric(
        "pubsub.googleapis.com/subscription/push_request_latencies",
        "DELTA",
        "us",
        _SUBSCRIPTION,
        240,
        {"response_code": _ANY, "delivery_type": _ANY},
        distribution=True,
    ),
    Metric("pubsub.googleapis.com/subscription/dead_letter_message_count", "DELTA", "1", _SUBSCRIPTION, 240),
    Metric(
        "pubsub.googleapis.com/topic/send_request_count",
        "DELTA",
        "1",
        _TOPIC,
        181,
        {"response_class": _PUBLISH_CLASSES, "response_code": _ANY},
    ),
    Metric(
        "run.googleapis.com/request_count",
        "DELTA",
        "1",
        _RUN,
        180,
        {"response_code": _ANY, "response_code_class": _HTTP_CLASSES},
    ),
    Metric(
        "run.googleapis.com/request_latencies",
        "DELTA",
        "ms",
        _RUN,
        180,
        {"response_code": _ANY, "response_code_class": _HTTP_CLASSES},
        distribution=True,
    ),
    Metric(
        "run.googleapis.com/container/instance_count",
        "GAUGE",
        "1",
        _RUN,
        180,
        {"state": frozenset({"active", "idle"})},
    ),
    Metric(
        "run.googleapis.com/container/memory/utilizations",
        "DELTA",
        "10^2.%",
        _RUN,
        180,
        {"container_name": _ANY},
        distribution=True,
    ),
    Metric(
        "logging.googleapis.com/log_entry_count",
        "DELTA",
        "1",
        ("cloud_scheduler_job", "cloud_run_revision"),
        180,
        {
            "log": _ANY,
            "severity": frozenset({"DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL"}),
        },
        source=LIST_A_O,
    ),
)


@functools.cache
def by_promql() -> Mapping[str, Metric]:
    """Return the metrics by every name under which PromQL may select them."""
    table: dict[str, Metric] = {}
    for metric in METRICS:
        suffixes = ("_bucket", "_sum", "_count") if metric.distribution else ("",)
        table.update({metric.promql + suffix: metric for suffix in suffixes})
    return table
