"""A foreign system, listed as the platform lists it, becomes a first declaration: what is written plans as no change.

Its shape is another than that of the pipeline this tool was made for: Cloud Run consumers, hourly and ranged partitions,
nested columns, in Europe.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ops.__main__ import main

PROJECT = "shipments-dev"
TOPICS = f"projects/{PROJECT}/topics"
SUBSCRIPTIONS = f"projects/{PROJECT}/subscriptions"
EU = f"projects/{PROJECT}/locations/europe-west1"


def asset(kind: str, name: str, data: dict[str, Any]) -> dict[str, Any]:
    service = kind.partition("/")[0]
    return {"assetType": kind, "name": f"//{service}/{name}", "resource": {"version": "v1", "data": data}}


def table(name: str, fields: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    place = f"projects/{PROJECT}/datasets/freight/tables/{name}"
    return asset("bigquery.googleapis.com/Table", place, {"schema": {"fields": fields}, **more})


STRING, KEY = {"name": "name", "type": "STRING"}, {"name": "id", "type": "INTEGER", "mode": "REQUIRED"}
TABLES = [
    table("plain", [KEY, {**STRING, "maxLength": "40", "description": 'Who "sends" it'}], description="Ständig"),
    table("hourly", [{"name": "at", "type": "TIMESTAMP", "mode": "REQUIRED"}, STRING], timePartitioning={"type": "HOUR", "field": "at", "expirationMs": "7776000000"}, requirePartitionFilter=True, clustering={"fields": ["name"]}),
    table("monthly", [{"name": "day", "type": "DATE"}], timePartitioning={"type": "MONTH", "field": "day"}),
    table("arrived", [STRING], timePartitioning={"type": "DAY"}),
    table("ranged", [KEY], rangePartitioning={"field": "id", "range": {"start": "0", "end": "1000", "interval": "10"}}),
    table("nested", [{"name": "legs", "type": "RECORD", "mode": "REPEATED", "fields": [{"name": "from", "type": "STRING"}, {"name": "weight", "type": "NUMERIC", "precision": "10", "scale": "2"}, {"name": "ok", "type": "BOOLEAN", "mode": "REQUIRED"}]}, {"name": "made", "type": "TIMESTAMP", "defaultValueExpression": "CURRENT_TIMESTAMP()"}, {"name": "share", "type": "FLOAT"}]),
]  # fmt: skip
SYSTEM = [
    asset("bigquery.googleapis.com/Dataset", f"projects/{PROJECT}/datasets/freight", {"location": "europe-west1", "description": "Freight"}),
    *TABLES,
    table("tagged", [{**STRING, "policyTags": {"names": ["x"]}}]),
    asset("bigquery.googleapis.com/Table", f"projects/{PROJECT}/datasets/freight/tables/seen", {"view": {"query": "SELECT 1", "useLegacySql": False}}),
    asset("pubsub.googleapis.com/Topic", f"{TOPICS}/loaded", {}),
    asset("pubsub.googleapis.com/Topic", f"{TOPICS}/loaded-dead", {}),
    asset("pubsub.googleapis.com/Topic", f"{TOPICS}/shipments-publish", {}),
    asset("pubsub.googleapis.com/Subscription", f"{SUBSCRIPTIONS}/loaded-to-bill", {"topic": f"{TOPICS}/loaded", "pushConfig": {"pushEndpoint": "https://billing-ab12-ew.a.run.app/bill"}, "deadLetterPolicy": {"deadLetterTopic": f"{TOPICS}/loaded-dead"}}),
    asset("pubsub.googleapis.com/Subscription", f"{SUBSCRIPTIONS}/old-publisher", {"topic": f"{TOPICS}/shipments-publish", "pushConfig": {"pushEndpoint": "https://old-ab12-ew.a.run.app/"}}),
    asset("cloudfunctions.googleapis.com/Function", f"{EU}/functions/weigh", {"buildConfig": {"runtime": "python312", "entryPoint": "main"}, "serviceConfig": {"availableMemory": "256M", "timeoutSeconds": 60, "maxInstanceCount": 3, "environmentVariables": {"API": "x"}}}),
    asset("cloudscheduler.googleapis.com/Job", f"{EU}/jobs/weigh-hourly", {"schedule": "5 * * * *", "httpTarget": {"uri": f"https://europe-west1-{PROJECT}.cloudfunctions.net/weigh"}}),
    asset("cloudscheduler.googleapis.com/Job", f"{EU}/jobs/elsewhere", {"schedule": "0 1 * * *", "httpTarget": {"uri": "https://example.org/"}}),
    asset("monitoring.googleapis.com/AlertPolicy", f"projects/{PROJECT}/alertPolicies/1", {"displayName": "Too slow", "enabled": True}),
]  # fmt: skip


def adopt(
    root: Path, capsys: pytest.CaptureFixture[str], entries: list[dict[str, Any]], *words: str
) -> tuple[int, dict[str, Any], str]:
    listing = root.parent / "assets.json"
    listing.write_text(json.dumps(entries), encoding="utf-8")
    capsys.readouterr()
    code = main(["adopt", "--root", str(root), "--stack", "dev", "--inventory", str(listing), "--json", *words])
    told = capsys.readouterr()
    return code, json.loads(told.out), told.err


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "shipments"
    assert main(["new", "pipeline", "shipments", "--into", str(folder)]) == 0
    return folder


def test_what_is_written_is_what_exists(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, told, errors = adopt(root, capsys, SYSTEM, "--draft")
    assert code == 3, errors
    written = [
        f"schemas/bigquery/freight/{name}.sql"
        for name in ("arrived", "dataset", "hourly", "monthly", "nested", "plain", "ranged")
    ]
    assert told["written"] == written
    taken = {each["id"].rpartition("/")[2]: each for each in told["imported"]}
    drafted = {name.rpartition("/")[2].removesuffix(".sql") for name in written} - {"dataset"} | {"freight"}
    assert drafted <= taken.keys()
    assert {
        name: (taken[name]["changed"], taken[name]["replaced"])
        for name in drafted
        if taken[name]["changed"] != ["labels"]
    } == {}
    assert [each for each in told["imported"] if each["replaced"]] == []


def test_what_only_a_person_knows_is_named_with_what_is_known(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, told, _ = adopt(root, capsys, SYSTEM, "--draft")
    left = {each["what"]: each for each in told["by_hand"]}
    assert left.keys() == {
        "table freight.tagged",
        "table freight.seen",
        "topic loaded",
        "topic shipments-publish",
        "function weigh",
        "schedule elsewhere",
        "alert Too slow",
    }
    assert "policyTags" in left["table freight.tagged"]["why"]
    assert left["topic loaded"]["entry"][-1] == "  consumers: [{service: billing-ab12-ew, path: /bill}]"
    assert left["function weigh"]["entry"][3:] == [
        "  entry_point: main",
        '  trigger: {schedules: {regularly: {cron: "5 * * * *"}}}',
        "  memory: 256Mi",
        "  timeout: 60s",
        "  max_instances: 3",
    ]  # fmt: skip
    assert "It is given API" in left["function weigh"]["why"]
    disturbing = {each["id"].rpartition("/")[2]: each["touches"] for each in told["leftovers"]}
    assert disturbing["old-publisher"] == "takes every message of 'shipments-publish' once more"


def test_a_second_draft_writes_nothing_and_keeps_what_was_changed(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    adopt(root, capsys, SYSTEM, "--draft")
    file = root / "schemas/bigquery/freight/plain.sql"
    file.write_text(file.read_text().replace("STRING(40)", "STRING(50)"))
    _, told, _ = adopt(root, capsys, SYSTEM, "--draft")
    assert told["written"] == []
    assert "STRING(50)" in file.read_text()


@pytest.mark.parametrize(
    ("name", "before", "after", "rule"),
    [
        ("plain", ",\n  name", ",\n  title", "adopt-drops"),
    ],
)
def test_a_draft_that_was_changed_to_replace_or_drop_is_refused(
    root: Path, capsys: pytest.CaptureFixture[str], name: str, before: str, after: str, rule: str
) -> None:
    adopt(root, capsys, SYSTEM, "--draft")
    file = root / f"schemas/bigquery/freight/{name}.sql"
    assert before in file.read_text()
    file.write_text(file.read_text().replace(before, after))
    code, told, errors = adopt(root, capsys, SYSTEM)
    assert code == 1
    assert rule in errors
    assert any(rule in each for each in told["refused"])
