"""Alerts: somebody hears them, they can fire, and nothing is left without one."""

from __future__ import annotations

import re

from policies.case import Case, StackCase, mentions, physical_name
from policies.kinds import ALERT, FUNCTION, SUBSCRIPTION
from policies.registry import resource_rule, stack_rule

CHANNEL = re.compile(r"projects/[^/]+/notificationChannels/\d+")
LOG_FILTER = "conditions.*.conditionMatchedLog.filter"
CONDITIONS = (
    "conditions.*.conditionPrometheusQueryLanguage.query",
    "conditions.*.conditionThreshold.filter",
    "conditions.*.conditionAbsent.filter",
    "conditions.*.conditionMonitoringQueryLanguage.query",
    "conditions.*.conditionSql.query",
)


@resource_rule("alert-has-channel", "An alert tells somebody", incidents=(71, 72, 74), kinds=(ALERT,))
def alert_has_channel(case: Case) -> None:
    """Refuse an alert that is off, or has no channel or a made-up one."""
    if not case.has("notificationChannels.*"):
        case.violation("The alert has no notification channel, so nobody hears it; set one.")
    for channel in case.values("notificationChannels.*", computed=True):
        if not CHANNEL.fullmatch(str(channel)):
            case.violation(f"{channel!r} is no channel; write projects/PROJECT/notificationChannels/NUMBER.")
    if case.values("enabled") == [False]:
        case.violation("The alert is off; turn it on or delete it.")


@resource_rule("alert-can-fire", "An alert looks at second-generation resources", incidents=(73,), kinds=(ALERT,))
def alert_can_fire(case: Case) -> None:
    """Refuse conditions on first-generation resource types and metrics, which nothing here emits."""
    for text in case.values(LOG_FILTER, *CONDITIONS):
        if re.search(r"\bcloud_function\b|cloudfunctions(_googleapis_com:|\.googleapis\.com/)function", str(text)):
            case.violation("The condition asks for first-generation functions and never holds; use cloud_run_revision.")


@resource_rule("log-alert-limited", "An alert on log lines has a rate limit", incidents=(72, 73), kinds=(ALERT,))
def log_alert_limited(case: Case) -> None:
    """Refuse a log-matching alert without a rate limit or beside another condition: the platform does not accept it."""
    if not case.states(LOG_FILTER):
        return
    if not case.has("alertStrategy.notificationRateLimit.period"):
        case.violation("An alert on log lines needs a rate limit; set alertStrategy.notificationRateLimit.")
    if case.states("conditions.1"):
        case.violation("An alert on log lines takes no second condition; make two alerts.")


@resource_rule(
    "alert-explains-itself", "An alert says what it means and closes by itself", incidents=(71, 75), kinds=(ALERT,)
)
def alert_explains_itself(case: Case) -> None:
    """Refuse an alert without documentation, without severity, or one that stays open for ever."""
    for path, what in (
        ("documentation.content", "documentation"),
        ("severity", "severity"),
        ("alertStrategy.autoClose", "auto-close time"),
    ):
        if case.missing(path):
            case.violation(f"The alert has no {what}; set {path}.")


@stack_rule(
    "everything-is-watched", "Every function and every subscription is covered by alerts", incidents=(49, 71, 76)
)
def everything_is_watched(stack: StackCase) -> None:
    """Refuse functions without an alert on log lines (a crash emits no metric) and one on metrics, and
    subscriptions without one.

    An alert covers what its conditions name. The subscription of a dead letter counts as any other.
    """
    alerts = stack.of(ALERT)
    logs = [str(text) for alert in alerts for text in alert.values(LOG_FILTER)]
    metrics = [str(text) for alert in alerts for text in alert.values(*CONDITIONS)]
    for function in stack.of(FUNCTION):
        name = physical_name(function.subject)
        for texts, what in ((logs, "log lines"), (metrics, "metrics")):
            if not any(mentions(text, name) for text in texts):
                function.violation(f"No alert on {what} covers this function; derive its alerts.")
    for subscription in stack.of(SUBSCRIPTION):
        name = physical_name(subscription.subject)
        if not any(mentions(text, name) for text in metrics + logs):
            subscription.violation("No alert covers this subscription; derive its alerts.")
