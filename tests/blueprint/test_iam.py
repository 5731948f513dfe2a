"""Grants follow from uses: what is known to be a table is granted alone, what is only read is granted for reading."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from blueprint.archive import CodeQuery, CodeTableUse, Use, Uses
from blueprint.check import check
from blueprint.findings import Location
from blueprint.iam import READ, READ_DOCUMENTS, WRITE_DOCUMENTS, WRITE_TABLE, grants
from blueprint.model import Blueprint
from blueprint.schemas.bigquery import TableReference, View
from blueprint.stack import StackSettings

ROOT = Path(__file__).resolve().parents[1] / "pipelines" / "parcels"
PROJECT = Path(__file__).resolve().parents[2]
FUNCTION = "watch-parcels"
AT = Location("functions/watch/main.py", 7)


@pytest.fixture(scope="module")
def plan() -> Blueprint:
    blueprint = check(ROOT, StackSettings("live", "a-project", "123456789012", "europe-west1", "live")).blueprint
    assert blueprint is not None
    return blueprint


@pytest.mark.parametrize(
    ("uses", "granted"),
    [
        ((CodeTableUse("parcels_ops.journal", AT),), {(READ, "table", "parcels_ops.journal")}),
        ((CodeTableUse("parcels.days", AT),), {(READ, "dataset", "parcels")}),
        ((CodeTableUse("parcels.days", AT, True),), {(WRITE_TABLE, "table", "parcels.days")}),
        (
            (CodeTableUse("parcels.days", AT, True), CodeTableUse("halls.doors", AT)),
            {(WRITE_TABLE, "table", "parcels.days"), (READ, "dataset", "halls")},
        ),
        ((CodeTableUse("{table}", AT, True),), set()),
    ],
)
def test_tables_are_granted_as_they_are_used(
    plan: Blueprint, uses: tuple[CodeTableUse, ...], granted: set[tuple[str, str, str]]
) -> None:
    archive = replace(plan.archives[FUNCTION], uses=Uses(queries=(CodeQuery("", AT, uses),)))
    found = grants(plan.manifest, plan.names, {FUNCTION: archive}, plan.schemas)
    assert {(each.role, each.scope, each.target) for each in found if "bigquery" in each.role} == granted
    assert all(AT in each.because for each in found if "bigquery" in each.role)


@pytest.mark.parametrize(("writes", "role"), [((), READ_DOCUMENTS), ((Use("firestore", AT),), WRITE_DOCUMENTS)])
def test_who_only_reads_documents_may_not_change_them(plan: Blueprint, writes: tuple[Use, ...], role: str) -> None:
    uses = Uses(apis=(Use("firestore", AT),), document_writes=writes)
    found = grants(plan.manifest, plan.names, {FUNCTION: replace(plan.archives[FUNCTION], uses=uses)}, plan.schemas)
    assert [each.role for each in found if "datastore" in each.role] == [role]


def test_a_view_is_granted_with_what_it_reads(plan: Blueprint) -> None:
    table = next(iter(plan.schemas.tables.values()))
    view = View(
        **{
            **vars(_a_view()),
            "references": (TableReference(table.dataset, table.name), TableReference("halls", "doors")),
        }
    )
    schemas = replace(plan.schemas, views={view.id: view})
    uses = Uses(queries=(CodeQuery("", AT, (CodeTableUse(view.id, AT),)),))
    found = grants(plan.manifest, plan.names, {FUNCTION: replace(plan.archives[FUNCTION], uses=uses)}, schemas)
    reading = {(each.scope, each.target) for each in found if each.role == READ}
    assert reading == {("table", view.id), ("table", table.id), ("dataset", "halls")}


def _a_view() -> View:
    views = check(PROJECT, StackSettings("prod", "a-project", "123456789012", "us-west2", "prod")).blueprint
    assert views is not None
    return next(iter(views.schemas.views.values()))
