"""Alerts of boundaries and schedules: a date does not move on, or nobody looks whether it does.

Findings about single dates are events that the orchestrator or the timer writes; whether the next phase does
anything at all, and whether jobs run, is also read from metrics, which speak when the functions cannot.
"""

from __future__ import annotations

from collections.abc import Iterator

from blueprint import cron
from blueprint.alerts import events
from blueprint.alerts.factory import Factory, minutes, quoted, series, total
from blueprint.alerts.functions import log_filter
from blueprint.alerts.messaging import PUBLISHES
from blueprint.alerts.types import MINUTE, Alert, LogMatch, PromQL
from blueprint.manifest import Boundary, Function, Schedule

EVENTS_OF_KINDS = {
    "overdue": events.DEADLINE_PASSED,
    "blocked": events.GATE_BLOCKED,
    "without-effect": events.TRIGGER_WITHOUT_EFFECT,
    "unknown-processor": events.UNKNOWN_PROCESSOR,
    "message-refused": events.MESSAGE_REFUSED,
    "gate-warning": events.GATE_WARNING,
}
FREQUENT = 6 * 60
"""Minutes: jobs with no longer gap are missed over a rolling window, others at the hour after their time."""
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
        log_filter(
            services,
            f"jsonPayload.event={quoted(event)}",
            f"jsonPayload.boundary={quoted(boundary.name)} OR jsonPayload.phase={quoted(boundary.upstream)}",
            "severity>=WARNING",
        ),
        {date_field: f"EXTRACT(jsonPayload.{date_field})"},
    )


def downstream_silent(trigger: str, completions: str, start: int) -> PromQL:
    """Return the condition on a trigger after which the next phase published nothing for `start` minutes."""
    window = 10
    sent = total(series(PUBLISHES, "pubsub_topic", topic_id=trigger, response_class="success"), window, start)
    done = total(series(PUBLISHES, "pubsub_topic", topic_id=completions, response_class="success"), start + window)
    return PromQL(f"({sent} > 0) unless on () ({done} > 0)", duration=DELAY)


def schedule_alerts(factory: Factory, function: Function, schedule: Schedule) -> Iterator[Alert]:
    """Yield the alerts of one scheduled job; a paused one is not missed."""
    job = factory.names.job(function.name, schedule.name)
    name = f"{function.name}/{schedule.name}"
    values = {
        "job": job,
        "function": function.name,
        "schedule": schedule.name,
        "cron": schedule.cron,
        "time_zone": factory.manifest.time_zone,
        "instance": job,
    }
    failing = LogMatch(
        f'resource.type="cloud_scheduler_job"\nresource.labels.job_id={quoted(job)}\n(jsonPayload."@type"="type.googleapis.com/google.cloud.scheduler.logging.AttemptFinished")\nseverity>=ERROR',
        {"status": "EXTRACT(jsonPayload.status)"},
    )
    yield factory.alert("schedule-failing", name, failing, values, schedule.at)
    if not schedule.paused and (found := missing(job, schedule.cron, factory.manifest.time_zone)):
        condition, noticed = found
        values["noticed_within"] = f"{noticed}m"
        yield factory.alert("schedule-missing", name, condition, values, schedule.at)


def missing(job: str, expression: str, time_zone: str) -> tuple[PromQL, int] | None:
    """Return the condition on a job without attempts and the minutes after its last run by which it fires.

    None where the job follows days of the month. An absence longer than 23.5 hours cannot be seen (pitfall
    65), so a rare job is looked for in the hours after its time, summer and winter alike.
    """
    entries = series("logging_googleapis_com:log_entry_count", "cloud_scheduler_job", job_id=job)
    local = cron.weekly_runs(expression)
    if not local:
        return None
    gap = cron.weekly_gap(local)
    if gap <= FREQUENT:
        query = f"vector(1) unless on () ({total(entries, 2 * gap)} > 0)"
        return PromQL(query, duration=gap * MINUTE), 3 * gap + minutes(DELAY)
    checks, back = _checks(local, cron.offsets(time_zone))
    hours = {hour for _, hour in checks}
    if len(checks) == 7 * len(hours):
        when = " or ".join(f"hour() == {hour}" for hour in sorted(hours))
    else:
        when = " or ".join(f"(hour() == {hour} and on () day_of_week() == {day})" for day, hour in checks)
    query = f"({when}) unless on () ({total(entries, back * 60)} > 0)"
    return PromQL(query, duration=DELAY), gap + (back + 1) * 60


def _checks(local: tuple[int, ...], offsets: tuple[int, ...]) -> tuple[list[tuple[int, int]], int]:
    """Return (day, hour) in UTC at which each run must be over in any season, and the hours to look back."""
    found, back = set(), 0
    for run in local:
        first, last = run - offsets[-1] * 60, run - offsets[0] * 60
        hour = last // 60 + 1
        back = max(back, hour - first // 60 + 1)
        found.add((hour // 24 % 7, hour % 24))
    return sorted(found), back
