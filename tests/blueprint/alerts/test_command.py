"""`python -m ops alerts`: the catalogue as text, JSON, rule file and log filters; runbooks; the dashboard."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import yaml

from analysis.promql import satisfiability
from analysis.promql.expression import render
from blueprint.alerts import Alert, LogMatch, PromQL, catalogue
from blueprint.alerts import dashboard as board
from blueprint.loader import load_manifest
from blueprint.manifest import Manifest
from blueprint.names import Names
from ops.alerts import PICTURE, pages

ROOT = Path(__file__).parents[3]
PARCELS = ROOT / "tests/pipelines/parcels"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ops", "alerts", *arguments], capture_output=True, text=True, check=False, cwd=ROOT
    )


def test_lists_every_alert_with_what_it_covers() -> None:
    result = run()
    assert result.returncode == 0, result.stderr
    assert "phase3-to-phase4-orchestrator--crash" in result.stdout
    assert "→ slack" in result.stdout
    assert re.search(r"^\d+ alerts: \d+ ", result.stdout, re.MULTILINE)


def test_json_has_every_field_of_every_alert(alerts: tuple[Alert, ...]) -> None:
    result = run("--json")
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    assert [alert["name"] for alert in found] == [alert.name for alert in alerts]
    assert all(alert["channels"] and alert["incidents"] and alert["documentation"]["command"] for alert in found)
    assert all(re.match(r"python -m ops |gcloud ", alert["documentation"]["command"]) for alert in found)
    assert {alert["condition"]["type"] for alert in found} == {"promql", "log"}


def test_rule_file_passes_promtool(alerts: tuple[Alert, ...], promtool: str, tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    assert run("--prometheus", str(file)).returncode == 0
    checked = subprocess.run([promtool, "check", "rules", str(file)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    (group,) = yaml.safe_load(file.read_text())["groups"]
    metric = [alert for alert in alerts if isinstance(alert.condition, PromQL)]
    assert [rule["alert"] for rule in group["rules"]] == [alert.name for alert in metric]
    assert all(set(rule["labels"]) == {"severity", "covers"} for rule in group["rules"])


def test_log_filters_are_json_lines(alerts: tuple[Alert, ...], tmp_path: Path) -> None:
    file = tmp_path / "filters.jsonl"
    assert run("--logs", str(file)).returncode == 0
    found = [json.loads(line) for line in file.read_text().splitlines()]
    assert {item["name"] for item in found} == {a.name for a in alerts if isinstance(a.condition, LogMatch)}
    assert all(item["filter"].startswith("resource.type=") for item in found)


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("--prometheus", "/does/not/exist/rules.yaml"), 2, "cannot be written"),
        (("--stack", "nowhere"), 1, "There is no stack 'nowhere'"),
        (("--what",), 2, "'--what' is not understood"),
    ],
)
def test_mistakes_are_sentences(arguments: tuple[str, ...], code: int, sentence: str) -> None:
    result = run(*arguments)
    assert result.returncode == code
    assert sentence in result.stdout + result.stderr
    assert "Traceback" not in result.stderr


def test_another_pipeline_has_its_own_alerts() -> None:
    manifest = load_manifest(PARCELS)
    found = catalogue(manifest, Names(manifest.pipeline, "a-project", "1", "europe-west1"))
    assert {alert.covers.kind for alert in found} >= {"function", "subscription", "topic", "stream", "boundary"}
    assert "nba" not in str(found)


def test_generated_pages_are_up_to_date() -> None:
    for path, text in pages(ROOT).items():
        assert (ROOT / path).is_file(), f"{path} is missing; run: make docs"
        assert (ROOT / path).read_text() == text, f"{path} is not up to date; run: make docs"
    written = {f"docs/runbooks/{path.name}" for path in (ROOT / "docs/runbooks").iterdir()}
    assert written == set(pages(ROOT)) - {PICTURE}, "a runbook is left over; remove it"


def test_every_alert_links_a_heading_of_its_runbook(alerts: tuple[Alert, ...]) -> None:
    made = pages(ROOT)
    for alert in alerts:
        page, _, anchor = alert.runbook.partition("#")
        assert f'<a id="{anchor}"></a>' in made[page]
        assert f"`{alert.runbook}`" in alert.content()
        assert f"(https://git.example/blob/main/{alert.runbook})" in alert.content("https://git.example/blob/main/")


def test_a_runbook_begins_with_its_command_and_folds_what_proves_it() -> None:
    for path, text in pages(ROOT).items():
        if path.startswith("docs/runbooks/") and not path.endswith("README.md"):
            lines = text.splitlines()
            assert re.match(r"    (gcloud|python -m ops) ", lines[4]), path
            means, alerts, folded = (text.index(part) for part in ("## What the answers", "## Alerts", "<details>"))
            assert means < alerts < folded < text.index("## Condition") < text.index("## Proof")


def test_a_dated_alert_is_diagnosed_for_the_date_of_its_incident(manifest: Manifest, alerts: tuple[Alert, ...]) -> None:
    """Cloud Monitoring fills in what the label extractor of the condition found."""
    dated = [alert for alert in alerts if alert.kind in ("overdue", "blocked", "without-effect", "gate-warning")]
    assert dated
    for alert in dated:
        command = f"python -m ops validate ${{log.extracted_label.{manifest.date_field}}}"
        assert alert.documentation.command == f"{command} --boundary {alert.covers.name}"
        assert isinstance(alert.condition, LogMatch)
        assert manifest.date_field in alert.condition.label_extractors


@pytest.fixture(scope="module")
def tiles(manifest: Manifest) -> list[dict[str, object]]:
    made = board.dashboard(manifest, Names(manifest.pipeline, "a-project", "1", "us-west2"))
    found: list[dict[str, object]] = made["mosaicLayout"]["tiles"]
    return found


def test_dashboard_has_a_row_per_boundary(manifest: Manifest, tiles: list[dict[str, object]]) -> None:
    titles = [str(tile["widget"]["title"]) for tile in tiles]  # type: ignore[index]
    row = ["Published", "Acknowledged", "Backlog age", "Errors", "Latency p99", "Dead letters", "Dates, x of n"]
    assert all(titles.count(title) == len(manifest.boundaries) for title in row)


def test_dashboard_tiles_neither_overlap_nor_leave_the_grid(tiles: list[dict[str, object]]) -> None:
    taken: set[tuple[int, int]] = set()
    for tile in tiles:
        x, y = int(tile.get("xPos", 0)), int(tile.get("yPos", 0))  # type: ignore[call-overload]
        cells = {(x + i, y + j) for i in range(int(tile["width"])) for j in range(int(tile["height"]))}  # type: ignore[call-overload]
        assert not cells & taken
        assert x + int(tile["width"]) <= board.COLUMNS  # type: ignore[call-overload]
        taken |= cells


def test_dashboard_asks_only_for_metrics_that_exist(manifest: Manifest) -> None:
    names = Names(manifest.pipeline, "a-project", "1", "us-west2")
    found = list(board.queries(manifest, names))
    assert len(found) > 20
    written = json.dumps(board.dashboard(manifest, names))
    for query in found:
        assert satisfiability.problems(query, 0) == []
        assert json.dumps(render(query).replace("[1m]", "[${__interval}]"))[1:-1] in written


def test_picture_is_well_formed_and_shows_every_tile(tiles: list[dict[str, object]]) -> None:
    image = ET.fromstring(pages(ROOT)[PICTURE])
    cards = [item for item in image.iter() if item.get("class") == "card"]
    headings = sum("sectionHeader" in tile["widget"] for tile in tiles)  # type: ignore[operator]
    assert len(cards) == len(tiles) - headings
