"""Each function may do what its archive does, whoever derived the grants (incident 28): judged from the plan alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprint.archive import Archive
from ops.report.gather import Plan, gather

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def plan() -> Plan:
    return gather(ROOT, "prod")


def held(plan: Plan, function: str) -> set[tuple[str, str]]:
    """Return the roles that the function's account holds, each with what it is held on."""
    account = next(each.urn for each in plan.resources if each.name == f"{function}-identity")
    found = set()
    for each in plan.resources:
        uses = each.options.get("propertyDependencies")
        if "Member" in each.type and isinstance(uses, dict) and account in uses.get("member", ()):
            target = next((each.inputs[key] for key in ("topic", "datasetId", "secretId") if key in each.inputs), "")
            found.add((str(each.inputs["role"]), target if isinstance(target, str) else ""))
    return found


def needed(archive: Archive) -> set[str]:
    """Return the roles without which what the archive reaches is refused."""
    apis = {use.name for use in archive.uses.apis}
    roles = {
        "firestore": "roles/datastore.user" if archive.uses.document_writes else "roles/datastore.viewer",
        "bigquery": "roles/bigquery.jobUser",
        "pubsub": "roles/pubsub.publisher",
    }
    return {role for api, role in roles.items() if api in apis}


def test_every_function_holds_what_its_archive_needs(plan: Plan) -> None:
    assert len(plan.archives) == 7
    for archive in plan.archives:
        roles = held(plan, archive.function)
        assert needed(archive) <= {role for role, _ in roles}, archive.function
        assert needed(archive), archive.function
        readers = {
            target for role, target in roles if role in ("roles/bigquery.dataViewer", "roles/bigquery.dataEditor")
        }
        datasets = {use.table.split(".")[0] for use in archive.uses.tables if "{" not in use.table}
        assert datasets <= readers, archive.function


def test_no_function_holds_more_than_its_own_kinds_of_roles(plan: Plan) -> None:
    for archive in plan.archives:
        roles = {role for role, _ in held(plan, archive.function)}
        assert roles <= needed(archive) | {
            "roles/bigquery.dataViewer",
            "roles/bigquery.dataEditor",
            "roles/secretmanager.secretAccessor",
        }, archive.function


def test_only_the_morning_summary_reads_documents_and_changes_none(plan: Plan) -> None:
    reading = {
        archive.function
        for archive in plan.archives
        if "roles/datastore.viewer" in {role for role, _ in held(plan, archive.function)}
    }
    assert reading == {"daily-health-summary"}
