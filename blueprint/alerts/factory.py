"""How an alert is put together: kind, names and condition in, one frozen `Alert` out.

Every alert goes through `Factory.alert`, so that none can lack a channel, an auto-close or, where the
platform wants one, a rate limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from analysis.promql.expression import Binary, FunctionCall, Matcher, Selector, binary
from blueprint.alerts.kinds import KINDS, RUNBOOKS
from blueprint.alerts.types import Alert, Covers, Documentation, LogMatch, PromQL
from blueprint.findings import Location
from blueprint.manifest import Manifest
from blueprint.names import Names, slug


def minutes(seconds: int) -> int:
    """Return whole minutes, rounded up: the platform's granularity (pitfall 66)."""
    return -(-seconds // 60)


def series(metric: str, resource: str, **labels: str) -> Selector:
    """Return the series of a resource; a label whose value begins with `~` or `!` is matched by pattern or excluded."""
    operators = {"~": "=~", "!": "!="}
    matchers = [Matcher("monitored_resource", "=", resource)]
    for label, value in labels.items():
        sign = value[:1] if value[:1] in operators else ""
        matchers.append(Matcher(label, operators.get(sign, "="), value.removeprefix(sign)))
    return Selector(metric, tuple(matchers))


def total(counter: Selector, window: int, offset: int = 0) -> FunctionCall:
    """Return how much a DELTA metric counted in the last `window` minutes, `offset` minutes ago."""
    return FunctionCall("sum", (FunctionCall("sum_over_time", (counter.over(window * 60, offset * 60),)),))


def any_of(counter: Selector, window: int, offset: int = 0) -> Binary:
    """Return the condition that a DELTA metric counted anything in the last `window` minutes, `offset` minutes ago."""
    return binary(total(counter, window, offset), ">", 0)


@dataclass(frozen=True)
class Factory:
    """Makes the alerts of one pipeline in one stack."""

    manifest: Manifest
    names: Names

    def alert(
        self, kind: str, name: str, condition: PromQL | LogMatch, values: Mapping[str, str], at: Location
    ) -> Alert:
        """Return the alert of `kind` that covers `name`; `values` fill the kind's texts."""
        description = KINDS[kind]
        thresholds = self.manifest.alerts.thresholds
        shared = {
            "project": self.names.project,
            "region": self.names.region,
            "date_field": self.manifest.date_field,
            # Cloud Monitoring fills it in from the entry that opened the incident.
            "date": f"${{log.extracted_label.{self.manifest.date_field}}}",
        }
        known = {**shared, **values}
        unique = f"{slug(values.get('instance', name))}--{kind}"
        return Alert(
            name=unique,
            kind=kind,
            title=description.title.format_map(known),
            covers=Covers(description.covers, name),
            severity=description.severity,
            condition=condition,
            channels=self.manifest.alerts.channels,
            auto_close=thresholds.auto_close,
            documentation=Documentation(
                description.meaning.format_map(known),
                description.evidence.format_map(known),
                description.command.format_map(known),
            ),
            incidents=description.incidents,
            runbook=f"{RUNBOOKS}/{kind}.md#{unique}",
            at=at,
            rate_limit=thresholds.notification_interval if isinstance(condition, LogMatch) else None,
            values=known,
        )
