"""The command from anywhere: subfolders, outside a project, Pythons and environments that lack what is needed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ops import commands, invocation, terminal
from tests.ops.conftest import Build

ROOT = Path(__file__).resolve().parents[2]
LACKING = """
import importlib.abc, sys
class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in sys.argv[1].split(","):
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)
sys.meta_path.insert(0, Absent())
from ops.__main__ import guarded
sys.exit(guarded(sys.argv[2:]))
"""
"""Runs a command in a Python that lacks the packages of its first argument."""


def run(folder: Path, *arguments: str, python: str = sys.executable) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [python, *arguments], cwd=folder, capture_output=True, text=True, check=False, env=environment
    )


def lacking(packages: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(ROOT, "-c", LACKING, packages, *arguments)


@pytest.mark.parametrize("folder", ["docs/decisions", "functions/shared", "bootstrap", "schemas/bigquery"])
def test_a_subfolder_is_as_good_as_the_project(folder: str) -> None:
    here = run(ROOT, "-m", "ops", "alerts", "--json")
    below = run(ROOT / folder, "-m", "ops", "alerts", "--json")
    assert (below.returncode, below.stderr) == (0, "")
    assert below.stdout == here.stdout


def test_the_nearest_project_is_meant(project: Build) -> None:
    root = project('gcp.pubsub.Topic("t", name="one", opts=own)')
    below = root / "deep" / "er"
    below.mkdir(parents=True)
    done = run(below, "-m", "ops", "plan", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert '"one"' in done.stdout


def test_root_decides_where_it_is_given(project: Build, tmp_path_factory: pytest.TempPathFactory) -> None:
    root = project('gcp.pubsub.Topic("t", name="one", opts=own)')
    done = run(ROOT / "docs", "-m", "ops", "plan", "--json", "--root", str(root))
    assert '"one"' in done.stdout


@pytest.mark.parametrize("command", ["plan", "validate 2026-01-29", "policy", "alerts", "docs", "build", "drift"])
def test_outside_a_project_it_is_one_sentence(tmp_path: Path, command: str) -> None:
    done = run(tmp_path, "-m", "ops", *command.split())
    assert (done.returncode, done.stdout) == (2, "")
    assert f"neither {tmp_path} nor a folder above it holds a project" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", commands.existing())
def test_help_needs_nothing_of_the_clouds_libraries(command: str) -> None:
    done = lacking("google,grpc,pulumi,pulumi_gcp,uv,jsonschema", command, "--help")
    if "pulumi" not in done.stderr:  # what evaluates the program may say that it cannot
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("usage: ops ")


@pytest.mark.parametrize("command", ["validate 2026-01-29", "repair 2026-01-29", "redrive nothing --help"])
def test_operators_commands_without_the_clouds_libraries(command: str) -> None:
    done = lacking("google,grpc", *command.split())
    if "--help" in command:
        assert (done.returncode, done.stderr) == (0, "")
    else:
        assert done.returncode == 1
        assert "the package 'google' cannot be imported" in done.stderr
        assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("package", ["yaml", "pulumi", "pulumi_gcp", "cronsim"])
def test_an_interrupted_set_up_is_one_sentence(package: str) -> None:
    done = lacking(package, "plan", "--no-acceptance")
    assert (done.returncode, done.stdout) == (1, "")
    assert f"the package '{package}' cannot be imported" in done.stderr
    assert "setup`" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", ["plan", "validate 2026-01-29", "policy"])
def test_a_python_without_packages_is_one_sentence(command: str) -> None:
    done = run(ROOT, "-S", "-m", "ops", *command.split())
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1


def test_a_fault_of_our_own_is_not_blamed_on_the_environment() -> None:
    done = lacking("ops.plan", "--version")
    assert done.returncode == 0
    code = LACKING.replace('name.partition(".")[0]', "name")
    done = run(ROOT, "-c", code, "analysis.files", "plan")
    assert "Traceback" in done.stderr


class TestPasteable:
    @pytest.fixture(autouse=True)
    def no_project_named(self) -> None:
        """Commands that ran in this process before named theirs."""
        invocation.about(None)

    def test_in_the_projects_folder(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(ROOT)
        assert invocation.pasteable("Run `make lock`.") == "Run `make lock`."

    def test_below_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(ROOT / "docs" / "decisions")
        assert invocation.pasteable("Run `make lock`, not `making`.") == "Run `make -C ../.. lock`, not `making`."
        shown = invocation.pasteable("Run `.venv/bin/python -m ops plan --json`, `ops docs` or `opsx`.")
        assert shown == f"Run `{invocation.program()} plan --json`, `{invocation.program()} docs` or `opsx`."


class TestClean:
    def test_control_characters_are_shown(self) -> None:
        assert terminal.clean("a\x1b]0;x\x07\r\x9b2J\u202eb\n\tc") == (
            "a\\u001b]0;x\\u0007\\u000d\\u009b2J\\u202eb\n\tc"
        )
        assert terminal.clean("ti\u200btle \ufeffa\u00adb") == "ti\\u200btle \\ufeffa\\u00adb"
        assert terminal.clean("Zürich 東京 ✓ 👩‍🔧") == "Zürich 東京 ✓ 👩‍🔧"

    def test_colours_of_others_are_shown_and_ours_are_written(self, capsys: pytest.CaptureFixture[str]) -> None:
        with terminal.guarded_streams():
            sys.stdout.write(terminal.Style(colour=True).paint("mine", "red") + " \x1b[31mtheirs\n")
        assert capsys.readouterr().out == "\x1b[31mmine\x1b[0m \\u001b[31mtheirs\n"
