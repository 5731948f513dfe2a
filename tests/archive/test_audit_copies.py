"""What is copied beside a function, where a deployment or an option says so."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from analysis.audit.tree import audit_tree
from tests.archive.auditing import MESSY, TARGET


def test_declared_roots_are_searched_after_the_folder(tmp_path: Path) -> None:
    shutil.copytree(MESSY.parent, tmp_path / "tree", symlinks=True)
    without = audit_tree(tmp_path / "tree" / "functions", target_python=TARGET)
    beside = audit_tree(tmp_path / "tree" / "functions", roots=[tmp_path / "tree"], target_python=TARGET)
    verdicts = [{each.name: each.verdict for each in audit.functions}["caller_swallows"] for audit in (without, beside)]
    # The folder's own package `shared` is regular, so it hides the root's.
    assert verdicts == ["degrades silently", "degrades silently"]
    shutil.rmtree(tmp_path / "tree" / "functions" / "caller_swallows" / "shared")
    again = audit_tree(tmp_path / "tree" / "functions", roots=[tmp_path / "tree"], target_python=TARGET)
    found = {each.name: each for each in again.functions}["caller_swallows"]
    assert found.missing == ("requests",)


def checkout(tmp_path: Path, deploy: str = "") -> Path:
    """Return a checkout with shared code at its top and two functions in a folder of them."""
    for path, text in {
        "common/__init__.py": "",
        "functions/one/main.py": "import common\nimport two.main\n\n\ndef handle(request):\n    return common\n",
        "functions/two/main.py": "def handle(request):\n    return 1\n",
        "deploy.sh": deploy,
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    (tmp_path / ".git").mkdir()
    return tmp_path


def test_what_lies_at_the_top_counts_only_where_a_deployment_puts_it_there(tmp_path: Path) -> None:
    tree = checkout(tmp_path)
    for pointed in (tree, tree / "functions"):
        audit = audit_tree(pointed, target_python=TARGET)
        assert [each.missing for each in audit.functions] == [("common", "two.main"), ()]
        assert audit.functions[0].verdict == "cannot start"
        assert "it is at" in audit.functions[0].findings[0].message
    shown = audit_tree(tree, roots=[tree], target_python=TARGET)
    assert [each.missing for each in shown.functions] == [("two.main",), ()]


@pytest.mark.parametrize(
    "step",
    [
        'cp -r common "$DIR"/',
        "  cp -rL $ROOT/common/ build/f && zip x",
        "rsync -a ../common out/",
        "COPY common /app/common",
    ],
)
def test_a_copy_step_that_can_be_read_is_a_deployment(step: str, tmp_path: Path) -> None:
    audit = audit_tree(checkout(tmp_path, f"#!/bin/sh\n{step}\n"), target_python=TARGET)
    assert [(each.name, each.file, each.line) for each in audit.copied] == [("common", "deploy.sh", 2)]
    assert [each.missing for each in audit.functions] == [("two.main",), ()]


@pytest.mark.parametrize("step", ["echo cp -r common x", "# cp -r common x", "cp -r other common", "cp 'common"])
def test_what_copies_nothing_is_no_deployment(step: str, tmp_path: Path) -> None:
    assert audit_tree(checkout(tmp_path, f"{step}\n"), target_python=TARGET).copied == ()
