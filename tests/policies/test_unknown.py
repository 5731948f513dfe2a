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

from policies.case import UNKNOWN as NOT_KNOWN
from policies.case import Subject, known
from policies.registry import all_rules, judge_all
from policies.rules import MODULES
from tests.policies.harness import DECLARED, UNKNOWN, Resource, analyze
from tests.policies.stack import BACKLOG, FUNCTION, PUSH, STACK, broken


def paths(value: object, done: str = "") -> Iterator[str]:
    """Yield the path of every object, list and value below `value`."""
    items = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        place = f"{done}.{key}" if done else str(key)
        yield place
        yield from paths(item, place)


PLACES = [(resource, path) for resource in STACK for path in paths(resource.props)]


@pytest.mark.parametrize(("resource", "path"), PLACES, ids=[f"{r.name}-{p}" for r, p in PLACES])
def test_no_unknown_value_breaks_or_convicts(resource: Resource, path: str) -> None:
    found = analyze(*broken(resource.with_(path, UNKNOWN)))
    # What names a resource is needed to see whether alerts cover it or a reference leads to it.
    linked = {
        "topic-has-subscription",
        "everything-is-watched",
        "callers-may-call",
        "dead-letter-consumed",
        "agent-may-deliver",
    }
    assert not [each for each in found if each.rule not in linked], found
    assert all(each.mandatory for each in found)


@pytest.mark.parametrize("path", ["buildConfig", "serviceConfig.environmentVariables", "labels", "location"])
def test_other_violations_are_found_beside_an_unknown(path: str) -> None:
    culprit = FUNCTION.with_("serviceConfig.ingressSettings", "ALLOW_ALL").with_(path, UNKNOWN)
    found = [each for each in analyze(*broken(culprit)) if each.rule == "ingress-internal"]
    assert [(each.resource, each.mandatory) for each in found] == [("sorter", True)]


def test_second_facet_of_a_rule_is_judged_after_an_unknown_first() -> None:
    culprit = FUNCTION.with_("serviceConfig.availableCpu", UNKNOWN).with_("serviceConfig.availableMemory", "128Mi")
    assert "128 MiB" in analyze(*broken(culprit))[0].message
    attempts = PUSH.with_("deadLetterPolicy.deadLetterTopic", UNKNOWN).with_("deadLetterPolicy.maxDeliveryAttempts", 1)
    assert any("1 delivery attempts" in each.message for each in analyze(*broken(attempts)))


SPOKEN = [
    ("ingress-internal", FUNCTION, "serviceConfig.ingressSettings"),
    ("runtime-supported", FUNCTION, "buildConfig.runtime"),
    ("declared-location", FUNCTION, "location"),
    ("no-secret-in-environment", FUNCTION, "serviceConfig.environmentVariables.ENVIRONMENT"),
    ("never-expires", PUSH, "expirationPolicy.ttl"),
    ("ack-covers-timeout", PUSH, "ackDeadlineSeconds"),
    ("alert-has-channel", BACKLOG, "notificationChannels.0"),
]


@pytest.mark.parametrize(("rule", "resource", "path"), SPOKEN, ids=[rule for rule, _, _ in SPOKEN])
def test_unknown_is_said(rule: str, resource: Resource, path: str, capsys: pytest.CaptureFixture[str]) -> None:
    analyze(*broken(resource.with_(path, UNKNOWN)))
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith(f"{rule}:")]
    assert len(said) == 1
    assert "known only after the update" in said[0]


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
    assert ("ack-deadline-declared", "ackDeadlineSeconds") in {(u.rule, u.path) for u in judgement.unjudged}
