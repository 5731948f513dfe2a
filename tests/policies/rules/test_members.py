"""Whom a grant may name: an account, an agent or a workflow of this program, spelled out, and nobody else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from policies import kinds
from policies.allowed import allowed
from tests.policies.harness import DECLARED, UNKNOWN, Resource, said
from tests.policies.stack import ACCOUNT

POOL = Resource(kinds.POOL, "pool", {"workloadIdentityPoolId": "github"})
AGENT = Resource(kinds.SERVICE_IDENTITY, "agent", {"service": "pubsub.googleapis.com"})
SECRET, TOPIC, RELEASE = (
    "gcp:secretmanager/secretIamMember:SecretIamMember", "gcp:pubsub/topicIAMMember:TopicIAMMember", "gcp:serviceaccount/iAMMember:IAMMember",
)  # fmt: skip
READER, PUBLISHER = "roles/secretmanager.secretAccessor", "roles/pubsub.publisher"
NUMBER = DECLARED.project_number
SET = f"principalSet://iam.googleapis.com/projects/{NUMBER}/locations/global/workloadIdentityPools"


def refused(kind: str, role: str, member: object, uses: tuple[str, ...] = (), section: str = "pipeline") -> list[str]:
    grant = Resource(kind, "grant", {"role": role, "member": member}, uses={"member": uses})
    facts = replace(DECLARED, allowed=allowed(section))
    return said("role-and-member-allowed", ACCOUNT, POOL, AGENT, grant, facts=facts)


@pytest.mark.parametrize(
    ("member", "sound"),
    [
        ("serviceAccount:sorter@a-project.iam.gserviceaccount.com", True),
        ("serviceAccount:other@a-project.iam.gserviceaccount.com", False),
        ("serviceAccount:sorter@b-project.iam.gserviceaccount.com", False),
        (f"serviceAccount:service-{NUMBER}@gcp-sa-pubsub.iam.gserviceaccount.com", True),
        (f"serviceAccount:service-{NUMBER}@gcp-sa-storage.iam.gserviceaccount.com", False),
        ("serviceAccount:service-1@gcp-sa-pubsub.iam.gserviceaccount.com", False),
        ("user:a@b.c", False),
    ],
)
def test_a_member_that_is_spelled_out(member: str, sound: bool) -> None:
    assert (refused(TOPIC, PUBLISHER, member) == []) is sound


def test_an_agent_is_no_account() -> None:
    agent = f"serviceAccount:service-{NUMBER}@gcp-sa-pubsub.iam.gserviceaccount.com"
    assert refused(SECRET, READER, agent) == [
        f"{READER} goes to {agent}, which is no account of this program; grant it to one, or allow another kind of member in `pipeline → grants → {SECRET} → {READER}` in policies/allowed.yaml."
    ]


@pytest.mark.parametrize(
    ("member", "sound"),
    [
        (f"{SET}/github/attribute.repository/o/r", True),
        (f"{SET}/gitlab/attribute.repository/o/r", False),
        (f"{SET.replace(NUMBER, '1')}/github/attribute.repository/o/r", False),
        (f"{SET}/github/*", False),
    ],
)
def test_a_workflow_of_this_project_and_pool(member: str, sound: bool) -> None:
    [role] = [role for role, holders in allowed("release-access").grants[RELEASE].items() if "workflow" in holders][:1]
    assert (refused(RELEASE, role, member, section="release-access") == []) is sound


def test_a_member_that_is_not_known_is_what_it_is_computed_from() -> None:
    assert refused(SECRET, READER, UNKNOWN, ("account",)) == []
    assert refused(SECRET, READER, UNKNOWN, ("agent",)) != []
    assert refused(TOPIC, PUBLISHER, UNKNOWN, ("account", "agent")) == []
    assert refused(SECRET, READER, UNKNOWN, ("account", "pool")) != []
    [told] = refused(SECRET, READER, UNKNOWN)
    assert told.startswith(f"{READER} goes to not known before the update, which is no account")


def test_a_role_that_is_not_on_the_list() -> None:
    member = "serviceAccount:sorter@a-project.iam.gserviceaccount.com"
    assert refused(SECRET, "roles/x", member) == [
        f"roles/x is not on the list for this kind of grant; add it to `pipeline → grants → {SECRET}` in policies/allowed.yaml, or remove this."
    ]
