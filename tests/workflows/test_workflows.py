"""The workflows hold the rules, and each rule refuses its fault (incidents 19 and 20)."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.workflows import rules

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS = sorted(FOLDER.glob("*.yml"))
Edit = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def targets() -> frozenset[str]:
    return frozenset(re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8")))


def found(path: Path, targets: frozenset[str], edit: Edit = lambda _: None) -> list[str]:
    workflow = copy.deepcopy(dict(rules.load(path)))
    edit(workflow)
    return list(rules.problems(workflow, targets))


def test_all_are_there() -> None:
    assert {path.stem for path in WORKFLOWS} == {"check", "comment", "drift", "pull-request", "release"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_the_rules_hold(path: Path, targets: frozenset[str]) -> None:
    assert found(path, targets) == []


def set_in(*places: Any) -> Edit:
    *path, last, value = places

    def edit(workflow: dict[str, Any]) -> None:
        inner: Any = workflow
        for each in path:
            inner = inner[each]
        inner[last] = value

    return edit


STEPS = ("jobs", "difference", "steps")
PREVIEW = ("jobs", "preview")


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (set_in("permissions", {"contents": "write"}), "own permissions are not empty"),
        (set_in(*PREVIEW, "permissions", "write-all"), "does not list its permissions"),
        (set_in(*PREVIEW, "permissions", "issues", "write"), "may write to the repository"),
        (set_in(*STEPS, 0, "uses", "actions/checkout@v7"), "not pinned by a full commit"),
        (set_in(*STEPS, 0, "with", {}), "leaves its token"),
        (set_in(*STEPS, 2, "run", "make nothing"), "which the Makefile does not have"),
        (set_in(*STEPS, 2, "run", "make difference; curl evil"), "no command of the Makefile"),
        (set_in(*STEPS, 2, "run", "echo ${{ github.event.pull_request.title }}"), "an expression into code"),
        (set_in(*STEPS, 2, "env", {"T": "${{ github.head_ref }}"}), "'github.head_ref' is not one of those"),
        (set_in(*STEPS, 2, "env", {"T": "${{ secrets.KEY }}"}), "'secrets.KEY' is not one of those"),
        (set_in("on", {"pull_request_target": None}), "pull_request_target"),
        (set_in(*PREVIEW, "if", "always()"), "an identity to pull requests of forks"),
        (set_in("jobs", "difference", "permissions", "contents", "write"), "lets a pull request write"),
        (set_in(*PREVIEW, "env", {"PULUMI_OPTION": "--ignore-protect"}), "--ignore-protect"),
        (lambda workflow: workflow["jobs"]["preview"].pop("environment"), "without an environment"),
        (lambda workflow: workflow["jobs"]["difference"].pop("timeout-minutes"), "no time limit"),
        (lambda workflow: workflow.pop("concurrency"), "keeps two runs"),
    ],
)
def test_each_rule_refuses_its_fault(edit: Edit, sentence: str, targets: frozenset[str]) -> None:
    assert any(sentence in each for each in found(FOLDER / "pull-request.yml", targets, edit))


def test_the_trusted_workflow_runs_nothing_of_a_pull_request(targets: frozenset[str]) -> None:
    ref = "${{ github.event.workflow_run.head_sha }}"
    edit = set_in("jobs", "comment", "steps", 0, "with", "ref", ref)
    assert any("default branch" in each for each in found(FOLDER / "comment.yml", targets, edit))


def test_one_action_has_one_version() -> None:
    used = {
        line.partition("uses:")[2].strip()
        for path in WORKFLOWS
        for line in path.read_text(encoding="utf-8").splitlines()
        if "uses:" in line and "./" not in line
    }
    assert len(used) == len({each.partition("@")[0] for each in used})
    assert all(re.fullmatch(r"\S+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each) for each in used)


def test_a_release_applies_what_was_planned() -> None:
    jobs = rules.load(FOLDER / "release.yml")["jobs"]
    assert jobs["apply"]["needs"] == "plan"
    assert jobs["apply"]["environment"] == "production"
    commands = [step["run"] for step in jobs["apply"]["steps"] if "run" in step]
    assert commands == ["make setup", "make release-apply"]
    assert rules.load(FOLDER / "release.yml")["concurrency"]["cancel-in-progress"] is False


@pytest.mark.parametrize(("name", "job"), [("pull-request", "difference"), ("release", "plan")])
def test_the_page_is_attached(name: str, job: str) -> None:
    steps = rules.load(FOLDER / f"{name}.yml")["jobs"][job]["steps"]
    made = next(number for number, step in enumerate(steps) if step.get("run") == "make report")
    kept = [number for number, step in enumerate(steps) if step.get("with", {}).get("path") == "build/report.html"]
    assert kept == [made + 1]
    assert steps[made]["if"] == steps[made + 1]["if"], "who is shown nothing is not told that a file is missing"


def test_a_release_has_its_page_as_a_file() -> None:
    steps = rules.load(FOLDER / "release.yml")["jobs"]["notes"]["steps"]
    [taken] = [step["with"]["path"] for step in steps if step.get("with", {}).get("name") == "report"]
    assert f"'{taken}/report.html'" in steps[-1]["with"]["script"]
    assert "uploadReleaseAsset" in steps[-1]["with"]["script"]


def test_no_script_gives_up_protection() -> None:
    scripts = [ROOT / "Makefile", ROOT / ".ci" / "run", *(ROOT / "ops").rglob("*.py")]
    assert [path for path in scripts if "--ignore-protect" in path.read_text(encoding="utf-8")] == []
