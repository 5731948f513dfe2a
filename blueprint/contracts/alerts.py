"""Contracts on alerts: everything is watched, every alert can fire, tells somebody, and was seen to fire and to stay silent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from analysis.logfilter import expression as logfilter
from analysis.promql import metrics, satisfiability
from analysis.promql.expression import selectors
from blueprint.alerts import cases
from blueprint.alerts.kinds import KINDS
from blueprint.alerts.messaging import MIN_SILENCE
from blueprint.alerts.types import (
    MAX_AUTO_CLOSE,
    MAX_FILTER,
    MAX_LABEL_EXTRACTORS,
    MIN_AUTO_CLOSE,
    MINUTE,
    Alert,
    Covers,
    LogMatch,
    PromQL,
)
from blueprint.contracts import Inspection, contract
from blueprint.findings import Location
from blueprint.manifest import Alerting
from blueprint.model import Blueprint
from blueprint.wiring import all_pushes

NEEDED = {
    "function": ("crash", "error-ratio", "latency", "memory", "no-instance", "quota-or-schema"),
    "subscription": ("backlog-age", "silence", "dead-letter"),
    "topic": ("publish-failing",),
    "stream": ("stream-failing",),
    "boundary": ("overdue", "blocked", "unknown-processor", "message-refused"),
    "schedule": ("schedule-failing",),
}
"""Kinds without which a thing counts as unwatched."""
MIN_RATE_LIMIT, MAX_RATE_LIMIT = 5 * MINUTE, 48 * 60 * MINUTE
"""Time between notifications of a log match (Cloud Monitoring: 5 minutes to 2 days)."""
MAX_SUBJECT = 255
"""Bytes of a notification's subject, which is the title (Cloud Monitoring)."""
INTERVAL = 30
"""Seconds of which an evaluation interval is a multiple (Cloud Monitoring)."""


@contract("alerts-cover", "Everything that is declared is watched", incidents=(18, 34, 71))
def alerts_cover(plan: Blueprint, report: Inspection) -> None:
    """What nobody watches was found by a person looking at data, days later."""
    have = {(alert.covers, alert.kind) for alert in plan.alerts}
    for covers, at in _declared(plan):
        report.check()
        lacking = [kind for kind in NEEDED[covers.kind] if (covers, kind) not in have]
        if lacking:
            report.violation(
                f"The {covers.kind} '{covers.name}' has no alert of kind {', '.join(lacking)}; derive it in blueprint/alerts.",
                at,
            )


def _declared(plan: Blueprint) -> Iterator[tuple[Covers, Location]]:
    manifest, names = plan.manifest, plan.names
    for function in manifest.functions.values():
        yield Covers("function", function.name), function.at
        for schedule in function.trigger.schedules.values():
            yield Covers("schedule", f"{function.name}/{schedule.name}"), schedule.at
    for push in all_pushes(manifest, names):
        yield Covers("subscription", push.subscription), push.at
    for topic in manifest.topics.values():
        yield Covers("topic", topic.name), topic.at
    for stream in manifest.streams.values():
        yield Covers("stream", stream.name), stream.at
        for name in stream.topics:
            yield Covers("subscription", names.stream_subscription(stream.name, name)), stream.at
    for boundary in manifest.boundaries.values():
        yield Covers("boundary", boundary.name), boundary.at


@contract("alerts-notify", "Every alert tells somebody, once, and says what to do", incidents=(71, 72, 74))
def alerts_notify(plan: Blueprint, report: Inspection) -> None:
    """An alert without a channel is a log line; two of one name confuse who answers (pitfalls 64, 66, 67)."""
    names = Counter(alert.name for alert in plan.alerts)
    titles = Counter(alert.title for alert in plan.alerts)
    repeated: dict[Location, list[str]] = {}
    if plan.alerts and not plan.manifest.alerts.channels:
        report.violation("No alert has a channel, so nobody is told; name one.", plan.manifest.alerts.where("channels"))
    for alert in plan.alerts:
        report.check()
        for problem in (
            *_delivery(alert, plan.manifest.alerts),
            *_documentation(alert, plan.stack.repository),
        ):
            report.violation(f"Alert '{alert.name}': {problem}", alert.at)
        if names[alert.name] > 1 or titles[alert.title] > 1:
            repeated.setdefault(alert.at, []).append(f"'{alert.name}'")
    for at, alerts in repeated.items():
        report.violation(
            f"What stands here has alerts of a name or title that others have too ({', '.join(alerts)}): watch each thing once, and make each name unique.",
            at,
        )


def _delivery(alert: Alert, alerting: Alerting) -> Iterator[str]:
    """Yield what keeps an alert from being told; what all alerts have from one line is judged there, once."""
    declared = alerting.thresholds
    if not alert.channels and alerting.channels:
        yield "It has no channel, so nobody is told; name one under `alerts.channels`."
    if alert.auto_close != declared.auto_close and not MIN_AUTO_CLOSE <= alert.auto_close <= MAX_AUTO_CLOSE:
        yield f"Incidents close after {alert.auto_close} s; the platform takes {MIN_AUTO_CLOSE} to {MAX_AUTO_CLOSE}."
    if isinstance(alert.condition, LogMatch):
        limit = alert.rate_limit
        if limit != declared.notification_interval and not MIN_RATE_LIMIT <= (limit or 0) <= MAX_RATE_LIMIT:
            yield (
                f"A log match needs a rate limit of {MIN_RATE_LIMIT} to {MAX_RATE_LIMIT} s and has {limit}; set `alerts.thresholds.notification_interval`."
            )
    elif alert.rate_limit is not None:
        yield "Only a log match takes a rate limit; remove it."


def _documentation(alert: Alert, files: str) -> Iterator[str]:
    for part in ("meaning", "evidence", "command"):
        if not getattr(alert.documentation, part).strip():
            yield f"Its documentation has no {part}; a responder reads it first."
    if "\n" in alert.documentation.command.strip():
        yield "Its documentation has more than one command; keep the one that diagnoses."
    if len(alert.title.encode()) > MAX_SUBJECT:
        yield f"Its title has {len(alert.title.encode())} bytes in UTF-8, and the platform takes {MAX_SUBJECT} as the subject; shorten the names or titles in it: '{alert.title}'."
    if len(alert.content(files).encode()) > 8192:
        yield "Its documentation is longer than the 8 KiB that the platform takes."


@contract("alert-thresholds", "Thresholds are such that alerts speak in time", incidents=(48, 71, 73))
def alert_thresholds(plan: Blueprint, report: Inspection) -> None:
    """A threshold that metrics cannot show in time, or that nothing reaches, is an alert that is late or dead."""
    declared = plan.manifest.alerts.thresholds
    for name in ("backlog_age", "silence", "downstream_start"):
        report.check()
        value = getattr(declared, name)
        if value < MINUTE or value % MINUTE:
            report.violation(
                f"`alerts.thresholds.{name}` of {value} s is not whole minutes; use 1m or more.", declared.where(name)
            )
    for name, least, most in (
        ("auto_close", MIN_AUTO_CLOSE, MAX_AUTO_CLOSE),
        ("notification_interval", MIN_RATE_LIMIT, MAX_RATE_LIMIT),
    ):
        report.check()
        value = getattr(declared, name)
        if not least <= value <= most:
            report.violation(
                f"`alerts.thresholds.{name}` is {value} s; the platform takes {least} to {most} s, so use {least // MINUTE}m or more and {most // 3600}h or less.",
                declared.where(name),
            )
    report.check(3)
    if declared.silence < MIN_SILENCE * MINUTE:
        report.violation(
            f"`alerts.thresholds.silence` of {declared.silence} s is less than metrics need to show it; use {MIN_SILENCE}m or more.",
            declared.where("silence"),
        )
    for name in ("error_ratio_percent", "latency_percent_of_timeout"):
        value = getattr(declared, name)
        if not 0 < value < 100:
            report.violation(
                f"`alerts.thresholds.{name}` of {value:g} is no share between 0 and 100.", declared.where(name)
            )


@contract("alerts-can-fire", "No alert is dead: its condition can be true of what the platform emits", incidents=(73,))
def alerts_can_fire(plan: Blueprint, report: Inspection) -> None:
    """Dead alerts looked at gen1 resources, at metrics nobody wrote, or at values that never come."""
    for alert in plan.alerts:
        report.check()
        for problem in condition_problems(alert.condition):
            report.violation(f"Alert '{alert.name}' cannot fire or cannot be deployed: {problem}", alert.at)


def condition_problems(condition: PromQL | LogMatch) -> list[str]:
    """Return everything that is wrong with a condition, as sentences."""
    if isinstance(condition, LogMatch):
        return list(_log_problems(condition))
    return list(_metric_problems(condition))


def _metric_problems(condition: PromQL) -> Iterator[str]:
    if condition.duration < 0 or condition.duration % MINUTE:
        yield f"Its duration of {condition.duration} s is not whole minutes."
    if condition.evaluation_interval <= 0 or condition.evaluation_interval % INTERVAL:
        yield f"Its evaluation interval of {condition.evaluation_interval} s is not a multiple of {INTERVAL} s."
    if not selectors(condition.condition):
        yield "It reads no metric."
    yield from satisfiability.problems(condition.condition, condition.duration)


def _log_problems(condition: LogMatch) -> Iterator[str]:
    if len(condition.filter) > MAX_FILTER:
        yield f"Its filter has {len(condition.filter)} characters; the platform takes {MAX_FILTER}."
    if len(condition.label_extractors) > MAX_LABEL_EXTRACTORS:
        yield f"It extracts {len(condition.label_extractors)} labels; the platform takes {MAX_LABEL_EXTRACTORS}."
    asked = [c for c in logfilter.comparisons(condition.condition) if c.path == ("resource", "type")]
    types = {c.value for c in logfilter.required(condition.condition) if c in asked and c.operator == "="}
    if not types:
        yield "Its filter does not require a resource.type."
    for name in sorted({c.value for c in asked if c.operator in ("=", ":")} & metrics.GEN1):
        yield f"The resource type {name} belongs to gen1; a gen2 function writes cloud_run_revision."
    for name in sorted(types - set(metrics.RESOURCES) - metrics.GEN1):
        yield f"Nothing of this project writes logs as {name}."
    yield from logfilter.problems(condition.condition)


@contract("alerts-tested", "Every alert has a case in which it fires and one in which it is silent", incidents=(71, 73))
def alerts_tested(plan: Blueprint, report: Inspection) -> None:
    """An alert that nobody has seen fire is a hope."""
    known = {path.stem for path in (cases.FOLDER / "scenarios").glob("*.yaml")} | set(cases.entries())
    checked: dict[str, list[str]] = {}
    for alert in plan.alerts:
        report.check()
        if alert.kind not in checked:
            checked[alert.kind] = list(_case_problems(alert.kind, known))
        for problem in checked[alert.kind]:
            report.violation(f"Alert '{alert.name}' is not tested: {problem}", alert.at)


def _case_problems(kind: str, known: set[str]) -> Iterator[str]:
    found = cases.load(kind)
    place = f"blueprint/alerts/cases/{kind}.yaml"
    if kind not in KINDS:
        yield f"the kind {kind} is not described; add it to blueprint/alerts/kinds.py."
    if not found.fires:
        yield f"no case makes it fire; add one to {place}."
    if not found.silent:
        yield f"no case keeps it silent; add one to {place}."
    for name in (*(case.name for case in found.fires), *found.silent):
        if name not in known:
            yield f"{place} names '{name}', which is neither a scenario nor a recorded entry."
