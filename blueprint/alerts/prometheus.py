"""Metric alerts as a Prometheus rule file, which `promtool` checks and tests.

The query, the duration and the name are the deployed ones. `promtool test` begins in 1970; for a replay of another day
the clock of the condition, and nothing else, is told how long that day is after.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import yaml

from analysis.promql.expression import render, shifted
from blueprint.alerts.types import Alert, PromQL

GROUP = "alerts"


def rules(alerts: Iterable[Alert], start: int = 0) -> dict[str, Any]:
    """Return the metric alerts as one rule group; log alerts are left out."""
    return {
        "groups": [
            {"name": GROUP, "rules": [_rule(a, a.condition, start) for a in alerts if isinstance(a.condition, PromQL)]}
        ]
    }


def _rule(alert: Alert, condition: PromQL, start: int) -> dict[str, Any]:
    return {
        "alert": alert.name,
        "expr": render(shifted(condition.condition, start)),
        "for": f"{condition.duration}s",
        "labels": {"severity": alert.severity, "covers": str(alert.covers)},
        "annotations": {"summary": alert.title, "runbook": alert.runbook},
    }


def text(document: Any) -> str:
    """Return a document as YAML, keys in the order given."""
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=1000)
