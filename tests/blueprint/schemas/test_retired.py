"""A released table is given up in two releases, as the tool's own refusal describes it; no single edit loses it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from blueprint.check import check
from blueprint.inventory import inventory
from blueprint.model import Blueprint
from blueprint.schemas.released import FOLDER
from ops.embedded import project
from policies.case import Subject
from policies.registry import judge_all
from tests.policies.harness import DECLARED

ROOT = Path(__file__).resolve().parents[3]
NAME = "nba_orchestration.circuit_breaker_state"
FILE = "schemas/bigquery/nba_orchestration/circuit_breaker_state.sql"
SNAPSHOT = f"{FOLDER}/bigquery/{NAME}.json"
LINE = f"retired: {{table/{NAME}: Nobody has read it since March.}}"


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The declaration, checked once, so that a copy finds in its cache what it did not change."""
    root = tmp_path_factory.mktemp("known")
    for part in ("pipeline.yaml", "Pulumi.yaml", "Pulumi.prod.yaml", "schemas", "functions"):
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, root / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, root / part)
    judged(root)
    return root


@pytest.fixture
def tree(known: Path, tmp_path: Path) -> Path:
    return shutil.copytree(known, tmp_path, dirs_exist_ok=True)


def retire(tree: Path) -> None:
    with (tree / "pipeline.yaml").open("a", encoding="utf-8") as file:
        file.write(f"\n{LINE}\n")


def released(tree: Path) -> None:
    """What `make release-schema` writes for the retired table after the first release."""
    path = tree / SNAPSHOT
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | {"retired": True}), encoding="utf-8")


def judged(tree: Path) -> tuple[Blueprint | None, list[str]]:
    checked = check(tree, project.stack_settings(project.load(tree, "prod")))
    return checked.blueprint, [each.message for each in checked.findings if each.severity == "violation"]


def test_the_first_release_takes_the_protection_away_and_nothing_else(tree: Path) -> None:
    before, _ = judged(tree)
    retire(tree)
    after, violations = judged(tree)
    assert violations == []
    assert before is not None
    assert after is not None
    olds, news = inventory(before), inventory(after)
    assert [name for name in olds.keys() | news.keys() if olds.get(name) != news.get(name)] == [
        "nba_orchestration-circuit_breaker_state-table"
    ]
    old, new = (each["nba_orchestration-circuit_breaker_state-table"] for each in (olds, news))
    assert (old.protect, new.protect) == (True, False)
    differing = {key for key in old.inputs.keys() | new.inputs.keys() if old.inputs.get(key) != new.inputs.get(key)}
    assert differing == {"deletionProtection", "labels"}


def test_policies_let_a_retired_table_be_unprotected_and_no_other() -> None:
    kind = "gcp:bigquery/table:Table"

    def refused(**labels: str) -> set[str]:
        props = {"deletionProtection": False, "labels": labels, "schema": "[]"}
        subject = Subject(kind, "t", f"urn:pulumi:prod::p::{kind}::t", props)
        return {each.rule for each in judge_all([subject], DECLARED).violations}

    assert {"stateful-protected", "stateful-kept"} <= refused()
    assert not {"stateful-protected", "stateful-kept"} & refused(retired="true")


def test_the_file_may_go_with_the_release_after(tree: Path) -> None:
    retire(tree)
    released(tree)
    (tree / FILE).unlink()
    _, violations = judged(tree)
    assert violations == []


def test_the_refusal_tells_the_way(tree: Path) -> None:
    (tree / FILE).unlink()
    _, violations = judged(tree)
    [said] = [each for each in violations if NAME in each and "released" in each]
    assert f"`retired: {{table/{NAME}: why}}`" in said
    assert "the release after" in said


@pytest.mark.parametrize("how", ["in one release", "without the line", "retyped meanwhile"])
def test_no_single_edit_loses_rows(tree: Path, how: str) -> None:
    if how != "without the line":
        retire(tree)
    if how == "in one release":
        (tree / FILE).unlink()
    elif how == "without the line":
        released(tree)
        (tree / FILE).unlink()
    else:
        text = (tree / FILE).read_text(encoding="utf-8")
        assert "processor_name STRING" in text
        (tree / FILE).write_text(text.replace("processor_name STRING", "processor_name BYTES"), encoding="utf-8")
    _, violations = judged(tree)
    assert any(NAME in each and ("destroy it with its rows" in each or "lose its rows" in each) for each in violations)
