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
from blueprint.model import Blueprint
from ops import policy
from ops.acceptance import KEPT, accept_all
from ops.drills.cases import (
    INVENTORY,
    PARTS,
    Case,
    edit,
    judged,
    judged_alerts,
    judged_program,
    judged_stack,
    told,
)
from ops.embedded import project
from ops.embedded.record import Registration
from ops.report.gather import gather
from policies.case import Subject
from policies.registry import judge_all
from tests.incidents.cases import BENIGN, ENVIRONMENTS, REFUSED, ROOT, TODAY, facts, of


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


@pytest.fixture(scope="session")
def registered() -> tuple[Registration, ...]:
    """The resources that the program registers for the stack prod."""
    plan = gather(ROOT, "prod")
    assert plan.violations == []
    return plan.resources


@pytest.fixture(scope="session")
def planned(registered: tuple[Registration, ...]) -> tuple[Subject, ...]:
    """The resources of the prod plan as the policies see them."""
    return tuple(policy.subject(each) for each in registered)


@pytest.fixture(scope="session")
def model() -> Blueprint:
    """The model of the stack prod."""
    return check(ROOT, project.stack_settings(project.load(ROOT, "prod"))).sound()


@pytest.mark.parametrize("case", of("resource", REFUSED))
def test_edit_of_a_resource_is_refused(
    case: Case, planned: tuple[Subject, ...], registered: tuple[Registration, ...], model: Blueprint
) -> None:
    implied = case["rule"] == INVENTORY
    found = judged_program(model, registered, case) if implied else judged_stack(planned, case, facts())
    assert [*told(found, case)], "\n".join(f"{rule}: {message}" for rule, message in found) or "nothing was refused"


@pytest.mark.parametrize("case", of("resource", BENIGN))
def test_edit_of_a_resource_that_looks_alike_passes(
    case: Case, planned: tuple[Subject, ...], registered: tuple[Registration, ...], model: Blueprint
) -> None:
    implied = case["rule"] == INVENTORY
    assert (judged_program(model, registered, case) if implied else judged_stack(planned, case, facts())) == []


@pytest.mark.parametrize("case", of("alert", REFUSED))
def test_alert_is_refused(case: Case, model: Blueprint) -> None:
    found = judged_alerts(model, case)
    assert [*told(found, case)], "\n".join(f"{rule}: {message}" for rule, message in found) or "nothing was refused"


@pytest.mark.parametrize("case", of("alert", BENIGN))
def test_alert_that_looks_alike_passes(case: Case, model: Blueprint) -> None:
    assert judged_alerts(model, case) == []


def test_planned_resources_pass_every_policy(planned: tuple[Subject, ...]) -> None:
    judgement = judge_all(planned, policy.facts(gather(ROOT, "prod"), TODAY))
    assert [f"{each.rule}: {each.urn}: {each.message}" for each in judgement.violations] == []
    assert judgement.resources > 300


def test_cases_are_distinct_and_complete() -> None:
    for case in REFUSED:
        assert {"incident", "what", "rule", "says"} <= case.keys(), case
    for case in BENIGN:
        assert {"what", "rule"} <= case.keys(), case
    for case in (*REFUSED, *BENIGN):
        assert len({"edits", "resource", "alert"} & case.keys()) == 1, case
    texts = [case["what"] for case in (*REFUSED, *BENIGN)]
    assert len(set(texts)) == len(texts)
