"""What the pages tell people to type exists: targets, commands, options, links. `test_bootstrap` types it."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.engine import harness
from tests.operations.pages import PAGES, ROOT, commands, mentioned

ALL = [(page, command) for page in PAGES for command in (*commands(page), *mentioned(page))]
OURS = [(page.stem, command) for page, command in ALL if command.startswith(("make ", ".venv/bin/python -m ops "))]
ENGINES = [(page.stem, command) for page, command in ALL if command.startswith("pulumi ")]


@cache
def help_of(*command: str) -> str:
    return subprocess.run([*command, "--help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout


@cache
def targets() -> frozenset[str]:
    return frozenset(re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8")))


def test_pages_are_there() -> None:
    assert {page.stem for page in PAGES} >= {"access", "bootstrap", "handover", "release", "rollback"}
    assert len(OURS) > 8 < len(ENGINES)


@pytest.mark.parametrize(("page", "command"), OURS)
def test_our_commands_exist(page: str, command: str) -> None:
    words = shlex.split(command.partition(">")[0])
    if words[0] == "make":
        assert words[1] in targets(), f"{page}: the Makefile has no {words[1]}"
        return
    text = help_of(sys.executable, "-m", "ops", words[3])
    missing = [word for word in words[4:] if word.startswith("--") and word.partition("=")[0] not in text]
    assert missing == [], f"{page}: {words[3]} has no {missing}"


@pytest.mark.engine
@pytest.mark.skipif(bool(harness.missing()), reason=harness.HOW_TO_GET)
@pytest.mark.parametrize(("page", "command"), ENGINES)
def test_commands_of_the_engine_exist(page: str, command: str) -> None:
    words = shlex.split(re.sub(r"\$\(.*\)", "VALUE", command).partition(">")[0].partition(";")[0])
    depth = 3 if words[1] in ("stack", "config") and len(words) > 2 and not words[2].startswith("-") else 2
    text = help_of(*words[:depth])
    missing = [word for word in words[depth:] if word.startswith("--") and word.partition("=")[0] not in text]
    assert missing == [], f"{page}: {' '.join(words[:depth])} has no {missing}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []
