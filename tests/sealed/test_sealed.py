"""The sealed check fails where a new machine would: each fault that once passed here is laid into a small project.

Its lock, index and Makefile are small; git, make, pip and the Pythons are real.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.ops.change.repository import commit, git
from tests.ops.setup.test_build import wheel
from tests.sealed import seal
from tests.sealed.__main__ import judge
from tests.sealed.pythons import Python, pythons
from tests.sealed.readme import END, Step, commands, failure, steps, telling
from tests.sealed.seal import Seal, sealed

ROOT = Path(__file__).resolve().parents[2]
README = "```console\n$ make preview   # what would exist\n```\n"
AS_IT_WAS = """.venv/program: requirements.lock
	@python3 -m venv .venv
	@.venv/bin/python -m pip install --quiet --require-hashes -r requirements.lock
preview: .venv/program
	@.venv/bin/python -c 'import outer, inner'
program: .venv/program
"""
AS_IT_IS = """preview: program
	@.venv/bin/python -c 'import outer, inner'
program:
	@python3 -m ops.setup program
"""
OLD_PIP = [each for each in pythons() if int(each.pip.split(".")[0]) < 24][:1]
"""Bundles a pip that does not take `name[extra]==1` for the pin of `name`."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not OLD_PIP, reason="No Python with a pip older than 24 is on this machine."),
]


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    return tmp_path / "index"


def project(root: Path, index: Path, makefile: str, lock: str, *, inner: str = "inner") -> Path:
    """A project with a lock of two packages; the first asks for the second, the row of which is written as `inner`."""
    root.mkdir()
    rows = wheel(index, "outer", "1.0", "inner>=1") + wheel(index, "inner", "1.0").replace("inner==", f"{inner}==")
    (root / lock).write_text(rows)
    (root / "Makefile").write_text(makefile)
    (root / "README.md").write_text(README)
    for part in ("ops/__init__.py", "ops/progress.py", "ops/terminal.py", "pyproject.toml"):
        (root / part).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / part, root / part)
    (root / "ops" / "__main__.py").write_text("def guarded():\n    pass\n")
    shutil.copytree(ROOT / "ops" / "setup", root / "ops" / "setup", ignore=shutil.ignore_patterns("__pycache__"))
    git(root, "init", "--quiet")
    commit(root, "Begin")
    return root


def judged(root: Path, python: Python = OLD_PIP[0] if OLD_PIP else None) -> list[str]:  # type: ignore[assignment]
    return list(judge(root, [python], only_previews=True))


def test_the_lock_as_it_was_fails_as_soon_as_something_newer_is_offered(tmp_path: Path, index: Path) -> None:
    root = project(tmp_path / "project", index, AS_IT_WAS, "requirements.lock", inner="inner[extra]")
    assert judged(root) == []  # on the day it was written
    wheel(index, "inner", "2.0")
    assert judged(root) == [f"Python {OLD_PIP[0].version}: `make preview`: exit code 2."]


def test_the_lock_as_it_is_installs_itself_whatever_is_offered(tmp_path: Path, index: Path) -> None:
    root = project(tmp_path / "project", index, AS_IT_IS, "requirements.txt")
    assert judged(root) == []
    wheel(index, "inner", "2.0")
    assert judged(root) == []


def test_what_the_set_up_does_not_install_is_missed(
    tmp_path: Path, index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = project(tmp_path / "project", index, AS_IT_IS.replace("outer, inner", "outer, tool"), "requirements.txt")
    assert len(judged(root)) == 1
    assert "No module named 'tool'" in capsys.readouterr().out


@pytest.mark.parametrize(("line", "passes"), [("only-here", False), ("git --version", True)])
def test_a_command_of_this_machine_alone_is_not_found(
    tmp_path: Path, index: Path, monkeypatch: pytest.MonkeyPatch, line: str, passes: bool
) -> None:
    tool = tmp_path / "bin" / "only-here"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}:{os.environ['PATH']}")
    root = project(
        tmp_path / "project",
        index,
        AS_IT_IS.replace(".venv/bin/python -c 'import outer, inner'", line),
        "requirements.txt",
    )
    assert (judged(root) == []) is passes


def test_files_that_are_not_committed_are_not_there(tmp_path: Path, index: Path) -> None:
    root = project(tmp_path / "project", index, AS_IT_IS, "requirements.txt")
    (root / "left.txt").write_text("here")
    seal = sealed(root, tmp_path / "seal", OLD_PIP[0])
    assert not (seal.clone / "left.txt").exists()
    assert list(seal.home.iterdir()) == []


def test_the_caller_leaves_no_variable_but_those_of_the_index(
    tmp_path: Path, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_TARGET", "/elsewhere")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    root = project(tmp_path / "project", index, AS_IT_IS, "requirements.txt")
    variables = sealed(root, tmp_path / "seal", OLD_PIP[0]).variables()
    assert {"PIP_NO_INDEX", "PIP_FIND_LINKS", "HOME", "PATH"} <= variables.keys()
    assert not {"PIP_TARGET", "PYTHONPATH"} & variables.keys()


def test_a_command_that_does_not_end_is_ended_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own, log = Seal(tmp_path, tmp_path, pythons()[0]), tmp_path / "log"
    assert own.run("sleep 0.1", log) == 0
    monkeypatch.setattr(seal, "LONGEST", 0.5)
    assert own.run("echo begun; sleep 60", log) == 124
    assert log.read_text() == "begun\n\nIt did not end within 0.5 s.\n"


def test_what_runs_until_somebody_ends_it_is_not_run() -> None:
    (local,) = [each for each in steps(ROOT / "README.md", {}) if each.command == "make local"]
    assert local.skipped


def test_the_readme_is_what_is_run() -> None:
    found = [each.command for each in steps(ROOT / "README.md", {"NAME": "one"})]
    assert {"make preview", "make branches", "make lint", "make policy"} <= {*found}
    assert any(
        "pulumi install" in each and each.endswith("pulumi preview -s prod --policy-pack policies") for each in found
    )
    assert commands("text\n```console\n$ make preview  # a remark\noutput\n```\n") == ["make preview"]


@pytest.mark.parametrize(
    ("step", "code", "said", "problem"),
    [
        (Step("make preview"), 0, "Sound", ""),
        (Step("make preview"), 1, "Refused", "exit code 1"),
        (Step("ops plan"), 0, "Traceback (most recent call last):", "it ends in a traceback"),
        (Step("ops validate", login=True), 1, "Log in first.", ""),
        (Step("ops validate", login=True), 0, "HEALTHY", "it says nothing, or exit code 0, though nobody is logged in"),
    ],
)
def test_how_a_step_may_end(step: Step, code: int, said: str, problem: str) -> None:
    assert failure(step, code, said) == problem


def test_a_failed_run_of_tests_shows_each_failed_test_by_name_and_the_first_reports() -> None:
    names = [f"FAILED tests/one.py::test_{n} - assert {n}" for n in range(90)]
    report = [f"E  line {n}" for n in range(900)]
    said = [*["..."] * 300, "====== FAILURES ======", *report, "SKIPPED a", *names, "90 failed, 10 passed in 3 s"]
    shown = telling("\n".join(said))
    assert {*names} <= {*shown}
    assert shown[:2] == ["====== FAILURES ======", "E  line 0"]
    assert "lines are left out here" in "".join(shown)
    assert len(shown) < 400
    assert "..." not in shown


def test_a_failed_command_without_tests_shows_its_end() -> None:
    assert telling("one\ntwo") == ["one", "two"]
    assert telling("\n".join(map(str, range(100)))) == [str(n) for n in range(100 - END, 100)]
