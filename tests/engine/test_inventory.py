"""Listings in the shapes the platform prints become resources; faulty ones are refused with a sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from blueprint.findings import Refused
from ops.adoption.inventory import read

PROJECT = "my-project"


def asset(type_: str, name: str, data: dict[str, Any]) -> dict[str, Any]:
    service = type_.partition("/")[0]
    return {"assetType": type_, "name": f"//{service}/{name}", "resource": {"version": "v1", "data": data}}


def one(tmp_path: Path, entry: dict[str, Any]) -> Any:
    listing = tmp_path / "listing.json"
    listing.write_text(json.dumps([entry]), encoding="utf-8")
    (found,) = read([listing], PROJECT)
    return found


def test_a_table_keeps_columns_partitioning_and_clustering(tmp_path: Path) -> None:
    found = one(
        tmp_path,
        asset(
            "bigquery.googleapis.com/Table",
            "projects/my-project/datasets/logs/tables/runs",
            {
                "schema": {"fields": [{"name": "day", "type": "DATE", "mode": "REQUIRED"}]},
                "timePartitioning": {"type": "DAY", "field": "day", "expirationMs": "7776000000"},
                "clustering": {"fields": ["name"]},
            },
        ),
    )
    assert (found.type, found.id) == ("gcp:bigquery/table:Table", "projects/my-project/datasets/logs/tables/runs")
    assert json.loads(found.settings["schema"]) == [{"name": "day", "type": "DATE", "mode": "REQUIRED"}]
    assert found.settings["timePartitioning"] == {"type": "DAY", "field": "day", "expirationMs": 7776000000}
    assert found.settings["clusterings"] == ["name"]


def test_project_numbers_become_the_project(tmp_path: Path) -> None:
    name = "projects/123456/secrets/webhook"
    found = one(tmp_path, asset("secretmanager.googleapis.com/Secret", name, {"replication": {"automatic": {}}}))
    assert found.id == "projects/my-project/secrets/webhook"
    assert found.settings["replication"] == {"auto": {}}


def test_an_account_is_known_by_its_address(tmp_path: Path) -> None:
    name = "projects/my-project/serviceAccounts/117000000000000000000"
    data = {"email": "runner@my-project.iam.gserviceaccount.com", "displayName": "Runner"}
    found = one(tmp_path, asset("iam.googleapis.com/ServiceAccount", name, data))
    assert found.id == "projects/my-project/serviceAccounts/runner@my-project.iam.gserviceaccount.com"
    assert found.settings["accountId"] == "runner"


def test_a_function_tells_its_sizes_and_its_own_trigger(tmp_path: Path) -> None:
    name = "projects/my-project/locations/us-west2/functions/go"
    data = {
        "name": name,
        "serviceConfig": {"availableMemory": "256M", "timeoutSeconds": 60},
        "eventTrigger": {"pubsubTopic": "projects/my-project/topics/done"},
    }
    found = one(tmp_path, asset("cloudfunctions.googleapis.com/Function", name, data))
    assert found.settings["location"] == "us-west2"
    assert found.settings["serviceConfig"]["availableMemory"] == "256M"
    assert found.settings["eventTrigger"]["pubsubTopic"].endswith("/done")


def test_an_index_and_a_field_come_from_the_firestore_listings(tmp_path: Path) -> None:
    group = "projects/my-project/databases/(default)/collectionGroups/days"
    fields = [{"fieldPath": "open", "order": "ASCENDING"}]
    index = one(tmp_path, {"name": f"{group}/indexes/CICA", "queryScope": "COLLECTION", "fields": fields})
    assert index.settings == {
        "database": "(default)",
        "collection": "days",
        "queryScope": "COLLECTION",
        "fields": fields,
    }
    field = one(tmp_path, {"name": f"{group}/fields/expires", "ttlConfig": {"state": "ACTIVE"}})
    assert (field.type, field.settings["field"]) == ("gcp:firestore/field:Field", "expires")


def test_what_is_not_ours_to_judge_is_left_out(tmp_path: Path) -> None:
    listing = tmp_path / "listing.json"
    entries = [
        asset("compute.googleapis.com/Instance", "projects/my-project/zones/z/instances/i", {}),
        asset("iam.googleapis.com/ServiceAccount", "projects/p/serviceAccounts/1", {"email": "x@developer.example"}),
        {"name": "projects/p/databases/(default)/collectionGroups/days/fields/plain", "indexConfig": {}},
        {},
    ]
    listing.write_text(json.dumps(entries), encoding="utf-8")
    assert read([listing], PROJECT) == []


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"assets": []}'])
def test_a_file_that_is_no_listing_is_refused(tmp_path: Path, text: str) -> None:
    listing = tmp_path / "listing.json"
    listing.write_text(text, encoding="utf-8")
    with pytest.raises(Refused, match="cannot be read"):
        read([listing], PROJECT)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="cannot be read"):
        read([tmp_path / "none.json"], PROJECT)
