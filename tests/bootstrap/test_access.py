"""Who may do what: rights for every kind that the program declares, none that nothing needs, and no way in for others."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from bootstrap import roles
from ops.embedded.engine import Evaluation, evaluate
from ops.embedded.record import Registration
from ops.report.gather import Plan, gather
from policies.allowed import allowed

ROOT = Path(__file__).resolve().parents[2]
MEMBER = "gcp:projects/iAMMember:IAMMember"
STACK = """
config:
  release-access:projectId: a-project
  release-access:projectNumber: "12345"
  release-access:region: europe-west1
  release-access:repositoryId: "67"
  release-access:ownerId: "89"
"""


@pytest.fixture(scope="module")
def plan() -> Plan:
    return gather(ROOT, "prod")


@pytest.fixture(scope="module")
def access(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evaluation]:
    folder = tmp_path_factory.mktemp("access") / "bootstrap"
    shutil.copytree(ROOT / "bootstrap", folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "Pulumi.test.yaml").write_text(STACK)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        yield evaluate(folder, "test")


def of(access: Evaluation, kind: str) -> list[Registration]:
    return [each for each in access.registrations if each.type == kind]


def test_every_kind_has_its_rights_and_every_right_its_kind(plan: Plan) -> None:
    modules = {token.split(":")[1].split("/")[0] for token in plan.kinds if token.startswith("gcp:")}
    assert modules == set(roles.MODULES)


def test_a_release_may_grant_what_the_program_grants_and_no_more(plan: Plan) -> None:
    granted = {str(each.inputs["role"]) for each in plan.resources if each.type == MEMBER}
    assert granted == set(roles.GRANTABLE)
    assert all(f"'{role}'" in roles.only_grantable() for role in granted)


@pytest.mark.parametrize("identity", ["preview", "release"])
def test_no_basic_role(identity: str) -> None:
    assert not {"roles/owner", "roles/editor", "roles/viewer", roles.GRANTS} & set(roles.roles(identity))


def test_preview_changes_nothing() -> None:
    changing = re.compile(r"(?i)admin|editor|developer|owner|publisher|writer|\.user$|serviceAccountUser")
    assert [role for role in roles.roles("preview") if changing.search(role)] == []


def test_it_is_sound(access: Evaluation) -> None:
    assert [str(finding) for finding in access.findings] == []


def test_tokens_of_this_repository_only(access: Evaluation) -> None:
    [provider] = of(access, "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider")
    condition = str(provider.inputs["attributeCondition"])
    assert condition == "assertion.repository_id == '67' && assertion.repository_owner_id == '89'"
    assert provider.inputs["oidc"] == {"issuerUri": "https://token.actions.githubusercontent.com"}


def test_only_the_main_branch_of_production_releases(access: Evaluation) -> None:
    members = [str(each.inputs["member"]) for each in of(access, "gcp:serviceaccount/iAMMember:IAMMember")]
    found = {member.partition("/attribute.way_in/")[2] for member in members}
    assert found == {way.value for ways in roles.WAYS_IN.values() for way in ways}
    assert {way.ref for way in roles.WAYS_IN["release"]} == {"refs/heads/main"}
    assert "production@release.yml@push@refs/heads/main" in found
    assert of(access, "gcp:serviceaccount/key:Key") == []


def test_the_ways_in_are_those_that_the_workflows_take() -> None:
    taken = set()
    for path in (ROOT / ".github" / "workflows").glob("*.yml"):
        workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
        for job in workflow["jobs"].values():
            if (job.get("permissions") or {}).get("id-token") == "write":
                taken |= {(job["environment"], path.name, event) for event in workflow[True]}  # YAML reads `on` so
    assert taken == {(way.environment, way.workflow, way.event) for ways in roles.WAYS_IN.values() for way in ways}


def test_the_attribute_says_what_the_ways_say(access: Evaluation) -> None:
    [provider] = of(access, "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider")
    mapping = provider.inputs["attributeMapping"]
    assert isinstance(mapping, dict)
    assert mapping == {"google.subject": "assertion.sub", "attribute.way_in": roles.ATTRIBUTE}


def test_state_and_key_are_kept(access: Evaluation) -> None:
    [state] = of(access, "gcp:storage/bucket:Bucket")
    assert state.inputs["versioning"] == {"enabled": True}
    assert state.inputs["publicAccessPrevention"] == "enforced"
    [key] = of(access, "gcp:kms/cryptoKey:CryptoKey")
    assert {bool(each.options.get("protect")) for each in (state, key)} == {True}


def test_the_grant_of_grants_is_conditional(access: Evaluation) -> None:
    conditional = [each for each in of(access, MEMBER) if each.inputs["role"] == roles.GRANTS]
    assert [each.inputs["condition"]["expression"] for each in conditional] == [roles.only_grantable()]  # type: ignore[index]


def test_the_policy_pack_allows_what_is_declared_here_and_no_more(access: Evaluation) -> None:
    listed = allowed("release-access")
    custom = [each for each in access.registrations if each.type.startswith("gcp:")]
    assert {each.type for each in custom} == set(listed.kinds)
    granted = {(each.type, str(each.inputs["role"])) for each in custom if "role" in each.inputs}
    assert granted == {(kind, role) for kind, roles_ in listed.grants.items() for role in roles_}
    stated = {(each.type, name) for each in custom for name in each.inputs}
    assert stated == {(kind, name) for kind, names in listed.kinds.items() for name in names}
