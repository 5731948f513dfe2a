"""Each recorded failure, done to a planned resource or an alert, is refused; beside each stands what looks alike and passes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from blueprint.check import check
from blueprint.model import Blueprint
from ops import policy
from ops.drills.cases import INVENTORY, Case, judged_alerts, judged_program, judged_stack, told
from ops.embedded import project
from ops.embedded.record import Registration
from ops.report.gather import Plan, gather
from policies.case import Subject
from policies.declared import StackFacts
from policies.registry import judge_all
from tests.incidents.cases import BENIGN, REFUSED, ROOT, TODAY, of


@pytest.fixture(scope="session")
def plan() -> Plan:
    """The plan of the stack prod."""
    found = gather(ROOT, "prod")
    assert found.violations == []
    return found


@pytest.fixture(scope="session")
def registered(plan: Plan) -> tuple[Registration, ...]:
    """The resources that the program registers for the stack prod."""
    return plan.resources


@pytest.fixture(scope="session")
def facts(plan: Plan) -> StackFacts:
    """What the stack prod is held to by the rules alone: an edit of a planned resource is never implied."""
    return replace(policy.facts(plan, TODAY), implied=None)


@pytest.fixture(scope="session")
def planned(registered: tuple[Registration, ...]) -> tuple[Subject, ...]:
    """The resources of the prod plan as the policies see them."""
    return tuple(policy.subject(each) for each in registered)


@pytest.fixture(scope="session")
def model() -> Blueprint:
    """The model of the stack prod."""
    return check(ROOT, project.stack_settings(project.load(ROOT, "prod"))).sound()


@pytest.mark.parametrize("case", of("resource", REFUSED))
def test_edit_of_a_resource_is_refused(
    case: Case, planned: tuple[Subject, ...], registered: tuple[Registration, ...], model: Blueprint, facts: StackFacts
) -> None:
    implied = case["rule"] == INVENTORY
    found = judged_program(model, registered, case) if implied else judged_stack(planned, case, facts)
    assert [*told(found, case)], "\n".join(f"{rule}: {message}" for rule, message in found) or "nothing was refused"


@pytest.mark.parametrize("case", of("resource", BENIGN))
def test_edit_of_a_resource_that_looks_alike_passes(
    case: Case, planned: tuple[Subject, ...], registered: tuple[Registration, ...], model: Blueprint, facts: StackFacts
) -> None:
    implied = case["rule"] == INVENTORY
    assert (judged_program(model, registered, case) if implied else judged_stack(planned, case, facts)) == []


@pytest.mark.parametrize("case", of("alert", REFUSED))
def test_alert_is_refused(case: Case, model: Blueprint) -> None:
    found = judged_alerts(model, case)
    assert [*told(found, case)], "\n".join(f"{rule}: {message}" for rule, message in found) or "nothing was refused"


@pytest.mark.parametrize("case", of("alert", BENIGN))
def test_alert_that_looks_alike_passes(case: Case, model: Blueprint) -> None:
    assert judged_alerts(model, case) == []


def test_planned_resources_pass_every_policy(planned: tuple[Subject, ...], plan: Plan) -> None:
    judgement = judge_all(planned, policy.facts(plan, TODAY))
    assert [f"{each.rule}: {each.urn}: {each.message}" for each in judgement.violations] == []
    assert judgement.resources > 300
