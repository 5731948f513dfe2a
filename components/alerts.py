"""Alert policies: declared by the component whose entity they watch, so that neither exists without the other."""

from __future__ import annotations

from collections.abc import Iterable

import pulumi_gcp as gcp

from blueprint.alerts.types import Alert, LogMatch, PromQL, seconds
from components.base import Component, because

SEVERITIES = {"critical": "CRITICAL", "error": "ERROR", "warning": "WARNING"}


def declare_alerts(owner: Component, alerts: Iterable[Alert]) -> list[gcp.monitoring.AlertPolicy]:
    """Declare each alert as a child of `owner`, the component of what it covers."""
    return [_policy(owner, alert) for alert in alerts]


def _policy(owner: Component, alert: Alert) -> gcp.monitoring.AlertPolicy:
    stack = owner.context.plan.stack
    name = f"{alert.name}-alert"
    because(name, alert.at)
    return gcp.monitoring.AlertPolicy(
        name,
        project=stack.project,
        display_name=alert.title,
        combiner="OR",
        enabled=True,
        severity=SEVERITIES[alert.severity],
        conditions=[_condition(alert)],
        notification_channels=[stack.channels[channel] for channel in alert.channels],
        alert_strategy=_strategy(alert),
        documentation=gcp.monitoring.AlertPolicyDocumentationArgs(
            content=alert.content(stack.repository), mime_type="text/markdown", subject=alert.title
        ),
        user_labels={**owner.context.labels, **alert.labels()},
        opts=owner.options(),
    )


def _condition(alert: Alert) -> gcp.monitoring.AlertPolicyConditionArgs:
    match alert.condition:
        case PromQL(duration=duration, evaluation_interval=interval):
            return gcp.monitoring.AlertPolicyConditionArgs(
                display_name=alert.title,
                condition_prometheus_query_language=gcp.monitoring.AlertPolicyConditionConditionPrometheusQueryLanguageArgs(
                    query=alert.condition.query,
                    duration=seconds(duration),
                    evaluation_interval=seconds(interval),
                    # A metric without points yet would be refused (pitfall 62); contracts know every metric.
                    disable_metric_validation=True,
                ),
            )
        case LogMatch(label_extractors=extractors):
            return gcp.monitoring.AlertPolicyConditionArgs(
                display_name=alert.title,
                condition_matched_log=gcp.monitoring.AlertPolicyConditionConditionMatchedLogArgs(
                    filter=alert.condition.filter, label_extractors=dict(extractors) or None
                ),
            )


def _strategy(alert: Alert) -> gcp.monitoring.AlertPolicyAlertStrategyArgs:
    limit = alert.rate_limit
    return gcp.monitoring.AlertPolicyAlertStrategyArgs(
        auto_close=seconds(alert.auto_close),
        notification_rate_limit=gcp.monitoring.AlertPolicyAlertStrategyNotificationRateLimitArgs(period=seconds(limit))
        if limit is not None
        else None,
    )
