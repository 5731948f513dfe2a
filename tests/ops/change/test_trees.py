"""Commits are unpacked, evaluated by their own code, and compared end to end."""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import pytest

from blueprint.findings import Refused
from ops import diff
from ops.change import trees
from tests.ops.change.repository import commit, git

ROOT = Path(__file__).resolve().parents[3]
PARTS = (
    "__main__.py",
    "Pulumi.yaml",
    "Pulumi.prod.yaml",
    "pipeline.yaml",
    "requirements.txt",
    "analysis",
    "blueprint",
    "components",
    "functions",
    "ops",
    "provider",
    "schemas",
)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with the project in its first commit."""
    folder = tmp_path_factory.mktemp("repository")
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / part, folder / part)
    (folder / ".gitignore").write_text(".cache/\n")
    if (ROOT / ".cache").is_dir():
        shutil.copytree(ROOT / ".cache", folder / ".cache", ignore=shutil.ignore_patterns("trees", "archives"))
    git(folder, "init", "--quiet")
    commit(folder, "Begin")
    return folder


def edit(repository: Path, file: str, old: str, new: str) -> str:
    path = repository / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return commit(repository, f"Change {file}")


def test_a_change_of_the_declaration_and_of_code(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base = git(repository, "rev-parse", "HEAD")
    edit(repository, "pipeline.yaml", "max_instances: 1", "max_instances: 2")
    head = edit(repository, "functions/self_heal/main.py", '"""', '"""Now: ')
    assert diff.run(_arguments(repository, base, head, "--format", "json")) == 3
    document = json.loads(capsys.readouterr().out)
    assert (document["base"], document["head"]) == (base[:12], head[:12])
    paths = {change["path"] for each in document["resources"] for change in each["changes"]}
    assert "serviceConfig.maxInstanceCount" in paths
    changed = {each["function"]: {file["path"] for file in each["files"]} for each in document["archives"]}
    assert "main.py" in changed["self-heal-predictions"]
    assert diff.run(_arguments(repository, head, head)) == 0
    planned = list((repository / ".cache" / "trees").glob("*.json"))
    assert len(planned) == 2
    planned[0].write_text("damaged")
    assert diff.run(_arguments(repository, base, head)) == 3
    assert diff.run(_arguments(repository, head, "WORKTREE")) == 0


def test_a_contract_newly_broken(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base = git(repository, "rev-parse", "HEAD")
    head = edit(
        repository,
        "pipeline.yaml",
        "trigger: {topic: nba-phase2-raw-complete}",
        "trigger: {topic: nba-phase2-row-complete}",
    )
    assert diff.run(_arguments(repository, base, head)) == 1
    assert "nba-phase2-row-complete" in capsys.readouterr().out
    git(repository, "reset", "--quiet", "--hard", base)


def test_the_program_of_a_commit_sees_no_credentials(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "key.json")
    monkeypatch.setenv("GITHUB_TOKEN", "token")
    base = git(repository, "rev-parse", "HEAD")
    (repository / "ops" / "plan.py").write_text("import os, sys\nsys.exit(' '.join(sorted(os.environ)))\n")
    head = commit(repository, "Look around")
    with pytest.raises(Refused) as refused:
        trees.plans(repository, (head, head), "prod")
    git(repository, "reset", "--quiet", "--hard", base)
    assert "PATH" in str(refused.value)
    assert not {"GOOGLE_APPLICATION_CREDENTIALS", "GITHUB_TOKEN"} & set(str(refused.value).split())


@pytest.mark.parametrize("revision", ["nothing", "--help", "HEAD:pipeline.yaml"])
def test_what_is_no_commit_is_refused(repository: Path, revision: str) -> None:
    with pytest.raises(Refused, match="names no commit"):
        trees.commit_of(repository, revision)


def test_where_git_finds_no_repository_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="'main' is not looked up, since git finds no repository here: not a git repo"):
        trees.commit_of(tmp_path, "main")


def test_a_commit_before_the_plan_is_refused(repository: Path) -> None:
    base = git(repository, "rev-parse", "HEAD")
    git(repository, "rm", "-r", "--quiet", "ops")
    head = commit(repository, "Before there was a plan")
    with pytest.raises(Refused, match="has no offline plan"):
        trees.plans(repository, (head, head), "prod")
    git(repository, "reset", "--quiet", "--hard", base)


def test_few_unpacked_commits_are_kept(repository: Path) -> None:
    for number in range(trees.KEPT + 2):
        (repository / "note.txt").write_text(str(number))
        trees.unpack(repository, commit(repository, "Note"))
    kept = list((repository / ".cache" / "trees").iterdir())
    assert len([each for each in kept if each.is_dir()]) == trees.KEPT
    assert {each.name.partition("-")[0] for each in kept if each.is_file()} <= {each.name for each in kept}


def _arguments(root: Path, *words: str) -> argparse.Namespace:

    parser = argparse.ArgumentParser()
    diff.add_arguments(parser)
    return parser.parse_args(["--root", str(root), *words])
