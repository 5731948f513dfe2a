"""The environment of a released commit is the one that its lock asks for, also when the lock changed since."""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprint.findings import Refused
from ops.release import _program
from ops.setup.build import GROUPS, TOOLS
from tests.ops.change.repository import commit, git

MAKE = "#!/bin/sh\nmkdir -p .venv/bin && echo own > .venv/bin/python\n"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "repository"
    (root / ".venv" / "bin").mkdir(parents=True)
    (root / ".venv" / "bin" / "python").write_text("shared")
    (root / ".gitignore").write_text(".venv\n.cache/\n")
    for lock in GROUPS["tools"]:
        (root / lock).write_text("one")
    git(root, "init", "--quiet")
    commit(root, "Begin")
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "make").write_text(MAKE)
    (tools / "make").chmod(0o755)
    monkeypatch.setenv("PATH", str(tools), prepend=":")
    return root


def python_of(program: Path) -> str:
    return (program / ".venv" / "bin" / "python").read_text().strip()


def test_the_same_lock_shares_the_environment(repository: Path) -> None:
    program = _program(repository, git(repository, "rev-parse", "HEAD"))
    assert python_of(program) == "shared"
    assert python_of(_program(repository, git(repository, "rev-parse", "HEAD"))) == "shared"


def test_an_older_lock_gets_its_own_even_where_it_was_shared_once(repository: Path) -> None:
    older = git(repository, "rev-parse", "HEAD")
    assert python_of(_program(repository, older)) == "shared"
    (repository / TOOLS).write_text("two")
    commit(repository, "Upgrade")
    assert python_of(_program(repository, older)) == "own"


def test_an_environment_that_cannot_be_built_is_refused(repository: Path, tmp_path: Path) -> None:
    older = git(repository, "rev-parse", "HEAD")
    (repository / TOOLS).write_text("two")
    commit(repository, "Upgrade")
    (tmp_path / "tools" / "make").write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(Refused, match="cannot be built"):
        _program(repository, older)
