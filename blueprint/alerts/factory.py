"""How an alert is put together: kind, names and condition in, one frozen `Alert` out.

Every alert goes through `Factory.alert`, so that none can lack a channel, an auto-close or, where the
platform wants one, a rate limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from blueprint.alerts.kinds import KINDS, RUNBOOKS
from blueprint.alerts.types import Alert, Covers, Documentation, LogMatch, PromQL
from blueprint.findings import Location
from blueprint.manifest import Manifest
from blueprint.names import Names, slug


def minutes(seconds: int) -> int:
    """Return whole minutes, rounded up: the platform's granularity (pitfall 66)."""
    return -(-seconds // 60)


def quoted(value: str) -> str:
    """Return a text as a literal of the Logging query language and of PromQL."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def series(metric: str, resource: str, **labels: str) -> str:
    """Return a PromQL selector; a label whose value begins with `~` or `!` is matched by pattern or excluded."""
    matchers = [f"monitored_resource={quoted(resource)}"]
    for label, value in labels.items():
        if value[:1] == "~":
            matchers.append(f"{label}=~{quoted(value[1:])}")
        elif value[:1] == "!":
            matchers.append(f"{label}!={quoted(value[1:])}")
        else:
            matchers.append(f"{label}={quoted(value)}")
    return f"{metric}{{{','.join(matchers)}}}"


def total(selector: str, window: int, offset: int = 0) -> str:
    """Return how much a DELTA metric counted in the last `window` minutes, `offset` minutes ago."""
    shift = f" offset {offset}m" if offset else ""
    return f"sum(sum_over_time({selector}[{window}m]{shift}))"


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
        shared = {"project": self.names.project, "region": self.names.region, "date_field": self.manifest.date_field}
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
