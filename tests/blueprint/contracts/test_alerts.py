"""The contracts on alerts are seen to refuse each fault they exist for, and to pass the real catalogue.

Every fault below is one that was deployed (incidents 71 to 74) or that the platform accepts without a word.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from analysis.logfilter.expression import AllOf, Filter, Not, compare
from analysis.promql.expression import Binary, FunctionCall, Matcher, Number, Selector, binary, together
from blueprint.alerts import Alert, LogMatch, PromQL, catalogue
from blueprint.alerts.types import Covers
from blueprint.contracts import Inspection
from blueprint.contracts import alerts as contracts
from blueprint.model import Blueprint

ROOT = Path(__file__).resolve().parents[3]
CHECKS = {
    "cover": contracts.alerts_cover,
    "notify": contracts.alerts_notify,
    "thresholds": contracts.alert_thresholds,
    "fire": contracts.alerts_can_fire,
    "tested": contracts.alerts_tested,
}
SUBSCRIPTION = (Matcher("monitored_resource", "=", "pubsub_subscription"), Matcher("subscription_id", "=", "s"))
ACKS = Selector(
    "pubsub_googleapis_com:subscription_push_request_count", (*SUBSCRIPTION, Matcher("response_class", "=", "ack"))
)
AGE = Selector("pubsub_googleapis_com:subscription_oldest_unacked_message_age")
OLDEST = replace(AGE, matchers=SUBSCRIPTION)
GEN2 = compare("resource.type", "=", "cloud_run_revision")
WORSE = compare("severity", ">=", "ERROR")


def among(selector: Selector, *more: Matcher) -> Selector:
    return replace(selector, matchers=(*selector.matchers, *more))


def over(function: str, selector: Selector, seconds: int = 300) -> FunctionCall:
    return FunctionCall(function, (selector.over(seconds),))


def text(path: str, operator: str, value: str) -> Filter:
    return AllOf((GEN2, compare(path, operator, value)))


def sentences(plan: Blueprint, check: str) -> list[str]:
    report = Inspection(check)
    CHECKS[check](plan, report)
    assert report.checked > 0
    assert all(finding.at.file == "pipeline.yaml" and finding.at.line for finding in report.findings)
    return [finding.message for finding in report.findings]


def with_one(plan: Blueprint, change: Callable[[Alert], Alert], kind: str = "crash") -> Blueprint:
    """Return the plan with the first alert of a kind changed."""
    chosen = next(alert for alert in plan.alerts if alert.kind == kind)
    return replace(plan, alerts=tuple(change(a) if a is chosen else a for a in plan.alerts))


@pytest.mark.parametrize("check", CHECKS)
def test_the_real_catalogue_passes(plan: Blueprint, check: str) -> None:
    assert sentences(plan, check) == []


@pytest.mark.parametrize("kind", sorted({kind for needed in contracts.NEEDED.values() for kind in needed}))
def test_a_missing_alert_is_refused(plan: Blueprint, kind: str) -> None:
    gone = replace(plan, alerts=tuple(alert for alert in plan.alerts if alert.kind != kind))
    found = sentences(gone, "cover")
    assert found
    assert all(f"no alert of kind {kind};" in sentence for sentence in found)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda a: replace(a, channels=()), "has no channel"),
        (lambda a: replace(a, rate_limit=None), "needs a rate limit"),
        (lambda a: replace(a, rate_limit=10), "needs a rate limit"),
        (lambda a: replace(a, auto_close=60), "close after 60 s"),
        (lambda a: replace(a, auto_close=8 * 86400), "close after"),
        (lambda a: replace(a, condition=PromQL(binary(OLDEST, ">", 1))), "Only a log match takes a rate limit"),
        (lambda a: replace(a, title="é" * 128), "256 bytes"),
        (lambda a: replace(a, documentation=replace(a.documentation, command="")), "has no command"),
        (lambda a: replace(a, documentation=replace(a.documentation, command="a\nb")), "more than one command"),
        (lambda a: replace(a, documentation=replace(a.documentation, meaning="m" * 9000)), "longer than the 8 KiB"),
    ],
)
def test_an_alert_that_tells_nobody_is_refused(
    plan: Blueprint, change: Callable[[Alert], Alert], expected: str
) -> None:
    assert any(expected in sentence for sentence in sentences(with_one(plan, change), "notify"))


def test_a_pipeline_that_tells_nobody_is_told_so_once(plan: Blueprint) -> None:
    nobody = replace(plan.manifest, alerts=replace(plan.manifest.alerts, channels=()))
    silent = replace(plan, manifest=nobody, alerts=tuple(replace(alert, channels=()) for alert in plan.alerts))
    assert sentences(silent, "notify") == ["No alert has a channel, so nobody is told; name one."]


def test_two_alerts_of_one_title_are_refused(plan: Blueprint) -> None:
    double = with_one(plan, lambda a: replace(a, title=plan.alerts[-1].title))
    assert sum("a name or title that others have too" in sentence for sentence in sentences(double, "notify")) == 2


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (PromQL(binary(Selector("nobody_emits:this"), ">", 1)), "is emitted by nothing"),
        (PromQL(binary(Selector("up"), "==", 0)), "is emitted by nothing"),
        (PromQL(binary(AGE, ">", 1)), "names no monitored_resource"),
        (PromQL(binary(among(AGE, Matcher("monitored_resource", "=", "cloud_function")), ">", 1)), "belongs to gen1"),
        (PromQL(binary(among(AGE, Matcher("monitored_resource", "=", "pubsub_topic")), ">", 1)), "not written for"),
        (PromQL(binary(among(OLDEST, Matcher("topic_id", "=", "t")), ">", 1)), "has no label topic_id"),
        (PromQL(over("sum_over_time", among(OLDEST, Matcher("response_class", "=", "5xx")))), "has no label"),
        (
            PromQL(
                over("sum_over_time", replace(ACKS, matchers=(*SUBSCRIPTION, Matcher("response_class", "=", "5xx"))))
            ),
            "No value",
        ),
        (PromQL(binary(ACKS, ">", 1)), "no points while idle"),
        (PromQL(binary(FunctionCall("sum", (over("sum_over_time", ACKS),)), "==", 0)), "`== 0` never holds"),
        (PromQL(binary(FunctionCall("sum", (over("rate", ACKS),)), "<", 1)), "`< 1` never holds"),
        (PromQL(binary(over("rate", OLDEST), ">", 1)), "is a gauge"),
        (PromQL(binary(FunctionCall("max_over_time", (OLDEST,)), ">", 1)), "needs a range"),
        (PromQL(over("absent_over_time", OLDEST, 86400)), "at most 23.5 hours"),
        (PromQL(FunctionCall("absent", (OLDEST,)), duration=86400), "at most 23.5 hours"),
        (PromQL(binary(OLDEST, "<", 0)), "never < 0"),
        (PromQL(Binary("and", binary(OLDEST, ">", 5), binary(OLDEST, "<", 3))), "exclude each other"),
        (PromQL(binary(binary(OLDEST, ">", 5), "<", 3)), "exclude each other"),
        (PromQL(Binary("unless", OLDEST, OLDEST)), "subtracted from itself"),
        (
            PromQL(together("and", binary(OLDEST, ">", 1), binary(FunctionCall("vector", (Number(1),)), ">", 2))),
            "1 > 2 is false",
        ),
        (PromQL(binary(among(OLDEST, Matcher("subscription_id", "=", "other")), ">", 1)), "cannot be"),
        (PromQL(binary(among(OLDEST, Matcher("subscription_id", "!~", ".+")), ">", 1)), "cannot be"),
        (PromQL(binary(FunctionCall("vector", (Number(1),)), ">", 0)), "reads no metric"),
        (PromQL(binary(OLDEST, ">", 1), duration=90), "not whole minutes"),
        (PromQL(binary(OLDEST, ">", 1), evaluation_interval=45), "not a multiple of 30"),
        (PromQL(over("quantile_over_time", OLDEST)), "is not known here"),
    ],
)
def test_a_dead_metric_condition_is_refused(plan: Blueprint, condition: PromQL, expected: str) -> None:
    found = sentences(with_one(plan, lambda a: replace(a, condition=condition), "backlog-age"), "fire")
    assert any(expected in sentence for sentence in found), found


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (AllOf((compare("resource.type", "=", "cloud_function"), WORSE)), "belongs to gen1"),
        (compare("resource.type", "=", "cloud_run_revision", "cloud_function"), "does not require a resource.type"),
        (WORSE, "does not require a resource.type"),
        (compare("resource.type", "=", "k8s_container"), "Nothing of this project"),
        (AllOf((GEN2, WORSE, compare("severity", "<", "WARNING"))), "no severity satisfies"),
        (AllOf((GEN2, WORSE, Not(WORSE))), "no severity satisfies"),
        (
            AllOf((text("resource.labels.service_name", "=", "a"), text("resource.labels.service_name", "=", "b"))),
            "cannot be both",
        ),
        (AllOf((text("jsonPayload.a", "=", "x"), Not(compare("jsonPayload.a", "=", "x")))), "and not to be"),
        (AllOf((text("textPayload", ":", "x"), compare("jsonPayload.event", "=", "y"))), "only one of"),
        (AllOf((GEN2, compare("textPayload", ":", "x", "z"), compare("jsonPayload.event", "=", "y"))), "only one of"),
        (text("text", ":", "x"), "have no field 'text'"),
        (text("severity", ">=", "WORSE"), "is no severity"),
        (text("textPayload", "=~", "(?=x)"), "RE2"),
        (text("textPayload", ":", "x" * 2048), "the platform takes 2048"),
    ],
)
def test_a_dead_log_condition_is_refused(plan: Blueprint, condition: Filter, expected: str) -> None:
    found = sentences(with_one(plan, lambda a: replace(a, condition=LogMatch(condition))), "fire")
    assert any(expected in sentence for sentence in found), found


def test_too_many_extracted_labels_are_refused(plan: Blueprint) -> None:
    many = LogMatch(GEN2, {f"label{number}": "EXTRACT(severity)" for number in range(11)})
    found = sentences(with_one(plan, lambda a: replace(a, condition=many)), "fire")
    assert any("extracts 11 labels" in sentence for sentence in found)


def test_an_alert_without_cases_is_refused(plan: Blueprint) -> None:
    new = with_one(plan, lambda a: replace(a, kind="brand-new", covers=Covers("function", "f")))
    found = sentences(new, "tested")
    assert any("no case makes it fire" in sentence for sentence in found)
    assert any("no case keeps it silent" in sentence for sentence in found)
    assert any("brand-new is not described" in sentence for sentence in found)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"silence": 240}, "less than metrics need"),
        ({"silence": 630}, "not whole minutes"),
        ({"backlog_age": 0}, "not whole minutes"),
        ({"downstream_start": 90}, "not whole minutes"),
        ({"error_ratio_percent": 0.0}, "no share between"),
        ({"latency_percent_of_timeout": 100.0}, "no share between"),
    ],
)
def test_a_threshold_that_comes_too_late_is_refused(plan: Blueprint, changes: dict[str, float], expected: str) -> None:
    alerting = plan.manifest.alerts
    thresholds = replace(alerting.thresholds, **changes)  # type: ignore[arg-type]  # values under test
    changed = replace(plan, manifest=replace(plan.manifest, alerts=replace(alerting, thresholds=thresholds)))
    assert any(expected in sentence for sentence in sentences(changed, "thresholds"))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"auto_close": 30 * 86400}, "`alerts.thresholds.auto_close` is 2592000 s"),
        ({"auto_close": 600}, "use 30m or more and 168h or less"),
        ({"notification_interval": 60}, "`alerts.thresholds.notification_interval` is 60 s"),
    ],
)
def test_a_value_of_all_alerts_is_refused_once_and_where_it_stands(
    plan: Blueprint, changes: dict[str, float], expected: str
) -> None:
    alerting = plan.manifest.alerts
    thresholds = replace(alerting.thresholds, **changes)  # type: ignore[arg-type]  # values under test
    manifest = replace(plan.manifest, alerts=replace(alerting, thresholds=thresholds))
    changed = replace(plan, manifest=manifest, alerts=catalogue(manifest, plan.names))
    (found,) = (sentence for check in CHECKS for sentence in sentences(changed, check))
    assert expected in found


def test_a_title_of_255_bytes_passes(plan: Blueprint) -> None:
    assert sentences(with_one(plan, lambda a: replace(a, title="é" * 127 + "x")), "notify") == []
