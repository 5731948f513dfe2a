"""`python -m ops policy`: the pack over the embedded plan, on the line that asks for the resource."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from ops import policy
from ops.embedded.planned import PlannedSecret, Planner
from ops.embedded.record import Registration, Shower
from ops.report.gather import Plan, gather
from policies import kinds
from policies.allowed import allowed
from policies.registry import all_rules
from policies.values import CONFIGURATION, UNKNOWN
from provider import values
from tests.pipelines.test_parcels import copy_parcels
from tests.policies.harness import DECLARED

URN = "urn:pulumi:test::p::gcp:pubsub/subscription:Subscription::push"
ROOT = Path(__file__).resolve().parents[2]


def registration(**inputs: object) -> Registration:
    return Registration(
        urn=URN,
        type=kinds.SUBSCRIPTION,
        name="push",
        parent="",
        custom=True,
        inputs=inputs,
        options={"protect": True, "propertyDependencies": {"topic": ["urn:topic"]}},
    )


def test_what_only_a_deployment_knows_is_unknown() -> None:
    found = policy.subject(
        registration(
            topic={"$ref": "urn:topic", "property": "id"},
            pushConfig={"pushEndpoint": {"$concat": [{"$ref": "urn:f", "property": "uri"}, "/x"]}, "attributes": ["a"]},
            filter={"$unknown": ["urn:f"]},
            ackDeadlineSeconds=60,
        )
    )
    assert found.props["topic"] is UNKNOWN
    assert found.props["filter"] is UNKNOWN
    assert found.props["pushConfig"] == {"pushEndpoint": UNKNOWN, "attributes": ["a"]}
    assert found.props["ackDeadlineSeconds"] == 60
    assert found.references == {"topic": frozenset({"urn:topic"})}
    assert found.protect


def test_a_secret_of_the_program_is_judged_by_its_value_and_one_of_the_configuration_is_not_known() -> None:
    made = replace(registration(member="[secret]"), opened={"member": "allUsers"})
    assert policy.subject(made).props["member"] == "allUsers"
    kept = policy.subject(registration(pushConfig={"pushEndpoint": "[secret]"}))
    assert kept.props["pushConfig"] == {"pushEndpoint": UNKNOWN}
    assert kept.references["pushConfig"] == frozenset({CONFIGURATION})


def test_a_secret_is_opened_for_the_rules_and_hidden_everywhere_else() -> None:
    planner = Planner()
    secret = {values.SIGNATURE: values.SECRET, "value": "allUsers"}
    assert Shower(planner, ROOT).show(secret, ()) == "[secret]"
    assert Shower(planner, ROOT, opened=True).show(secret, ()) == "allUsers"
    kept = str.__add__("", planner.plan(PlannedSecret("slack")))  # as it comes over the wire: a plain text
    assert Shower(planner, ROOT, opened=True).show({values.SIGNATURE: values.SECRET, "value": kept}, ()) == "[secret]"


def test_violations_are_placed_and_named() -> None:
    plan = Plan("p", "test", ROOT, (registration(ackDeadlineSeconds=9),), {}, (), (), (), {})
    found = policy.findings(plan, policy.judge(plan, DECLARED))
    assert "push: An acknowledgement deadline of 9 s is not accepted; set 10 to 600." in {f.message for f in found}
    assert {finding.at.file for finding in found} == {"policies"}


def test_declared_facts_come_from_declaration_stack_and_configuration(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"always-on-budget": {"instances": 3}, "no-basic-role": "mandatory"}))
    found = policy.facts(gather(ROOT, "prod"), date(2026, 11, 21), config)
    assert found.always_on == 3
    assert found.region == found.dataset_location == found.database_location != ""
    assert found.labels
    assert all(url.startswith("https://") for url in found.service_urls)


def test_rules_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    from ops.__main__ import main

    assert main(["policy", "--rules"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + len(all_rules())
    assert lines[1].startswith("ack-covers-timeout")


def test_the_list_holds_nothing_that_no_pipeline_declares(tmp_path: Path) -> None:
    plans = [gather(ROOT, "prod"), gather(copy_parcels(tmp_path / "project"), "live")]
    declared = [each for plan in plans for each in plan.resources if each.type.startswith("gcp:")]
    listed = allowed()
    assert {each.type for each in declared} == set(listed.kinds)
    granted = {(each.type, str(each.inputs["role"])) for each in declared if "role" in each.inputs}
    assert granted == {(kind, role) for kind, roles in listed.grants.items() for role in roles}
    stated = {(each.type, name) for each in declared for name in each.inputs}
    unused = {(kind, name) for kind, names in listed.kinds.items() for name in names} - stated
    assert unused <= {("gcp:bigquery/table:Table", name) for name in ("rangePartitioning", "tableConstraints", "friendlyName", "requirePartitionFilter")} | {("gcp:bigquery/dataset:Dataset", "friendlyName")}  # fmt: skip


@pytest.mark.parametrize(("pipeline", "stack"), [("parcels", "live"), ("meters", "pune"), ("orders", "sul")])
def test_other_pipelines_pass_the_same_rules(pipeline: str, stack: str) -> None:
    """Days, hours and batches; what they must not pass is tried on the first, by every case of `tests/incidents`."""
    plan = gather(ROOT / "tests" / "pipelines" / pipeline, stack)
    assert plan.violations == []
    judgement = policy.judge(plan, policy.facts(plan, date(2026, 11, 21)))
    assert [f"{each.rule}: {each.urn}" for each in judgement.violations] == []
    assert judgement.resources > 50
