"""The alert policies and the dashboard that must exist."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from blueprint.alerts.types import Alert, LogMatch
from blueprint.inventory.resource import Expected, Owner, labels
from blueprint.model import Blueprint

POLICY = "gcp:monitoring/alertPolicy:AlertPolicy"
DASHBOARD = "gcp:monitoring/dashboard:Dashboard"


def policies(plan: Blueprint, owner: Owner, alerts: Iterable[Alert]) -> Iterator[Expected]:
    """Yield one policy for each alert, owned by the component of what it watches."""
    for alert in alerts:
        strategy: dict[str, object] = {"autoClose": f"{alert.auto_close}s"}
        if alert.rate_limit is not None:
            strategy["notificationRateLimit"] = {"period": f"{alert.rate_limit}s"}
        inputs = {
            "project": plan.stack.project,
            "displayName": alert.title,
            "combiner": "OR",
            "enabled": True,
            "severity": alert.severity.upper(),
            "conditions": [{"displayName": alert.title, **_condition(alert)}],
            "notificationChannels": [plan.stack.channels[name] for name in alert.channels],
            "alertStrategy": strategy,
            "documentation": {
                "content": alert.content(plan.stack.repository),
                "mimeType": "text/markdown",
                "subject": alert.title,
            },
            "userLabels": {**labels(plan), **alert.labels()},
        }
        yield owner.owns(POLICY, f"{alert.name}-alert", inputs)


def _condition(alert: Alert) -> dict[str, object]:
    condition = alert.condition
    if isinstance(condition, LogMatch):
        matched: dict[str, object] = {"filter": condition.filter}
        if condition.label_extractors:
            matched["labelExtractors"] = dict(condition.label_extractors)
        return {"conditionMatchedLog": matched}
    return {
        "conditionPrometheusQueryLanguage": {
            "query": condition.query,
            "duration": f"{condition.duration}s",
            "evaluationInterval": f"{condition.evaluation_interval}s",
            "disableMetricValidation": True,
        }
    }


def dashboard(plan: Blueprint) -> Iterator[Expected]:
    """Yield the one dashboard."""
    text = json.dumps(plan.dashboard, sort_keys=True, separators=(",", ":"))
    inputs = {"project": plan.stack.project, "dashboardJson": text}
    yield Owner("Dashboard", "dashboard").owns(DASHBOARD, "pipeline-dashboard", inputs)
