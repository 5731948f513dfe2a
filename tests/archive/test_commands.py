"""What a command makes Python run: a module, a text or a script, whatever stands before it."""

from __future__ import annotations

import pytest

from analysis.python.commands import python_run
from analysis.python.values import Constant, Unknown


@pytest.mark.parametrize(
    ("command", "how", "what"),
    [
        ("python3 -m job", "-m", "job"),
        ("/usr/bin/python3.12 -c text", "-c", "text"),
        ("python main.py -m x", "", "main.py"),
        ("python -u -W ignore -X dev main.py", "", "main.py"),
        ("python3 -B -m job --python", "-m", "job"),
    ],
)
def test_a_run_of_python(command: str, how: str, what: str) -> None:
    assert python_run(tuple(map(Constant, command.split()))) == (how, Constant(what))


@pytest.mark.parametrize(
    "command", ["", "ls -m x", "pythonic -m x", "python", "python -u", "python2.7x main.py", "python -W"]
)
def test_what_runs_no_script(command: str) -> None:
    assert python_run(tuple(map(Constant, command.split()))) is None


def test_what_is_run_may_be_not_known() -> None:
    unknown = Unknown()
    assert python_run((Constant("python"), unknown)) == ("", unknown)
    assert python_run((Constant("python"), Constant("-m"))) == ("-m", Unknown())
    assert python_run((unknown,)) is None
