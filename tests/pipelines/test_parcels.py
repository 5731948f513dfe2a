"""A second pipeline, with other names, phases and region, is planned by the same code."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from ops import golden
from ops.embedded.record import Registration
from ops.report.gather import Plan, gather

ROOT = Path(__file__).resolve().parents[2]
PARCELS = ROOT / "tests" / "pipelines" / "parcels"


def copy_parcels(folder: Path) -> Path:
    """Copy the second pipeline to `folder`, free to be changed; its functions' engine is the tool's own."""
    shutil.copytree(PARCELS, folder, ignore=shutil.ignore_patterns(".cache"))
    return folder


@pytest.fixture(scope="module")
def parcels() -> Plan:
    return gather(PARCELS, "live")


def of_kind(plan: Plan, kind: str) -> list[Registration]:
    return [each for each in plan.resources if each.custom and each.type.rpartition(":")[2] == kind]


def test_it_is_sound_as_it_lies(parcels: Plan) -> None:
    assert [str(finding) for finding in parcels.violations] == []


def test_it_is_in_its_own_project_and_region(parcels: Plan) -> None:
    assert {each.inputs.get("location") for each in parcels.resources} <= {
        None,
        "europe-southwest1",
        "EUROPE-SOUTHWEST1",
    }
    assert {each.inputs.get("project") for each in parcels.resources} <= {None, "parcels-live"}


def test_every_phase_topic_table_and_function_is_there(parcels: Plan) -> None:
    assert {each.inputs["name"] for each in of_kind(parcels, "Function")} == {
        "start-sorting",
        "start-delivery",
        "watch-parcels",
    }
    assert [each.inputs["tableId"] for each in of_kind(parcels, "Table")] == ["journal"]
    assert [each.inputs["schedule"] for each in of_kind(parcels, "Job")] == ["*/15 * * * *"]
    assert {archive.function for archive in parcels.archives} == {"start-sorting", "start-delivery", "watch-parcels"}


def test_counts_per_kind(parcels: Plan) -> None:
    """What each entity brings, counted: nothing is forgotten, and nothing is declared twice."""
    kinds = Counter(each.type.removeprefix("gcp:").split("/")[-1] for each in parcels.resources if each.custom)
    functions, pushed, edges, streams = 3, 2, 2, 5
    assert kinds["function:Function"] == functions
    assert kinds["bucketObject:BucketObject"] == functions
    assert kinds["job:Job"] == 1
    assert kinds["table:Table"] == 1
    assert kinds["dataset:Dataset"] == 1
    assert kinds["serviceIamMember:ServiceIamMember"] == functions + edges
    dead_letters = pushed + edges + streams
    assert kinds["topic:Topic"] == 7 + dead_letters
    assert kinds["subscription:Subscription"] == 2 * dead_letters
    assert kinds["database:Database"] == 1
    assert kinds["index:Index"] == 3


def test_it_equals_its_golden_inventory(parcels: Plan) -> None:
    """What a change to the tool changes for another team: `ops golden --root tests/pipelines/parcels --stack live`."""
    assert golden.files(parcels) == golden.stored(PARCELS / golden.FOLDER / "live")
