"""What is not reached is found, in one process and in two, and said with its place; what is reached passes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import branches

ROOT = Path(__file__).resolve().parents[1]
SIGN = '''"""One function."""


def sign(number: int) -> str:
    """Return a number's sign."""
    if number < 0:
        return "-"
    return "+"
'''
ONE = """from policies.sign import sign


def test_plus() -> None:
    assert sign(1) == "+"
"""
BOTH = f"""{ONE}

def test_minus() -> None:
    assert sign(-1) == "-"
"""


def measured(folder: Path, test: str, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "policies").mkdir()
    (folder / "policies" / "__init__.py").touch()
    (folder / "policies" / "sign.py").write_text(SIGN)
    (folder / "test_one.py").write_text(test)
    (folder / "test_other.py").write_text("def test_nothing_of_it() -> None:\n    assert True\n")
    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:bqemulator", "-p", "tests.branches", *options)
    variables = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("options", [("-n", "2", "--dist", "loadfile"), ()])
def test_a_branch_that_no_test_takes_fails_the_run_with_its_place(tmp_path: Path, options: tuple[str, ...]) -> None:
    run = measured(tmp_path, ONE, *options)
    assert run.returncode == 1, run.stdout
    assert "2 passed" in run.stdout
    sentence = "Tests reach 71.4 % of policies, and 95 % is the least: test what is not reached, or delete it, first in policies/sign.py:6 (2 not reached)."
    assert sentence in run.stdout


def test_where_both_are_taken_it_passes(tmp_path: Path) -> None:
    run = measured(tmp_path, BOTH)
    assert run.returncode == 0, run.stdout
    assert "branches and lines reached: policies 100.0 %." in run.stdout


def test_where_a_test_fails_the_figures_are_not_judged(tmp_path: Path) -> None:
    run = measured(tmp_path, ONE.replace("+", "-"))
    assert run.returncode == 1
    assert "branches and lines reached: policies 71.4 %." in run.stdout
    assert "is the least" not in run.stdout


def test_everything_that_is_named_is_there_and_every_file_has_its_package() -> None:
    assert [name for name in (*branches.PACKAGES, *branches.ELSEWHERE) if not (ROOT / name).exists()] == []
    files = [path.relative_to(ROOT).as_posix() for name in branches.MEASURED for path in (ROOT / name).rglob("*.py")]
    assert {branches.package(file) for file in files} == {*branches.PACKAGES}
    assert branches.MEASURED == ("analysis", "blueprint", "policies", "provider")
