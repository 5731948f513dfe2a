"""An old system with data is taken over: nothing stateful is replaced, and what is left over is named
(incident 22)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ops.adopt import provider_defaults
from ops.adoption.compare import STATEFUL, compare
from ops.adoption.inventory import read
from ops.embedded.engine import Evaluation, evaluate
from tests.engine import harness, legacy
from tests.engine.conftest import ONE_CHECKPOINT
from tests.engine.harness import Engine
from tests.engine.twin.cloud import Cloud, Resource

pytestmark = pytest.mark.engine

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def old_cloud(prod: Engine, tmp_path_factory: pytest.TempPathFactory) -> Cloud:
    """The cloud before this project, kept as it is; copy it."""
    cloud = Cloud(tmp_path_factory.mktemp("old") / "cloud.sqlite")
    legacy.populate(cloud, [(each.kind, each.inputs) for each in prod.cloud.all()])
    return cloud


@pytest.fixture(scope="module")
def declared() -> Evaluation:
    """The plan of prod."""
    return evaluate(ROOT, "prod")


@pytest.fixture
def engine(old_cloud: Cloud, tmp_path: Path) -> Iterator[Engine]:
    home = tmp_path / "home"
    home.mkdir()
    with harness.engine(ROOT, home, "prod", cloud=old_cloud.copy(home / "cloud.sqlite")) as made:
        yield made


def adopt(engine: Engine) -> tuple[int, dict[str, Any], str]:
    """Run the command on the twin's listings; return exit code, report, and what it said on stderr."""
    paths = [engine.home / name for name in ("assets.json", "firestore.json")]
    for path, listing in zip(paths, legacy.listings(engine.cloud), strict=True):
        path.write_text(json.dumps(listing), encoding="utf-8")
    inventories = [argument for path in paths for argument in ("--inventory", str(path))]
    done = engine.ops("adopt", "--json", *inventories, "-o", str(engine.home / "import.json"))
    assert done.stdout, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, report, done.stderr


def names(entries: list[dict[str, Any]]) -> set[str]:
    return {entry["id"].rpartition("/")[2] for entry in entries}


def test_an_old_system_is_adopted_without_losing_anything(engine: Engine) -> None:
    before = {(each.kind, each.id): each for each in engine.cloud.all()}
    code, report, errors = adopt(engine)
    assert code == 3, errors
    imported = {(entry["type"], entry["id"]) for entry in report["imported"]}
    assert {key for key in before if key[0] in STATEFUL} - imported == {
        (each["type"], each["id"]) for each in report["leftovers"] if each["type"] in STATEFUL
    } | {("gcp:pubsub/topic:Topic", "projects/nba-props-platform/topics/nba-predictions-trigger")}

    done = engine.run(
        *("import", "--stack", "prod", "--file", str(engine.home / "import.json"), "--yes", "--skip-preview"),
        *("--protect=false", "--generate-code=false"),
    )
    assert done.code == 0, done.output
    engine.environment = ONE_CHECKPOINT
    result = engine.up()
    assert result.code == 0, result.output
    assert {urn: op for urn, op in result.changes.items() if op not in ("create", "update")} == {}
    created = {urn for urn, op in result.changes.items() if op == "create"}
    assert created == {entry["urn"] for entry in report["created"]}
    predicted = {entry["urn"] for entry in report["imported"] if entry["changed"]}
    assert predicted <= {urn for urn, op in result.changes.items() if op == "update"}
    assert {key for key in before if not engine.cloud.get(*key)} == set()
    assert engine.preview("--expect-no-changes").code == 0


def test_leftovers_are_named_with_what_they_disturb(engine: Engine) -> None:
    _, report, _ = adopt(engine)
    touching = {entry["id"].rpartition("/")[2]: entry["touches"] for entry in report["leftovers"] if entry["touches"]}
    again = "takes every message of '{}' once more".format
    assert touching == {
        "eventarc-us-west2-phase2-to-phase3-orchestrator-101-sub-202": again("nba-phase2-raw-complete"),
        "eventarc-us-west2-phase3-to-phase4-orchestrator-101-sub-202": again("nba-phase3-analytics-complete"),
        "eventarc-us-west2-transition-monitor-101-sub-202": again("nba-phase3-analytics-complete"),
        "transition-monitor": "is triggered by 'nba-phase3-analytics-complete' too",
        "phase3-kick": "calls 'phase2-to-phase3-orchestrator' too",
    }
    idle = [entry for entry in report["leftovers"] if not entry["touches"]]
    assert names(idle) == {"phase6-export", "grading", "nba-predictions-trigger"}


LOG = "projects/nba-props-platform/datasets/nba_orchestration/tables/phase_execution_log"


@pytest.mark.parametrize(
    ("change", "rule", "sentence"),
    [
        (lambda t: t | {"timePartitioning": {"type": "DAY", "field": "created_at"}}, "adopt-replaces", "`timePart"),
        (lambda t: t | {"schema": '[{"name": "game_date", "type": "STRING"}]'}, "adopt-replaces", "`schema`"),
        (lambda t: t | {"schema": one_more(t["schema"])}, "adopt-drops", "column 'notes'"),
    ],
)
def test_an_import_that_would_lose_data_is_refused(
    prod: Engine,
    declared: Evaluation,
    tmp_path: Path,
    change: Callable[[dict[str, Any]], dict[str, Any]],
    rule: str,
    sentence: str,
) -> None:
    table = prod.cloud.get(legacy.TABLE, LOG)
    assert table is not None
    cloud = Cloud(tmp_path / "cloud.sqlite")
    cloud.put(Resource(table.kind, table.id, change(table.inputs), table.outputs))
    listing = tmp_path / "assets.json"
    listing.write_text(json.dumps(legacy.listings(cloud)[0]), encoding="utf-8")
    defaults = provider_defaults(declared)
    customs = [each for each in declared.registrations if each.custom]
    findings = compare(customs, read([listing], defaults["project"]), defaults).findings
    assert [(finding.rule, sentence in finding.message) for finding in findings] == [(rule, True)]


def one_more(schema: str) -> str:
    return json.dumps([*json.loads(schema), {"name": "notes", "type": "STRING"}])


def test_a_refused_adoption_writes_no_import_file(engine: Engine) -> None:
    table = engine.cloud.get(legacy.TABLE, LOG)
    assert table is not None
    inputs = {**table.inputs, "timePartitioning": {"type": "DAY", "field": "created_at"}}
    engine.cloud.put(Resource(table.kind, LOG, inputs, table.outputs))
    code, report, errors = adopt(engine)
    assert code == 1
    assert len(report["refused"]) == 1
    assert "phase_execution_log" in errors
    assert not (engine.home / "import.json").exists()
