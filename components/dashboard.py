"""The dashboard that operators open first."""

from __future__ import annotations

import json

import pulumi_gcp as gcp

from components.base import Component, ComponentContext


class PipelineDashboard(Component):
    """One Cloud Monitoring dashboard: a row per boundary, generated from the same data as the alerts."""

    dashboard: gcp.monitoring.Dashboard

    def __init__(self, context: ComponentContext) -> None:
        super().__init__(context, "Dashboard", "dashboard", context.plan.manifest.at)
        self.dashboard = gcp.monitoring.Dashboard(
            "pipeline-dashboard",
            project=context.plan.stack.project,
            dashboard_json=json.dumps(context.plan.dashboard, sort_keys=True, separators=(",", ":")),
            opts=self.options(),
        )
        self.register_outputs({})
