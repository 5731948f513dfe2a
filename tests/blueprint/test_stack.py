"""Data may be elsewhere than functions: datasets in `US` or `EU`, the database in `nam5`, each where the stack says."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from blueprint.check import check
from blueprint.inventory import inventory
from blueprint.loader import load_manifest
from blueprint.model import Blueprint
from blueprint.names import Names
from blueprint.schemas.firestore import load_firestore
from blueprint.stack import check_stack, read_stack
from blueprint.view import function_view
from ops.embedded import project
from policies.case import Subject
from policies.declared import declared
from policies.registry import judge_all

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = load_manifest(ROOT)
CONFIG = {
    "projectId": "nba-props-platform",
    "projectNumber": "756957797294",
    "region": "us-west2",
    "environment": "production",
    "serviceUrls": "{}",
    "notificationChannels": "{}",
}
FUNCTION = min(MANIFEST.functions)
DATASET, DATABASE, BUCKET = (
    "gcp:bigquery/dataset:Dataset",
    "gcp:firestore/database:Database",
    "gcp:storage/bucket:Bucket",
)


def messages(**given: str) -> list[str]:
    found = check_stack(read_stack("prod", CONFIG | given), MANIFEST)
    return [each.message for each in found if "ocation" in each.message or "region" in each.message]


@pytest.mark.parametrize(
    ("datasets", "database"),
    [("", ""), ("US", "nam5"), ("EU", "eur3"), ("us-west1", "us-west2"), ("europe-west4", "nam7")],
)
def test_a_place_that_there_is_passes(datasets: str, database: str) -> None:
    assert messages(datasetLocation=datasets, databaseLocation=database) == []


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("datasetLocation", "us", "'us' is no region such as europe-west1; use a region, or one of EU, US, in `datasetLocation`."),
        ("datasetLocation", "nam5", "one of EU, US"),
        ("datasetLocation", "us-west99", "looks like a region and was none"),
        ("databaseLocation", "US", "one of eur3, nam5, nam7, in `databaseLocation`."),
        ("databaseLocation", "nam4", "one of eur3, nam5, nam7"),
    ],
)  # fmt: skip
def test_a_place_that_there_is_not_is_refused_once(key: str, value: str, says: str) -> None:
    [said] = messages(**{key: value})
    assert says in said


@pytest.fixture(scope="module")
def plan() -> Blueprint:
    stack = replace(project.stack_settings(project.load(ROOT, "prod")), datasets_in="US", database_in="nam5")
    return check(ROOT, stack).sound()


def test_everything_of_the_plan_is_where_it_belongs(plan: Blueprint) -> None:
    places = {
        each.kind: each.inputs.get("location", each.inputs.get("locationId"))
        for each in inventory(plan).values()
        if each.kind in (DATASET, DATABASE, BUCKET, "gcp:cloudfunctionsv2/function:Function")
    }
    assert places == {
        DATASET: "US",
        DATABASE: "nam5",
        BUCKET: "US-WEST2",
        "gcp:cloudfunctionsv2/function:Function": "us-west2",
    }


def test_functions_ask_bigquery_where_the_datasets_are() -> None:
    firestore, _ = load_firestore(ROOT, MANIFEST)
    names = Names(MANIFEST.pipeline, "p", "1", "us-west2", "US")
    assert function_view(MANIFEST, FUNCTION, names, ROOT, firestore)["location"] == "US"
    assert (
        function_view(MANIFEST, FUNCTION, replace(names, dataset_location=""), ROOT, firestore)["location"]
        == "us-west2"
    )


@pytest.mark.parametrize(
    ("kind", "name", "place", "sound"),
    [
        (DATASET, "location", "US", True),
        (DATASET, "location", "us-west2", False),
        (DATABASE, "locationId", "nam5", True),
        (DATABASE, "locationId", "US", False),
        (BUCKET, "location", "US-WEST2", True),
        (BUCKET, "location", "US", False),
    ],
)
def test_policies_hold_each_kind_to_its_own_place(
    plan: Blueprint, kind: str, name: str, place: str, sound: bool
) -> None:
    facts = declared(plan, date(2026, 11, 28))
    subject = Subject(kind, "x", f"urn:pulumi:prod::p::{kind}::x", {name: place}, {name: place})
    refused = [each for each in judge_all([subject], facts).violations if each.rule == "declared-location"]
    assert (refused == []) is sound
