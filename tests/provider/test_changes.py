"""What a change means: which properties differ, what is replaced, and under which id a resource is known."""

from __future__ import annotations

import json
from typing import Any

import pytest

from provider.changes import differences, replaces, schema_changes_in_place
from provider.ids import import_id, resource_id
from provider.values import ARCHIVE, SECRET, SIGNATURE, UNKNOWN

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


@pytest.mark.parametrize(
    ("token", "place", "expected"),
    [
        ("gcp:pubsub/subscription:Subscription", "filter", True),
        ("gcp:pubsub/subscription:Subscription", "ackDeadlineSeconds", False),
        ("gcp:firestore/index:Index", "fields[1].order", True),
        ("gcp:bigquery/table:Table", "timePartitioning.field", True),
        ("gcp:bigquery/table:Table", "timePartitioning.expirationMs", False),
        ("gcp:secretmanager/secret:Secret", "replication.userManaged.replicas[0].location", True),
        ("gcp:storage/bucket:Bucket", "location", True),
        ("gcp:cloudfunctionsv2/function:Function", "eventTrigger.pubsubTopic", False),
    ],
)
def test_immutable_properties_replace(token: str, place: str, expected: bool) -> None:
    assert replaces(token, place, {}, {}) is expected


DAY: dict[str, Any] = {"name": "day", "type": "DATE", "mode": "REQUIRED"}
NOTE: dict[str, Any] = {"name": "note", "type": "STRING"}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ([DAY], [DAY, NOTE], True),
        ([DAY, NOTE], [DAY], True),
        ([DAY], [DAY, {**NOTE, "mode": "REQUIRED"}], False),
        ([DAY, NOTE], [DAY, {**NOTE, "name": "remark"}], False),
        ([DAY], [{**DAY, "mode": "NULLABLE"}], True),
        ([NOTE], [{**NOTE, "mode": "REQUIRED"}], False),
        ([NOTE], [{**NOTE, "type": "INTEGER"}], False),
        ([{"name": "n", "type": "INT64"}], [{"name": "n", "type": "INTEGER"}], True),
        ([{"name": "r", "type": "RECORD", "fields": [NOTE]}], [{"name": "r", "type": "RECORD", "fields": []}], False),
    ],
)
def test_a_table_schema_changes_in_place(old: list[Any], new: list[Any], expected: bool) -> None:
    assert schema_changes_in_place(json.dumps(old), json.dumps(new)) is expected


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
