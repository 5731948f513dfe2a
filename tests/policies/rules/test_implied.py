"""Each difference from what the declaration implies is refused as on the engine: inputs, options, what is missing or extra."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from blueprint.inventory.resource import Joined, Ref, UploadedFile
from ops import policy
from ops.report.gather import gather
from policies import kinds
from policies.case import PolicyReport, Subject
from policies.declared import StackFacts
from policies.registry import all_rules, judge_among
from policies.rules.implied import EngineReader
from policies.values import UNKNOWN

ROOT = Path(__file__).resolve().parents[3]
RULE = next(rule for rule in all_rules() if rule.id == "declared-as-implied")
TOPIC, FUNCTION = "nba-phase3-trigger-topic", "daily-health-summary-function"
PUSH, GRANT = "phase3-to-phase4-orchestrator-subscription", "phase3-to-phase4-orchestrator-invocation"

Stack = dict[str, Subject]


@pytest.fixture(scope="session")
def prod() -> tuple[Stack, StackFacts]:
    plan = gather(ROOT, "prod")
    subjects = [policy.subject(each) for each in plan.resources]
    return {each.urn: each for each in subjects}, policy.facts(plan, date(2026, 11, 28))


def judged(stack: Stack, facts: StackFacts) -> PolicyReport:
    return judge_among(RULE, stack.values(), facts)


def named(stack: Stack, name: str) -> Subject:
    return next(each for each in stack.values() if each.name == name and each.kind.startswith("gcp:"))


def test_prod_is_as_implied(prod: tuple[Stack, StackFacts]) -> None:
    stack, facts = prod
    assert judged(stack, facts).violations == []
    assert facts.implied is not None
    assert len(facts.implied.resources) > 350


def with_input(name: str, value: Any) -> Callable[[Subject], Subject]:
    return lambda subject: replace(subject, props={**subject.props, name: value})


def without_input(name: str) -> Callable[[Subject], Subject]:
    return lambda subject: replace(subject, props={key: value for key, value in subject.props.items() if key != name})


CHANGES = [
    (TOPIC, without_input("labels"), "`labels` is not set"),
    (TOPIC, with_input("messageRetentionDuration", "600s"), "`messageRetentionDuration` is \"600s\""),
    (TOPIC, with_input("messageRetentionDuration", UNKNOWN), "not known before the update"),
    (TOPIC, with_input("kmsKeyName", "k"), "nothing implies such an input"),
    (FUNCTION, with_input("description", UNKNOWN), "`description` is \"not known before the update\""),
    (PUSH, lambda each: replace(each, references={}), "`topic` is computed from no other resource instead of"),
    (PUSH, lambda each: replace(each, dependencies=frozenset()), "`depends_on` lacks"),
    (PUSH, lambda each: replace(each, dependencies=each.dependencies | {"urn::x::y::other"}), "`depends_on` has 'other'"),
    (GRANT, with_input("member", "allUsers"), ""),
    (GRANT, lambda each: replace(each, protect=True), "`protect` is True"),
    (GRANT, lambda each: replace(each, provider="second"), "Its provider is 'second'"),
    (GRANT, lambda each: replace(each, parent=""), "Its parent is the stack"),
    (GRANT, lambda each: replace(each, kind="gcp:projects/iAMMember:IAMMember"), "Nothing implies this"),
    (GRANT, lambda each: replace(each, name="another"), "Nothing implies this"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "change", "words"), CHANGES, ids=[f"{n}-{w[:25]}" for n, _, w in CHANGES])
def test_a_difference_is_refused(
    prod: tuple[Stack, StackFacts], name: str, change: Callable[[Subject], Subject], words: str
) -> None:
    stack, facts = prod
    subject = named(stack, name)
    found = judged({**stack, subject.urn: change(subject)}, facts)
    told = [each.message for each in found.violations if each.urn == subject.urn]
    if words:
        assert any(words in message for message in told), found.violations
    else:  # before the first update nobody knows the account; `role-and-member-allowed` refuses the text
        assert told == []


def test_what_the_state_knows_is_compared(prod: tuple[Stack, StackFacts]) -> None:
    stack, facts = prod
    grant, account = named(stack, GRANT), named(stack, "phase3-to-phase4-orchestrator-invoker")
    deployed = {**stack, account.urn: replace(account, outputs={**account.outputs, "member": "serviceAccount:i@p"})}
    right = {**deployed, grant.urn: replace(grant, props={**grant.props, "member": "serviceAccount:i@p"})}
    assert judged(right, facts).violations == []
    wrong = {**deployed, grant.urn: replace(grant, props={**grant.props, "member": "allUsers"})}
    assert [each.message.split(",")[0] for each in judged(wrong, facts).violations] == ['`member` is "allUsers"']


def test_what_is_missing_is_refused(prod: tuple[Stack, StackFacts]) -> None:
    stack, facts = prod
    gone = named(stack, GRANT)
    found = judged({urn: each for urn, each in stack.items() if urn != gone.urn}, facts)
    assert any(f"'{GRANT}'" in each.message and "does not declare it" in each.message for each in found.violations)


def test_a_dynamic_resource_and_another_component_are_refused(prod: tuple[Stack, StackFacts]) -> None:
    stack, facts = prod
    extra = [
        Subject("pulumi-python:dynamic:Resource", "d", "urn:d", {}),
        Subject("phases:orchestration:Other", "o", "urn:o", {}),
        Subject(kinds.PROVIDER, "second", "urn:p", {"project": "elsewhere"}),
    ]
    found = judged({**stack, **{each.urn: each for each in extra}}, facts)
    assert {each.urn for each in found.violations} == {"urn:d", "urn:o", "urn:p"}


def test_a_program_without_a_declaration_is_held_to_the_other_rules_alone(prod: tuple[Stack, StackFacts]) -> None:
    stack, facts = prod
    assert judged({}, replace(facts, implied=None)).violations == []
    assert judged(stack, replace(facts, implied=None)).violations == []


def test_the_provider_is_the_one_that_the_stack_implies(prod: tuple[Stack, StackFacts]) -> None:
    stack, facts = prod
    assert facts.implied is not None
    [(urn, provider)] = [(urn, each) for urn, each in stack.items() if each.kind == kinds.PROVIDER] or [
        ("urn:p", Subject(kinds.PROVIDER, "gcp", "urn:p", dict(facts.implied.provider)))
    ]
    assert judged({**stack, urn: provider}, facts).violations == []
    told = judged({**stack, urn: replace(provider, props={**provider.props, "project": "elsewhere"})}, facts)
    project = facts.implied.provider["project"]
    assert [each.message for each in told.violations] == [
        f"`project` of the provider must be {project}, which the stack implies."
    ]


class Asset:
    """An uploaded file as the SDK has it."""

    def __init__(self, path: str) -> None:
        self.path = path


def test_a_file_is_known_by_its_content(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"PK")
    reader = EngineReader({}, tmp_path)
    right, wrong = UploadedFile(hashlib.sha256(b"PK").hexdigest()), UploadedFile("0" * 64)
    assert [reader.holds(Asset("a.zip"), each) for each in (right, wrong)] == [True, False]
    assert [reader.holds({"$asset": {"sha256": right.sha256}}, each) for each in (right, wrong)] == [True, False]
    assert (reader.holds(Asset("gone.zip"), right), reader.holds("a.zip", right)) == (None, False)


def test_a_text_with_what_the_state_knows_inside_is_compared() -> None:
    reader = EngineReader({"f": {"uri": "https://f"}, "g": {"uri": UNKNOWN}}, Path())
    joined = Joined((Ref("f", "uri"), "/x"))
    assert [reader.joins(each, joined) for each in ("https://f/x", "https://f", UNKNOWN)] == [True, False, None]
    assert [reader.joins("https://g/x", Joined((Ref(name, "uri"), "/x"))) for name in ("g", "h")] == [None, None]
    assert [reader.refers(each, Ref("f", "uri")) for each in ("https://f", "x", UNKNOWN)] == [True, False, None]
    assert reader.hides("anything") is None
