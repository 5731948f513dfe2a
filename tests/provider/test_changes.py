"""What a change means: which properties differ, what is replaced, and under which id a resource is known."""

from __future__ import annotations

import json

import pytest

from provider import kinds
from provider.changes import TABLE, changes, differences, planned, replaces
from provider.ids import import_id, resource_id
from provider.values import ARCHIVE, SECRET, SIGNATURE, UNKNOWN
from tests.provider.bases import BASES
from tests.provider.cases import VERDICTS, Case, cases

DEFAULTS = {"project": "p", "region": "r", "location": "r"}


def test_differences_name_each_leaf() -> None:
    old = {"a": 1, "b": {"c": [1, 2]}, "gone": True}
    new = {"a": 1, "b": {"c": [1, 3, 4]}, "added": {}}
    assert list(differences(old, new)) == [
        ("added", "add"),
        ("b.c[1]", "update"),
        ("b.c[2]", "add"),
        ("gone", "delete"),
    ]


def test_secrets_and_archives_are_compared_by_what_they_hold() -> None:
    secret = {SIGNATURE: SECRET, "value": "x"}
    archives = [
        {SIGNATURE: ARCHIVE, "hash": hash_, "path": path} for hash_, path in (("1", "a"), ("1", "b"), ("2", "a"))
    ]
    assert list(differences({"s": secret}, {"s": "x"})) == []
    assert list(differences(archives[0], archives[1], "source")) == []
    assert list(differences(archives[0], archives[2], "source")) == [("source", "update")]


def verdicts() -> dict[str, str]:
    found: dict[str, str] = json.loads(VERDICTS.read_text(encoding="utf-8"))
    return found


def ours(case: Case) -> str:
    """Return the model's answer in the words of a verdict."""
    effects = {each.effect for each in changes(case.kind, case.old, case.new)}
    return "replace" if "replaces" in effects else "update" if effects & {"in place", "refused"} else "same"


def test_the_provider_was_asked_about_every_case() -> None:
    assert sorted(verdicts()) == sorted(case.id for case in cases())
    assert {case.kind for case in cases()} == set(kinds())
    assert set(verdicts().values()) == {"same", "update", "replace", "refused"}


@pytest.mark.parametrize("kind", sorted(BASES))
def test_the_model_answers_as_the_provider_does(kind: str) -> None:
    recorded = verdicts()
    differing = {}
    for case in cases():
        found, expected = ours(case), recorded[case.id]
        if case.kind == kind and expected != "refused" and found != expected and case.name not in MAY_BE_EQUAL:
            differing[case.name] = f"we say {found}, the provider {expected}"
    assert differing == {}


MAY_BE_EQUAL = ("with region", "with deletionPolicy")
"""A computed property that is stated newly: from the inputs alone nobody knows that the cloud has that value already."""


def test_a_computed_property_that_is_stated_newly_is_compared_with_what_the_cloud_has() -> None:
    job = "gcp:cloudscheduler/job:Job"
    stated = {"name": "j", "region": "us-west2"}
    assert [each.effect for each in changes(job, {"name": "j"}, stated)] == ["replaces"]
    assert changes(job, {"name": "j", "region": "us-west2", "state": "ENABLED"}, stated) == []


def test_what_is_not_known_yet_differs() -> None:
    topic = "gcp:pubsub/topic:Topic"
    assert replaces(topic, {"name": "t"}, {"name": UNKNOWN})
    assert changes(topic, {"name": "t", "labels": UNKNOWN}, {"name": "t", "labels": UNKNOWN}) == []


def test_what_is_computed_is_planned_as_unknown_and_kept_in_an_update() -> None:
    function = "gcp:cloudfunctionsv2/function:Function"
    inputs = {"name": "f", "buildConfig": {"source": {"storageSource": {"bucket": "b", "object": "o"}}}}
    source = planned(function, inputs)["buildConfig"]["source"]["storageSource"]
    assert source == {"bucket": "b", "object": "o", "generation": UNKNOWN}
    state = {"name": "f", "buildConfig": {"source": {"storageSource": {"bucket": "b", "object": "o", "generation": 7}}}}
    assert planned(function, inputs, state)["buildConfig"] == state["buildConfig"]
    assert planned("gcp:pubsub/subscription:Subscription", {"topic": "t"})["messageRetentionDuration"] == "604800s"


def test_a_secret_block_is_not_looked_into() -> None:
    secret = {SIGNATURE: SECRET, "value": {"type": "DAY"}}
    assert planned(TABLE, {"tableId": "t", "timePartitioning": secret})["timePartitioning"] == secret


@pytest.mark.parametrize(
    ("token", "inputs", "expected"),
    [
        ("gcp:pubsub/topic:Topic", {"name": "t"}, "projects/p/topics/t"),
        ("gcp:pubsub/topic:Topic", {"name": "t", "project": "q"}, "projects/q/topics/t"),
        ("gcp:pubsub/topic:Topic", {"name": UNKNOWN}, None),
        ("gcp:cloudscheduler/job:Job", {"name": "j"}, "projects/p/locations/r/jobs/j"),
        (
            "gcp:serviceaccount/account:Account",
            {"accountId": "a"},
            "projects/p/serviceAccounts/a@p.iam.gserviceaccount.com",
        ),
        (
            "gcp:pubsub/topicIAMMember:TopicIAMMember",
            {"topic": "projects/p/topics/t", "role": "roles/x", "member": "user:u"},
            "projects/p/topics/t/roles/x/user:u",
        ),
        ("gcp:monitoring/alertPolicy:AlertPolicy", {"displayName": "d"}, None),
    ],
)
def test_ids_follow_from_the_inputs(token: str, inputs: dict[str, str], expected: str | None) -> None:
    assert resource_id(token, inputs, DEFAULTS) == expected


def test_a_grant_is_imported_by_resource_role_and_member() -> None:
    inputs = {"topic": "t", "role": "roles/x", "member": "user:u"}
    found = import_id("gcp:pubsub/topicIAMMember:TopicIAMMember", inputs, DEFAULTS)
    assert found == "projects/p/topics/t roles/x user:u"
