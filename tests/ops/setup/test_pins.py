"""The two files of pins are one lock: they hold what `pyproject.toml` asks for and all that this needs, each once."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ops.setup.build import PROGRAM, TOOLS
from ops.setup.pins import RUN, rows

ROOT = Path(__file__).resolve().parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
FILES = {name: rows((ROOT / name).read_text(encoding="utf-8")) for name in (PROGRAM, TOOLS)}
REMOVED = {"grpcio-tools"}
"""What pyproject.toml's overrides leave out."""


def asked(groups: Iterable[str]) -> list[str]:
    return [
        *PROJECT["project"]["dependencies"],
        *(each for group in groups for each in PROJECT["dependency-groups"][group]),
    ]


def needed(asked_for: Iterable[str]) -> set[str]:
    """Return the names of everything that the requirements lead to here, as the installed distributions say themselves."""
    found: set[tuple[str, str]] = set()
    waiting = [(Requirement(each), "") for each in asked_for]
    while waiting:
        requirement, extra = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name in REMOVED or (requirement.marker and not requirement.marker.evaluate({"extra": extra})):
            continue
        for each in {"", *requirement.extras} - {extra for known, extra in found if known == name}:
            found.add((name, each))
            waiting += [(Requirement(line), each) for line in requires(name) or ()]
    return {name for name, _ in found}


def test_a_version_stands_in_one_file_only() -> None:
    assert not FILES[PROGRAM].keys() & FILES[TOOLS].keys()


@pytest.mark.parametrize("line", asked(PROJECT["dependency-groups"]))
def test_what_is_asked_for_is_pinned(line: str) -> None:
    wanted = Requirement(line)
    name = canonicalize_name(wanted.name)
    row = FILES[PROGRAM].get(name) or FILES[TOOLS][name]
    assert row.startswith(f"{name}{wanted.specifier} ")


def test_the_program_is_all_that_it_needs_and_nothing_else() -> None:
    assert needed(asked(RUN)) == FILES[PROGRAM].keys()


def test_the_whole_lock_lacks_nothing() -> None:
    assert needed(asked(PROJECT["dependency-groups"])) <= FILES[PROGRAM].keys() | FILES[TOOLS].keys()


def test_each_row_has_hashes_and_names_no_index() -> None:
    for row in (*FILES[PROGRAM].values(), *FILES[TOOLS].values()):
        assert "--hash=sha256:" in row
        assert "://" not in row
        assert "[" not in row.split("==")[0]  # pip before 23.3 takes name[extra] for another package


def test_rows_are_read_whole() -> None:
    assert rows("# a remark\na-b==1 \\\n    --hash=sha256:0\nc==2 ; python_version < '3'\n") == {
        "a-b": "a-b==1 \\\n    --hash=sha256:0\n",
        "c": "c==2 ; python_version < '3'\n",
    }


@pytest.mark.parametrize("folder", ["bootstrap", "policies"])
def test_what_the_cli_installs_elsewhere_is_the_same_lock(folder: str) -> None:
    assert (ROOT / folder / PROGRAM).read_text(encoding="utf-8") == f"-r ../{PROGRAM}\n"
    runtime = next(ROOT.joinpath(folder).glob("Pulumi*.yaml")).read_text(encoding="utf-8")
    assert "virtualenv: ../.venv" in runtime
