"""`python -m ops policy`: the pack over the embedded plan, on the line that asks for the resource."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from ops import policy
from ops.embedded.record import Registration
from ops.report.gather import Plan, gather
from policies import kinds
from policies.case import UNKNOWN
from policies.registry import all_rules
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


def test_violations_are_placed_and_named() -> None:
    plan = Plan("p", "test", ROOT, (registration(ackDeadlineSeconds=9),), {}, (), (), (), {})
    found = policy.findings(plan, policy.judge(plan, DECLARED))
    assert "push: An acknowledgement deadline of 9 s is not accepted; set 10 to 600." in {f.message for f in found}
    assert {finding.at.file for finding in found} == {"policies"}


def test_declared_facts_come_from_declaration_stack_and_configuration(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"always-on-budget": {"instances": 3}, "no-basic-role": "mandatory"}))
    found = policy.facts(ROOT, "prod", date(2026, 11, 21), config)
    assert found.always_on == 3
    assert found.region == found.data_location != ""
    assert found.labels
    assert all(url.startswith("https://") for url in found.service_urls)


def test_rules_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    from ops.__main__ import main

    assert main(["policy", "--rules"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + len(all_rules())
    assert lines[1].startswith("ack-covers-timeout")


def test_second_pipeline_passes_the_same_rules(tmp_path: Path) -> None:
    root = copy_parcels(tmp_path / "project")
    plan = gather(root, "live")
    assert plan.violations == []
    judgement = policy.judge(plan, policy.facts(root, "live", date(2026, 11, 21)))
    assert [f"{each.rule}: {each.urn}" for each in judgement.violations] == []
    assert judgement.resources > 50
