"""Each recorded failure, recreated in a copy of the project, is refused before deployment with the right sentence.

The cases are data (cases.yaml): an edit of the tree, or of a planned resource, the rule that must refuse it, and words
of the sentence. Everything is judged as `ops plan` and `ops policy` judge it, in this process.
"""

from __future__ import annotations

import copy
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from blueprint.check import check
from blueprint.findings import Finding
from ops import policy
from ops.embedded import project
from ops.report.gather import gather
from policies.case import Subject
from policies.registry import judge_all

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("pipeline.yaml", "Pulumi.yaml", "Pulumi.prod.yaml", "schemas", "functions")
CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "cases.yaml").read_text(encoding="utf-8"))
TREES = [case for case in CASES if "resource" not in case]
RESOURCES = [case for case in CASES if "resource" in case]
TODAY = date(2026, 11, 21)


def named(cases: list[dict[str, Any]]) -> list[Any]:
    return [pytest.param(case, id=f"{case['incident']}-{case['rule']}-{case['what'][:40]}") for case in cases]


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
    assert [finding for finding in judged(root) if finding.severity == "violation"] == []
    return root


@pytest.fixture
def tree(original: Path, tmp_path: Path) -> Path:
    """A fresh copy of hard links; an edit replaces the link."""
    shutil.copytree(original, tmp_path / "tree", copy_function=os.link, ignore=shutil.ignore_patterns(".cache"))
    (tmp_path / "tree" / ".cache").symlink_to(original / ".cache")
    return tmp_path / "tree"


def judged(root: Path) -> list[Finding]:
    """Return what `ops plan` says of the tree."""
    stack = project.stack_settings(project.load(root, "prod"))
    return list(check(root, stack).findings)


def edit(root: Path, change: dict[str, Any]) -> None:
    """Apply one edit: `replace`/`with` once (or `every`), `append`, `write`, `link`, `move` to, or `delete`."""
    path = root / change["file"]
    if "replace" in change:
        text = path.read_text(encoding="utf-8")
        assert change["replace"] in text, f"{change['file']} no longer holds {change['replace']!r}"
        count = -1 if change.get("every") else 1
        _write(path, text.replace(change["replace"], change["with"], count))
    elif "append" in change:
        _write(path, path.read_text(encoding="utf-8") + change["append"])
    elif "write" in change:
        _write(path, change["write"])
    elif "link" in change:
        path.unlink(missing_ok=True)
        path.symlink_to(change["link"])
    elif "move" in change:
        (root / change["move"]).parent.mkdir(parents=True, exist_ok=True)
        path.rename(root / change["move"])
    elif change.get("delete"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    else:
        raise AssertionError(f"no edit: {change}")


def _write(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("case", named(TREES))
def test_edit_of_the_tree_is_refused(case: dict[str, Any], tree: Path) -> None:
    for change in case["edits"]:
        edit(tree, change)
    found = judged(tree)
    told = [finding for finding in found if finding.rule == case["rule"] and case["says"] in finding.message]
    assert told, "\n".join(map(str, found)) or "nothing was said"
    assert {finding.severity for finding in told} == {case.get("severity", "violation")}
    assert all(finding.message.rstrip().endswith((".", "?")) for finding in told)
    assert all(os.path.lexists(tree / finding.at.file) for finding in told), told


@pytest.fixture(scope="session")
def planned() -> tuple[Subject, ...]:
    """The resources of the prod plan as the policies see them."""
    plan = gather(ROOT, "prod")
    assert plan.violations == []
    return tuple(policy.subject(each) for each in plan.resources)


def changed(subject: Subject, change: dict[str, Any]) -> Subject:
    props = copy.deepcopy(dict(subject.props))
    *parents, last = change["path"].split(".")
    where: Any = props
    for step in parents:
        where = where[int(step)] if isinstance(where, list) else where.setdefault(step, {})
    key: Any = int(last) if isinstance(where, list) else last
    if "value" in change:
        where[key] = change["value"]
    else:
        del where[key]
    references = {} if change.get("literal") else subject.references
    return replace(subject, props=props, outputs=props, references=references)


@pytest.mark.parametrize("case", named(RESOURCES))
def test_edit_of_a_resource_is_refused(case: dict[str, Any], planned: tuple[Subject, ...]) -> None:
    provided = [each for each in planned if each.kind.startswith("gcp:")]
    hit = [each for each in provided if re.fullmatch(case["resource"], f"{each.kind.rpartition(':')[2]} {each.name}")]
    assert hit, f"no resource is called {case['resource']}"
    stack = {each.urn: each for each in planned}
    for subject in hit:
        if case.get("gone"):
            del stack[subject.urn]
        elif "protect" in case:
            stack[subject.urn] = replace(subject, protect=case["protect"])
        elif "kind" in case:
            stack[subject.urn] = replace(subject, kind=case["kind"])
        else:
            stack[subject.urn] = changed(subject, case)
    found = judge_all(stack.values(), policy.facts(ROOT, "prod", TODAY)).violations
    told = [each for each in found if each.rule == case["rule"] and case["says"] in each.message]
    assert told, "\n".join(f"{each.rule}: {each.message}" for each in found) or "nothing was refused"


def test_planned_resources_pass_every_policy(planned: tuple[Subject, ...]) -> None:
    judgement = judge_all(planned, policy.facts(ROOT, "prod", TODAY))
    assert [f"{each.rule}: {each.urn}: {each.message}" for each in judgement.violations] == []
    assert judgement.resources > 300


def test_cases_are_distinct_and_complete() -> None:
    def texts() -> Iterator[str]:
        for case in CASES:
            assert {"incident", "what", "rule", "says"} <= case.keys(), case
            yield case["what"]

    assert len(set(texts())) == len(CASES)
