"""A foreign system, listed as the platform lists it, becomes a first declaration: what is written plans as no change.

Its shape is another than that of the pipeline this tool was made for: Cloud Run consumers, hourly and ranged partitions,
nested columns, in Europe.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from blueprint.findings import Refused
from ops.__main__ import main
from tests.engine import legacy
from tests.engine.twin.cloud import Cloud
from tests.engine.twin.provider import NUMBER

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
DATASET, SECRET, DATABASE = (
    "gcp:bigquery/dataset:Dataset",
    "gcp:secretmanager/secret:Secret",
    "gcp:firestore/database:Database",
)
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


NUMBER_OF = "123456789012"
"""The number that a new project's stack has."""
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
    asset("pubsub.googleapis.com/Subscription", f"{SUBSCRIPTIONS}/loaded-to-bill", {"topic": f"{TOPICS}/loaded", "pushConfig": {"pushEndpoint": "https://billing-ab12cd34ef-ew.a.run.app/bill"}, "deadLetterPolicy": {"deadLetterTopic": f"{TOPICS}/loaded-dead"}}),
    asset("pubsub.googleapis.com/Subscription", f"{SUBSCRIPTIONS}/old-publisher", {"topic": f"{TOPICS}/shipments-publish", "pushConfig": {"pushEndpoint": "https://old-ab12-ew.a.run.app/"}}),
    asset("cloudfunctions.googleapis.com/Function", f"{EU}/functions/weigh", {"buildConfig": {"runtime": "python312", "entryPoint": "main"}, "serviceConfig": {"availableMemory": "256M", "timeoutSeconds": 60, "maxInstanceCount": 3, "environmentVariables": {"API": "x"}}}),
    asset("cloudscheduler.googleapis.com/Job", f"{EU}/jobs/weigh-hourly", {"schedule": "5 * * * *", "httpTarget": {"uri": f"https://europe-west1-{PROJECT}.cloudfunctions.net/weigh"}}),
    asset("cloudfunctions.googleapis.com/Function", f"{EU}/functions/load-billing", {"description": "Bills what is loaded", "buildConfig": {"runtime": "python311", "entryPoint": "bill"}, "serviceConfig": {"availableMemory": "512M", "timeoutSeconds": 300, "maxInstanceCount": 2, "environmentVariables": {"TO": f"{TOPICS}/to-bill"}}, "eventTrigger": {"eventType": "google.cloud.pubsub.topic.v1.messagePublished", "pubsubTopic": f"{TOPICS}/loaded"}}),
    asset("pubsub.googleapis.com/Topic", f"{TOPICS}/to-bill", {}),
    asset("pubsub.googleapis.com/Subscription", f"{SUBSCRIPTIONS}/to-bill-push", {"topic": f"{TOPICS}/to-bill", "pushConfig": {"pushEndpoint": "https://billing-ab12cd34ef-ew.a.run.app/start"}}),
    asset("pubsub.googleapis.com/Subscription", f"{SUBSCRIPTIONS}/loaded-rows", {"topic": f"{TOPICS}/loaded", "bigqueryConfig": {"table": f"{PROJECT}.freight.plain"}}),
    asset("secretmanager.googleapis.com/Secret", f"projects/{PROJECT}/secrets/scale-key", {"replication": {"automatic": {}}}),
    asset("cloudscheduler.googleapis.com/Job", f"{EU}/jobs/elsewhere", {"schedule": "0 1 * * *", "httpTarget": {"uri": "https://example.org/"}}),
    asset("monitoring.googleapis.com/AlertPolicy", f"projects/{PROJECT}/alertPolicies/1", {"displayName": "Too slow", "enabled": True}),
]  # fmt: skip


def policy(name: str, *members: str) -> dict[str, Any]:
    bindings = [
        {"role": "roles/pubsub.publisher", "members": [*members]},
        {"role": "roles/pubsub.viewer", "members": ["serviceAccount:reader@x.iam.gserviceaccount.com"]},
    ]
    return {
        "assetType": "pubsub.googleapis.com/Topic",
        "name": f"//pubsub.googleapis.com/{name}",
        "iamPolicy": {"bindings": bindings},
    }


def adopt(
    root: Path, capsys: pytest.CaptureFixture[str], entries: list[dict[str, Any]], *words: str, stack: str = "dev"
) -> tuple[int, dict[str, Any], str]:
    listing = root.parent / "assets.json"
    listing.write_text(json.dumps(entries), encoding="utf-8")
    capsys.readouterr()
    code = main(["adopt", "--root", str(root), "--stack", stack, "--inventory", str(listing), "--json", *words])
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


def test_what_only_a_person_knows_is_asked_with_what_is_known(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, told, _ = adopt(root, capsys, SYSTEM, "--draft")
    left = {each["what"]: each for each in told["by_hand"]}
    assert told["declared"] == []
    assert left.keys() == {
        *("table freight.tagged", "table freight.seen", "service billing", "service old-ab12-ew"),
        *("topic loaded", "topic to-bill", "phase behind loaded", "boundary of load-billing"),
        *("function load-billing", "function weigh", "variable API", "variable TO", "secret scale-key"),
        *("subscription loaded-rows", "schedule elsewhere", "alert Too slow"),
    }
    assert "policyTags" in left["table freight.tagged"]["why"]
    assert left["topic loaded"]["entry"][-2:] == ["  consumers: [{service: billing, path: /bill}]", '  shared: "?"']
    assert "Its subscriptions are loaded-rows, loaded-to-bill." in left["topic loaded"]["why"]
    assert left["service billing"]["why"] == "It can be declared once loaded or to-bill is."
    assert "`TO` is to-bill" in left["boundary of load-billing"]["why"]
    assert left["subscription loaded-rows"]["entry"][1:3] == ["  topics: [loaded]", "  table: freight.plain"]
    assert left["function weigh"]["entry"][3:] == [
        "  entry_point: main",
        '  trigger: {schedules: {weigh-hourly: {cron: "5 * * * *"}}}',
        "  memory: 256Mi",
        "  timeout: 60s",
        "  max_instances: 3",
    ]  # fmt: skip
    text = (root / "pipeline.yaml").read_text(encoding="utf-8")
    asked = [each for each in told["by_hand"] if each["section"] is not None]
    assert [each["what"] for each in asked if text.count(f"  # ? {each['what']}: {each['why']}\n") != 1] == []
    assert [each["what"] for each in told["by_hand"] if each["section"] is None] == ["table freight.seen", "table freight.tagged"]  # fmt: skip
    disturbing = {each["id"].rpartition("/")[2]: each["touches"] for each in told["leftovers"]}
    assert disturbing["old-publisher"] == "takes every message of 'shipments-publish' once more"


ANSWERS = {
    "topic loaded": ["completion", "shipments-collector", "Billing counts what was loaded itself"],
    "topic to-bill": ["trigger", ""],
    "phase behind loaded": ["loading", "loading", "Loading", "shipments-collector", "loading_dates", "scales"],
    "boundary of load-billing": ["loading_to_billing", "loading", "watch-deadlines", "quarter_hourly", "2h", "to-bill", "date", "date", "scales", "all_in"],
    "function load-billing": ["load_billing"],
}  # fmt: skip


def answered(text: str, what: str, answers: list[str]) -> str:
    """Take the comment sign off an entry and put answers where it asks, as a person does."""
    lines = text.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith(f"  # ? {what}:")) + 1
    last = next(number for number in range(first, len(lines)) if not lines[number].startswith("  # ") or "# ?" in lines[number])  # fmt: skip
    entry = "\n".join(line.replace("# ", "", 1) for line in lines[first:last])
    for answer in answers:
        entry = entry.replace('"?"', answer, 1)
    assert '"?"' not in entry
    return "\n".join([*lines[:first], entry, *lines[last:]]) + "\n"


def test_answered_it_is_a_declaration_that_takes_over_what_exists(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    adopt(root, capsys, SYSTEM, "--draft")
    text = (root / "pipeline.yaml").read_text(encoding="utf-8")
    for what, answers in ANSWERS.items():
        text = answered(text, what, answers)
    text = text.replace("date: {from: date}}", "date: {from: date}, correlation_id: {from: correlation_id}}")
    (root / "pipeline.yaml").write_text(text, encoding="utf-8")
    (root / "functions/load_billing").mkdir()
    source = (root / "functions/collect_to_publish/main.py").read_text().replace("def start_publish", "def bill")
    (root / "functions/load_billing/main.py").write_text(source)
    code, told, errors = adopt(root, capsys, SYSTEM, "--draft")
    assert code == 3, errors
    assert told["written"] == []
    assert told["declared"] == ["service billing"]
    assert "\n    billing: https://billing-ab12cd34ef-ew.a.run.app\n" in (root / "Pulumi.dev.yaml").read_text()
    assert "\n  billing: {title: Billing}\n" in (root / "pipeline.yaml").read_text()
    taken = {each["id"].rpartition("/")[2]: each for each in told["imported"]}
    assert {"loaded", "to-bill", "load-billing"} <= taken.keys()
    assert [each for each in told["imported"] if each["replaced"] or each["cannot_change"]] == []
    assert "eventTrigger" in " ".join(taken["load-billing"]["changed"]), "the difference is named"
    assert "loaded-to-bill" in {each["id"].rpartition("/")[2] for each in told["leftovers"]}
    assert {"topic loaded", "function load-billing"}.isdisjoint(each["what"] for each in told["by_hand"])


@pytest.fixture
def known() -> list[dict[str, Any]]:
    """The system with policies of topics, a service's account, a pinned secret, and rows that have their messages' names."""
    named = {each["name"].rpartition("/")[2]: each for each in json.loads(json.dumps(SYSTEM))}
    weigher = {**named.pop("weigh"), "name": f"//cloudfunctions.googleapis.com/{EU}/functions/weigh-parcels"}
    weigh = weigher["resource"]["data"]["serviceConfig"] = {
        **weigher["resource"]["data"]["serviceConfig"],
        "availableMemory": "512M",
        "environmentVariables": {"GCP_PROJECT_ID": PROJECT, "NUMBER": NUMBER_OF, "PLACE": "europe-west1"},
        "serviceAccountEmail": f"weigher@{PROJECT}.iam.gserviceaccount.com",
    }
    named["weigh-hourly"]["resource"]["data"]["httpTarget"]["uri"] += "-parcels"
    weigh["secretEnvironmentVariables"] = [
        {"key": "SCALE", "projectId": PROJECT, "secret": "scale-key", "version": "3"}
    ]
    named["loaded-rows"]["resource"]["data"]["bigqueryConfig"]["useTableSchema"] = True
    return [
        *named.values(),
        weigher,
        asset("run.googleapis.com/Service", f"{EU}/services/loader", {"spec": {"template": {"spec": {"serviceAccountName": f"loader@{PROJECT}.iam.gserviceaccount.com"}}}}),
        policy(f"{TOPICS}/loaded", f"serviceAccount:loader@{PROJECT}.iam.gserviceaccount.com"),
        policy(f"{TOPICS}/shipments-errors", f"serviceAccount:weigher@{PROJECT}.iam.gserviceaccount.com", "user:a@example.org"),
        asset("pubsub.googleapis.com/Topic", f"{TOPICS}/shipments-errors", {}),
    ]  # fmt: skip


def with_source(root: Path) -> None:
    """Put the source of the weigher under functions/, in a folder of another name."""
    source = (root / "functions/watch/main.py").read_text().replace("def watch", "def main")
    source = source.replace("from __future__ import annotations\n", "from __future__ import annotations\n\nimport os\n")
    source += '\n\nNUMBER, SCALE = os.environ["NUMBER"], os.environ["SCALE"]\n'
    (root / "functions/weighing").mkdir()
    (root / "functions/weighing/main.py").write_text(source)


def test_what_waits_for_something_says_for_what(
    root: Path, capsys: pytest.CaptureFixture[str], known: list[dict[str, Any]]
) -> None:
    _, told, _ = adopt(root, capsys, known, "--draft")
    left = {each["what"]: each for each in told["by_hand"]}
    assert "Where is its source?" in left["function weigh-parcels"]["why"]
    assert "once weigh-parcels is" in left["secret scale-key"]["why"]
    assert "once a function is that reads it" in left["variable PLACE"]["why"]
    assert left["topic loaded"]["entry"][2] == "  publishers: [loader]"
    assert "Who publishes" not in left["topic loaded"]["why"]
    assert (
        left["subscription loaded-rows"]["why"] == "It writes rows of freight.plain. It can be declared once loaded is."
    )


def test_a_function_with_its_source_is_declared_with_all_that_it_is_given(
    root: Path, capsys: pytest.CaptureFixture[str], known: list[dict[str, Any]]
) -> None:
    adopt(root, capsys, known, "--draft")
    with_source(root)
    code, told, errors = adopt(root, capsys, known, "--draft")
    assert code == 3, errors
    assert told["declared"] == ["function weigh-parcels", "variable NUMBER", "secret scale-key"]
    assert "Nothing in their code names it." in next(
        each["why"] for each in told["by_hand"] if each["what"] == "variable PLACE"
    )
    text = (root / "pipeline.yaml").read_text()
    assert (
        """
  weigh-parcels:
    title: "Weigh parcels"
    folder: weighing
    entry_point: main
    trigger: {schedules: {weigh-hourly: {cron: "5 * * * *"}}}
    publishes: [shipments-errors]
    secrets: [SCALE]
    memory: 512Mi
    timeout: 60s
    max_instances: 3
"""
        in text
    )
    assert '\n  SCALE: {secret: scale-key, version: "3"}\n' in text
    assert "# ? function weigh-parcels" not in text, "what is declared is no question any more"
    assert "# ? secret scale-key" not in text
    taken = {each["id"].rpartition("/")[2]: each for each in told["imported"]}
    assert {"weigh-parcels", "scale-key"} <= taken.keys()
    assert [each for each in told["imported"] if each["replaced"] or each["cannot_change"]] == []


def test_a_stream_is_declared_once_its_topic_is(
    root: Path, capsys: pytest.CaptureFixture[str], known: list[dict[str, Any]]
) -> None:
    adopt(root, capsys, known, "--draft")
    text = (root / "pipeline.yaml").read_text()
    text = answered(text, "topic loaded", ["completion", "Billing counts what was loaded itself"])
    text = text.replace("publishers: [loader]", "publishers: [shipments-collector]")
    (root / "pipeline.yaml").write_text(text)
    with pytest.raises(Refused) as refused:
        adopt(root, capsys, known, "--draft")
    assert "  subscription loaded-rows\n" in capsys.readouterr().err, (
        "what was declared is told beside what is wrong with it"
    )
    assert {each.rule for each in refused.value.findings if each.severity == "violation"} == {"streams-map"}
    assert (
        "\n  plain:\n    topics: [loaded]\n    table: freight.plain\n    columns: same\n"
        in (root / "pipeline.yaml").read_text()
    )


def test_the_old_system_of_prod_is_drafted_too(root: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The twin's old system, of which this project's own declaration was made by hand."""
    kinds = {each.rpartition(":")[2]: each for each in (legacy.TABLE, legacy.TOPIC, DATASET, SECRET, DATABASE)}
    declared = []
    for file in sorted((GOLDEN / "prod").glob("*.json")):
        for name, resource in json.loads(file.read_text())["resources"].items():
            kind = kinds.get(name.partition(" ")[0])
            if kind and "project" in resource.get("inputs", {}):
                declared.append((kind, resource["inputs"]))
    cloud = Cloud(tmp_path / "cloud.sqlite")
    legacy.populate(cloud, declared)
    stack = ("--project", legacy.PROJECT, "--number", NUMBER, "--region", legacy.REGION)
    assert main(["new", "stack", "old", *stack, "--root", str(root)]) == 0
    assets, fire = legacy.listings(cloud)
    code, told, errors = adopt(root, capsys, [*assets, *fire], "--draft", stack="old")
    assert code == 3, errors
    existing = {each.id for each in cloud.all(legacy.TABLE)}
    assert len(existing) > 5
    assert existing <= {each["id"] for each in told["imported"]}
    assert [each for each in told["imported"] if each["replaced"] or each["cannot_change"]] == []
    what = {each["what"] for each in told["by_hand"]}
    topics = {each.inputs["name"] for each in cloud.all(legacy.TOPIC)}
    assert {f"topic {name}" for name in topics} <= what
    assert {"phase behind nba-phase2-raw-complete", "boundary of phase2-to-phase3-orchestrator"} <= what
    assert {"function transition-monitor", "function phase6-export", "schedule grading"} <= what
    (job,) = (each for each in told["by_hand"] if each["what"] == "function phase2-to-phase3-orchestrator")
    assert job["entry"][4] == "  trigger: {topic: nba-phase2-raw-complete}"


def test_a_second_draft_writes_nothing_and_keeps_what_was_changed(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    adopt(root, capsys, SYSTEM, "--draft")
    file = root / "schemas/bigquery/freight/plain.sql"
    file.write_text(file.read_text().replace("STRING(40)", "STRING(50)"))
    asked = (root / "pipeline.yaml").read_text()
    _, told, _ = adopt(root, capsys, SYSTEM, "--draft")
    assert told["written"] == []
    assert (root / "pipeline.yaml").read_text() == asked, "a question is asked once"
    assert "STRING(50)" in file.read_text()


@pytest.mark.parametrize(
    ("name", "before", "after", "rule"),
    [
        ("plain", ",\n  name", ",\n  title", "adopt-drops"),
        ("monthly", "DATE_TRUNC(day, MONTH)", "day", "adopt-refused"),
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
