"""`make lint` asks vulture for what nothing names; here it is seen to find that, and no exception outlives its reason."""

from __future__ import annotations

import tomllib
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from vulture.core import Vulture

ROOT = Path(__file__).resolve().parents[1]
SPARED: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["vulture"]
SEEDED = """
class Seeded:
    def called(self): return self.kept

    def forgotten(self): return 1

    def log_message(self, text): return text

Seeded().called()
"""


@pytest.fixture(scope="module")
def unused() -> set[str]:
    """What vulture finds in the project and a seeded module where no name is spared."""
    judge = Vulture(ignore_decorators=SPARED["ignore_decorators"])
    judge.scavenge([str(ROOT / path) for path in SPARED["paths"]], exclude=SPARED["exclude"])
    judge.scan(SEEDED, filename=ROOT / "seeded.py")
    return {str(item.name) for item in judge.get_unused_code()}


def test_what_nothing_names_is_found_and_what_others_call_is_spared(unused: set[str]) -> None:
    spared = {name for name in unused if any(fnmatchcase(name, each) for each in SPARED["ignore_names"])}
    assert unused - spared == {"forgotten"}
    assert "log_message" in spared


def test_each_name_that_is_spared_would_be_found(unused: set[str]) -> None:
    needless = [each for each in SPARED["ignore_names"] if not any(fnmatchcase(name, each) for name in unused)]
    assert needless == [], "nothing has these names now, or something calls them: take them off the list"
