"""Each recorded failure, recreated in a copy of the project, is refused before deployment with the right sentence.

Beside each stands what looks alike and passes, so that a rule is known from both sides.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from blueprint.check import check
from ops.acceptance import KEPT, accept_all
from ops.drills.cases import PARTS, Case, edit, judged, told
from ops.embedded import project
from tests.incidents.cases import BENIGN, ENVIRONMENTS, REFUSED, ROOT, of


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what is read of the project; its cache is shared by the copies of each case."""
    root = tmp_path_factory.mktemp("original")
    for part in PARTS:
        copied = shutil.copytree if (ROOT / part).is_dir() else shutil.copy2
        copied(ROOT / part, root / part)
    for stray in root.rglob("__pycache__"):
        shutil.rmtree(stray)
    (root / ".cache").mkdir()
    assert judged(root) == []
    return root


@pytest.fixture
def tree(original: Path, tmp_path: Path) -> Path:
    """A fresh copy of hard links; an edit replaces the link."""
    shutil.copytree(original, tmp_path / "tree", copy_function=os.link, ignore=shutil.ignore_patterns(".cache"))
    (tmp_path / "tree" / ".cache").symlink_to(original / ".cache")
    return tmp_path / "tree"


@pytest.mark.parametrize("case", of("edits", REFUSED))
def test_edit_of_the_tree_is_refused(case: Case, tree: Path) -> None:
    for change in case["edits"]:
        edit(tree, change)
    found = judged(tree)
    said = [finding for finding in found if finding.rule == case["rule"] and case["says"] in finding.message]
    assert said, "\n".join(map(str, found)) or "nothing was said"
    assert {finding.severity for finding in said} == {case.get("severity", "violation")}
    assert all(finding.message.rstrip().endswith((".", "?")) for finding in said)
    assert all(os.path.lexists(tree / finding.at.file) for finding in said), said


@pytest.mark.parametrize("case", of("edits", BENIGN))
def test_edit_that_looks_alike_passes(case: Case, tree: Path) -> None:
    for change in case["edits"]:
        edit(tree, change)
    assert [str(finding) for finding in judged(tree)] == []


@pytest.fixture
def startable(tree: Path) -> Path:
    """A tree whose archives are started in the environments of this checkout."""
    (ROOT / ENVIRONMENTS).mkdir(parents=True, exist_ok=True)
    (tree / KEPT).mkdir(parents=True, exist_ok=True)
    if not (tree / ENVIRONMENTS).exists():
        (tree / ENVIRONMENTS).symlink_to(ROOT / ENVIRONMENTS)
    return tree


def judged_start(root: Path, case: Case) -> list[tuple[str, str]]:
    """Return what is said of a tree whose archive of one function is started, too: rule and message."""
    checked = check(root, project.stack_settings(project.load(root, "prod")))
    model, name = checked.sound(), case["starts"]
    accepted = accept_all(replace(model, archives={name: model.archives[name]}))
    return [(each.rule, each.message) for each in (*checked.findings, *accepted[name].findings)]


@pytest.mark.slow
@pytest.mark.parametrize("case", of("starts", REFUSED))
def test_archive_that_does_not_start_is_refused(case: Case, startable: Path) -> None:
    for change in case["edits"]:
        edit(startable, change)
    found = judged_start(startable, case)
    assert [*told(found, case)], "\n".join(f"{rule}: {message}" for rule, message in found) or "nothing was said"


@pytest.mark.slow
@pytest.mark.parametrize("case", of("starts", BENIGN))
def test_archive_that_looks_alike_starts(case: Case, startable: Path) -> None:
    for change in case["edits"]:
        edit(startable, change)
    assert judged_start(startable, case) == []


def test_cases_are_distinct_and_complete() -> None:
    for case in REFUSED:
        assert {"incident", "what", "rule", "says"} <= case.keys(), case
    for case in BENIGN:
        assert {"what", "rule"} <= case.keys(), case
    for case in (*REFUSED, *BENIGN):
        assert len({"edits", "resource", "alert"} & case.keys()) == 1, case
    texts = [case["what"] for case in (*REFUSED, *BENIGN)]
    assert len(set(texts)) == len(texts)


VIEWS = "schemas/bigquery/nba_orchestration/views"
CAUSES: dict[str, tuple[dict[str, object], str, str]] = {
    "a module of the library": ({"file": "functions/shared/decisions/publication.py", "delete": True}, "archive-missing-module", "functions/shared/decisions/protocol.py"),
    "a column that only a gate asks for": ({"file": "functions/phase4_to_phase5/gates/feature_coverage.sql", "replace": "player_lookup", "with": "player_llookup"}, "gates-ask-their-date", "functions/phase4_to_phase5/gates/feature_coverage.sql"),
    "a parameter of a gate": ({"file": "functions/phase3_to_phase4/gates/minutes_coverage.sql", "replace": "@date", "with": "@day"}, "gates-ask-their-date", "functions/phase3_to_phase4/gates/minutes_coverage.sql:4"),
    "a column inside a WITH clause": ({"file": f"{VIEWS}/processor_completions.sql", "replace": "\n    status", "with": "\n    stattus"}, "query-resolves", f"{VIEWS}/processor_completions.sql"),
    "a column's type": ({"file": "schemas/bigquery/nba_orchestration/phase_completions.sql", "replace": "status STRING", "with": "status INT64"}, "schemas-evolve", "schemas/bigquery/nba_orchestration/phase_completions.sql"),
    "the file of another team's table": ({"file": "schemas/external/nba_predictions/prediction_accuracy.sql", "delete": True}, "tables-declared", "pipeline.yaml"),
    "the file of a dataset": ({"file": "schemas/bigquery/nba_orchestration/dataset.sql", "delete": True}, "schema-file", "schemas/bigquery/nba_orchestration/"),
    "the file of a query": ({"file": "functions/self_heal/queries/runs_since.sql", "delete": True}, "archive-resource", "functions/self_heal/effect.py"),
    "a service's name": ({"file": "pipeline.yaml", "replace": "{service: nba-phase3-analytics-processors, path", "with": "{service: nba-phase3-analytics-processor, path"}, "manifest", "pipeline.yaml"),
    "a service's address": ({"file": "Pulumi.prod.yaml", "replace": "https://prediction", "with": "http://prediction"}, "stack", "Pulumi.prod.yaml"),
    "a setting's name": ({"file": "pipeline.yaml", "replace": "per_run: 5", "with": "per_runs: 5"}, "settings-read", "pipeline.yaml"),
    "a folder's name": ({"file": "pipeline.yaml", "replace": "folder: phase4_to_phase5", "with": "folder: phase4_too_phase5"}, "function-folder", "pipeline.yaml"),
    "a default": ({"file": "pipeline.yaml", "replace": "  memory: 512Mi\n", "with": ""}, "manifest", "pipeline.yaml"),
}  # fmt: skip


@pytest.mark.parametrize("cause", CAUSES)
def test_what_follows_from_one_cause_is_told_once(cause: str, tree: Path) -> None:
    change, rule, place = CAUSES[cause]
    edit(tree, change)
    found = check(tree, project.stack_settings(project.load(tree, "prod"))).violations
    assert [each.rule for each in found] == [rule], "\n".join(map(str, found))
    assert str(found[0].at).startswith(place)


def test_a_setting_that_only_looks_like_one_that_is_read_is_accused_alone(tree: Path) -> None:
    edit(tree, {"file": "pipeline.yaml", "replace": "per_run: 5", "with": "per_run: 5, per_runs: 5"})
    found = check(tree, project.stack_settings(project.load(tree, "prod"))).violations
    assert [each.message for each in found] == [
        "Setting 'per_runs' of 'auto-backfill-orchestrator' is read by no code; correct it."
    ]
