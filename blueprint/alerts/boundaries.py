"""Alerts of boundaries: a date does not move on, or the next phase does not start.

Findings about single dates are events that the orchestrator or the timer writes; whether the next phase does
anything at all is also read from metrics, which speak when the functions cannot.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.logfilter.expression import AnyOf, compare
from analysis.promql.expression import together
from blueprint.alerts import events
from blueprint.alerts.factory import Factory, any_of, minutes, series
from blueprint.alerts.functions import entries_of
from blueprint.alerts.messaging import PUBLISHES
from blueprint.alerts.types import MINUTE, Alert, LogMatch, PromQL
from blueprint.boundaries import Boundary

EVENTS_OF_KINDS = {
    "overdue": events.DEADLINE_PASSED,
    "blocked": events.GATE_BLOCKED,
    "without-effect": events.TRIGGER_WITHOUT_EFFECT,
    "unknown-processor": events.UNKNOWN_PROCESSOR,
    "message-refused": events.MESSAGE_REFUSED,
    "gate-warning": events.GATE_WARNING,
    "sweep-goes-on": events.SWEEP_GOES_ON,
}
DELAY = 5 * MINUTE


def boundary_alerts(factory: Factory, boundary: Boundary) -> Iterator[Alert]:
    """Yield the alerts of one boundary; those about the next phase only where it publishes completions."""
    thresholds = factory.manifest.alerts.thresholds
    values = {
        "boundary": boundary.name,
        "function": boundary.function,
        "timer": boundary.timer.function,
        "deadline_minutes": str(minutes(boundary.deadline)),
        "upstream": boundary.upstream,
        "start_minutes": str(minutes(thresholds.downstream_start)),
        "trigger_topic": boundary.trigger.topic,
    }
    if boundary.downstream is not None:
        downstream = factory.manifest.phases[boundary.downstream]
        values |= {"downstream": downstream.title, "downstream_topic": downstream.completion_topic}
    for kind, event in EVENTS_OF_KINDS.items():
        if kind == "without-effect" and boundary.downstream is None:
            continue
        condition = written(boundary, event, factory.manifest.date_field)
        yield factory.alert(kind, boundary.name, condition, {**values, "event": event}, boundary.at)
    if boundary.downstream is not None:
        silent = downstream_silent(
            boundary.trigger.topic, values["downstream_topic"], minutes(thresholds.downstream_start)
        )
        yield factory.alert("downstream-silent", boundary.name, silent, values, boundary.at)


def written(boundary: Boundary, event: str, date_field: str) -> LogMatch:
    """Return the condition on an event about the boundary, by its orchestrator or its timer; one incident per
    date, which entries carry as `date_field`."""
    services = tuple(dict.fromkeys((boundary.function, boundary.timer.function)))
    return LogMatch(
        entries_of(
            services,
            compare("jsonPayload.event", "=", event),
            AnyOf(
                (
                    compare("jsonPayload.boundary", "=", boundary.name),
                    compare("jsonPayload.phase", "=", boundary.upstream),
                )
            ),
            compare("severity", ">=", "WARNING"),
        ),
        {date_field: f"EXTRACT(jsonPayload.{date_field})"},
    )


def downstream_silent(trigger: str, completions: str, start: int) -> PromQL:
    """Return the condition on a trigger after which the next phase published nothing for `start` minutes."""
    window = 10
    sent = series(PUBLISHES, "pubsub_topic", topic_id=trigger, response_class="success")
    done = series(PUBLISHES, "pubsub_topic", topic_id=completions, response_class="success")
    return PromQL(together("unless", any_of(sent, window, start), any_of(done, start + window)), duration=DELAY)
