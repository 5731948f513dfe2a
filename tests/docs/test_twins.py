"""Each fast path has a slow twin, and the tests that compare them are there."""

from __future__ import annotations

import re

from tests.functions.conftest import ROOT

PAGE = (ROOT / "docs/decisions/twins.md").read_text(encoding="utf-8")
ROWS = [line.split(" | ") for line in PAGE.splitlines() if line.startswith("| ") and "`" in line]
CODE = ("analysis", "blueprint", "components", "functions", "policies", "provider")
CACHED = re.compile(r"""["'/]\.cache\b""")


def test_each_twin_is_compared_by_a_test_that_is_there() -> None:
    assert len(ROWS) > 12
    for _, where, _, test in ROWS:
        assert all((ROOT / path).exists() for path in re.findall(r"`([^`]+)`", where)), where
        path, name = re.search(r"`([^`:]+)::(\w+)`", test).groups()  # type: ignore[union-attr]
        assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8"), test


def test_what_keeps_results_on_disk_is_in_the_table() -> None:
    keeping = [
        path.relative_to(ROOT).as_posix()
        for folder in CODE
        for path in (ROOT / folder).rglob("*.py")
        if CACHED.search(path.read_text(encoding="utf-8"))
    ]
    assert [path for path in keeping if path not in PAGE] == []
