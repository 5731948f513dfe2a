"""Grants follow from uses: what is changed is granted on the table alone, what is only read on its dataset."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from blueprint.archive import CodeQuery, CodeTableUse, Uses
from blueprint.check import check
from blueprint.findings import Location
from blueprint.iam import READ_DATASET, WRITE_TABLE, grants
from blueprint.model import Blueprint
from blueprint.stack import StackSettings

ROOT = Path(__file__).resolve().parents[1] / "pipelines" / "parcels"
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
        ((CodeTableUse("parcels.days", ("a",), AT),), {(READ_DATASET, "dataset", "parcels")}),
        ((CodeTableUse("parcels.days", (), AT, True),), {(WRITE_TABLE, "table", "parcels.days")}),
        (
            (CodeTableUse("parcels.days", ("a",), AT, True), CodeTableUse("halls.doors", ("b",), AT)),
            {(WRITE_TABLE, "table", "parcels.days"), (READ_DATASET, "dataset", "halls")},
        ),
        ((CodeTableUse("{table}", (), AT, True),), set()),
    ],
)
def test_tables_are_granted_as_they_are_used(
    plan: Blueprint, uses: tuple[CodeTableUse, ...], granted: set[tuple[str, str, str]]
) -> None:
    archive = replace(plan.archives[FUNCTION], uses=Uses(queries=(CodeQuery("", AT, uses),)))
    found = grants(plan.manifest, plan.names, {FUNCTION: archive})
    assert {(each.role, each.scope, each.target) for each in found if "bigquery" in each.role} == granted
    assert all(AT in each.because for each in found if "bigquery" in each.role)
