"""Folders that are named and not there are found in scripts, YAML and docs, and nothing else is taken for one."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.audit.references import references
from analysis.python.file_tree import FileTree
from tests.archive.test_deployment import tree

ROOT = Path(__file__).resolve().parents[2]
THERE = {"functions/one/main.py": "", "shared/config/a.py": "", "lib/clients/x.py": "", ".gitignore": "build/\nfunctions/out\n", "docs/page.md": ""}  # fmt: skip


def found(root: Path) -> list[tuple[str, str, int, str]]:
    return [tuple(each) for each in references(FileTree(), str(root))]  # type: ignore[misc]


@pytest.mark.parametrize(
    ("file", "text", "named", "now_at"),
    [
        ("deploy.sh", 'cd "$ROOT/shared/clients"', "shared/clients", "lib/clients"),
        ("bin/run.sh", "python shared/validation/check.py", "shared/validation", ""),
        (".github/workflows/a.yml", "on:\n  push:\n    paths: ['functions/two/**']", "functions/two", ""),
        ("cloudbuild.yaml", "includedFiles:\n- functions/two/**", "functions/two", ""),
        ("docs/how.md", "Look at `functions/old` first.", "functions/old", ""),
        ("docs/how.md", "See [it](../shared/old/README.md).", "shared/old", ""),
        ("docs/how.md", "```\ncd functions/old\n```", "functions/old", ""),
        ("Makefile", "all:\n\tcp -r shared/clients out", "shared/clients", "lib/clients"),
    ],
)
def test_a_folder_that_is_gone_is_told(file: str, text: str, named: str, now_at: str, tmp_path: Path) -> None:
    root = tree(tmp_path, {**THERE, file: text})
    assert [(path, where, hint) for path, where, _, hint in found(root)] == [(named, file, now_at)]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("deploy.sh", "cd functions/one && ls shared/config/a.py"),
        ("deploy.sh", "docker push example.org/shared/clients:1"),
        ("deploy.sh", "curl https://example.org/functions/two"),
        ("deploy.sh", "ls functions/$NAME functions/phase${N}_x functions/*/main.py functions/NAME"),
        ("deploy.sh", "mkdir -p functions/made\ncp x functions/made/"),
        ("deploy.sh", "ls functions/out build/x /usr/lib/functions/two"),
        ("docs/how.md", "Take shared/clients and/or functions/two."),
        ("docs/how.md", "`functions/your-function` and `functions/<name>/main.py`, or `shared/lib`"),
        ("deploy.sh", "REGION=$(gcloud config get-value functions/region)"),
        ("skaffold.yaml", "apiVersion: functions/v2beta9"),
        ("notes.txt", "functions/two"),
    ],
)
def test_what_names_no_folder_that_is_gone_is_left_alone(file: str, text: str, tmp_path: Path) -> None:
    assert found(tree(tmp_path, {**THERE, file: text})) == []


def test_our_own_files_name_no_folder_that_is_gone() -> None:
    """Pages of rules and cases of incidents name folders to show what happens without them."""
    shown = ("docs/rules/", "tests/incidents/")
    assert [each for each in found(ROOT) if not each[1].startswith(shown)] == []
