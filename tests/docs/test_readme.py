"""README's first screen: what it shows is executed, and what it prints is what is printed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from blueprint.loader import load_manifest
from ops import picture
from ops.page import drawing

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SOURCES = ("functions", "schemas", "pipeline.yaml", "Pulumi.yaml", "Pulumi.prod.yaml", "__main__.py")


def blocks() -> Iterator[list[tuple[str, list[str]]]]:
    """Yield each console block as its commands, each with the lines below it."""
    for block in re.findall(r"(?ms)^```console\n(.*?)^```", README):
        told: list[tuple[str, list[str]]] = []
        for line in block.splitlines():
            if line.startswith("$ "):
                told.append((line[2:], []))
            else:
                told[-1][1].append(line)
        yield told


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in SOURCES:
        source, ignore = ROOT / name, shutil.ignore_patterns("__pycache__")
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=ignore)
        else:
            shutil.copy(source, tmp_path)
    return tmp_path


def plan(project: Path, *options: str) -> list[str]:
    """Return what the plan prints; archives are not started, which prints nothing where they are sound."""
    done = subprocess.run(
        [sys.executable, "-m", "ops", "plan", "--no-acceptance", *options],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_the_edit_is_refused_in_these_words(project: Path) -> None:
    [[before, after]] = re.findall(r"(?ms)^```diff\n-(.*?)\n\+(.*?)\n```", README)
    declaration = project / "pipeline.yaml"
    text = declaration.read_text(encoding="utf-8")
    assert text.count(f"{before}\n") == 1
    declaration.write_text(text.replace(f"{before}\n", f"{after}\n"), encoding="utf-8")
    [shown] = re.findall(r"(?ms)^```text\n(.*?)\n```", README)
    printed = plan(project)
    assert printed[printed.index("Violations") :] == shown.splitlines()


def test_the_sound_plan_prints_what_is_shown(project: Path) -> None:
    shown = next(lines for block in blocks() for command, lines in block if command == "make preview" and "…" in lines)
    assert plan(project)[-1] == shown[-1]


def test_the_part_of_the_plan_is_what_is_shown(project: Path) -> None:
    command, shown = next(each for block in blocks() for each in block if " plan --only " in each[0])
    assert plan(project, *command.split()[2:]) == shown


def test_every_function_is_told_by_its_own_title() -> None:
    manifest = load_manifest(ROOT)
    rows = re.findall(r"^\| `([a-z0-9-]+)` \| (.+) \|$", README, re.MULTILINE)
    assert dict(rows) == {each.name: each.title for each in manifest.functions.values()}


class TestPicture:
    def test_it_shows_every_function_and_trigger(self) -> None:
        manifest = load_manifest(ROOT)
        drawn = drawing.alone(drawing.picture(manifest))
        shown = {*manifest.functions, *(each.trigger.topic for each in manifest.boundaries.values())}
        assert all(f">{name}</text>" in drawn for name in shown)

    def test_it_is_the_one_in_the_folder(self) -> None:
        [(path, text)] = picture.pages(ROOT).items()
        assert (ROOT / path).read_text(encoding="utf-8") == text
        assert f"]({path})" in README

    def test_another_pipeline_has_its_own(self) -> None:
        manifest = load_manifest(ROOT / "tests" / "pipelines" / "parcels")
        assert all(f">{name}</text>" in drawing.alone(drawing.picture(manifest)) for name in manifest.functions)
