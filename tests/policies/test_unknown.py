"""Values not known before the update: no rule breaks on one, none invents a violation, none overlooks another."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pulumi_policy.proxy import unknown_checking_proxy

from policies.case import Subject
from policies.registry import all_rules, judge_all
from policies.rules import MODULES
from policies.values import UNKNOWN as NOT_KNOWN
from policies.values import known
from tests.policies.harness import DECLARED, LAST, UNKNOWN, Resource, analyze
from tests.policies.stack import BACKLOG, FUNCTION, PUSH, STACK, broken


def paths(value: object, done: str = "") -> Iterator[str]:
    """Yield the path of every object, list and value below `value`."""
    items = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        place = f"{done}.{key}" if done else str(key)
        yield place
        yield from paths(item, place)


PLACES = [(resource, path) for resource in STACK for path in paths(resource.props)]


LINKED = {
    "topic-has-subscription",
    "everything-is-watched",
    "callers-may-call",
    "dead-letter-consumed",
    "agent-may-deliver",
    "role-and-member-allowed",
    "tokens-for-callers",
}
"""Rules that look for what names a resource: what covers it, refers to it, or is a member."""


@pytest.mark.parametrize(("resource", "path"), PLACES, ids=[f"{r.name}-{p}" for r, p in PLACES])
def test_a_value_that_is_not_known_is_refused_for_that_or_needs_no_judgement(resource: Resource, path: str) -> None:
    found = analyze(*broken(resource.with_(path, UNKNOWN)))
    assert not [each for each in found if each.rule not in LINKED and "is not known before" not in each.message], found
    assert all(each.mandatory for each in found)


@pytest.mark.parametrize("path", ["buildConfig", "serviceConfig.environmentVariables", "labels", "location"])
def test_other_violations_are_found_beside_an_unknown(path: str) -> None:
    culprit = FUNCTION.with_("serviceConfig.ingressSettings", "ALLOW_ALL").with_(path, UNKNOWN)
    found = [each for each in analyze(*broken(culprit)) if each.rule == "ingress-internal"]
    assert [(each.resource, each.mandatory) for each in found] == [("sorter", True)]


def test_second_facet_of_a_rule_is_judged_after_an_unknown_first() -> None:
    culprit = FUNCTION.with_("serviceConfig.availableCpu", UNKNOWN).with_("serviceConfig.availableMemory", "128Mi")
    assert any("128 MiB" in each.message for each in analyze(*broken(culprit)))
    attempts = PUSH.with_("deadLetterPolicy.deadLetterTopic", UNKNOWN).with_("deadLetterPolicy.maxDeliveryAttempts", 1)
    assert any("1 delivery attempts" in each.message for each in analyze(*broken(attempts)))


HIDDEN = [
    ("ingress-internal", FUNCTION, "serviceConfig.ingressSettings"),
    ("runtime-supported", FUNCTION, "buildConfig.runtime"),
    ("no-secret-in-environment", FUNCTION, "serviceConfig.environmentVariables.ENVIRONMENT"),
    ("never-expires", PUSH, "expirationPolicy.ttl"),
    ("ack-covers-timeout", PUSH, "ackDeadlineSeconds"),
    ("alert-can-fire", BACKLOG, "conditions.0.conditionPrometheusQueryLanguage.query"),
]


@pytest.mark.parametrize(("rule", "resource", "path"), HIDDEN, ids=[rule for rule, _, _ in HIDDEN])
def test_where_a_rule_cannot_see_it_refuses(rule: str, resource: Resource, path: str) -> None:
    found = [each for each in analyze(*broken(resource.with_(path, UNKNOWN))) if each.rule == rule]
    assert f"{path} is not known before the update" in found[0].message
    assert {(each.resource, each.mandatory) for each in found} == {(resource.name, True)}


def test_what_may_be_computed_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    LAST.clear()
    assert analyze(*STACK) == []
    said = capsys.readouterr().err
    assert "no-public-access: " in said
    assert "known only after the update" in said


def test_known_reads_around_the_sdk_proxies() -> None:
    props = unknown_checking_proxy({"a": {"b": [1, UNKNOWN, {"c": "x"}], "d": UNKNOWN}, "e": None, "f": {}})
    assert list(known(props, "a.b.*")) == [("a.b.0", 1), ("a.b.1", NOT_KNOWN), ("a.b.2", props["a"]["b"][2])]
    assert list(known(props, "a.b.2.c")) == [("a.b.2.c", "x")]
    assert list(known(props, "a.d.anything.below")) == [("a.d", NOT_KNOWN)]
    assert list(known(props, "a.*")) == [("a.b", props["a"]["b"]), ("a.d", NOT_KNOWN)]
    assert not [*known(props, "e"), *known(props, "f.x"), *known(props, "a.x"), *known(props, "a.b.9")]


def test_other_errors_of_a_container_are_not_mistaken_for_unknown() -> None:
    class Broken(dict[str, Any]):
        def __getitem__(self, key: str) -> Any:
            raise RuntimeError(key)

    with pytest.raises(RuntimeError):
        list(known(Broken(a=1), "a"))


leaves = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just(UNKNOWN)
shapes = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(PLACES), shapes)
def test_no_shape_of_a_value_breaks_a_rule(place: tuple[Resource, str], shape: object) -> None:
    resource, path = place
    for each in analyze(*broken(resource.with_(path, shape))):
        assert each.mandatory
        assert "The rule itself is wrong" not in each.message


def test_rules_run_without_the_sdk() -> None:
    assert len(MODULES) >= 9
    program = "import sys; sys.modules['pulumi'] = sys.modules['pulumi_policy'] = None\nfrom policies.registry import all_rules; print(len(all_rules()))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(done.stdout) == len(all_rules())


def test_plain_data_is_judged_like_proxies() -> None:
    subject = Subject(PUSH.kind, "push", "urn:push", {**PUSH.props, "ackDeadlineSeconds": NOT_KNOWN})
    judgement = judge_all([subject], DECLARED)
    found = [each.message for each in judgement.violations if each.rule == "ack-deadline-declared"]
    assert found[0].startswith("ackDeadlineSeconds is not known before the update")
