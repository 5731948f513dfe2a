"""Every awkward case is a folder under `trees`: a real little project whose `case.toml` says what must come of it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from blueprint.archive import Archive, ArchiveSource, Distribution, LockedDistributions, SourceRoot, analyse_function

TREES = Path(__file__).parent / "trees"
CASES = sorted(case.parent.name for case in TREES.glob("*/case.toml"))

LOCKED = LockedDistributions(
    {
        each.name: each
        for each in (
            Distribution("functions-framework", "3.8.0", ("functions_framework",), ("flask",), direct=True),
            Distribution("flask", "3.1.0", ("flask",)),
            Distribution("google-cloud-pubsub", "2.30.0", ("google.cloud.pubsub_v1",), ("requests",), direct=True),
            Distribution("pyyaml", "6.0.2", ("yaml",), direct=True),
            Distribution("requests", "2.32.0", ("requests",)),
        )
    },
    {"functions-framework": {"functions_framework-3.8.0-py3-none-any.whl": "sha256:" + "0" * 64}},
)


def analysed(case: str) -> tuple[Archive, dict[str, Any]]:
    root = TREES / case
    told: dict[str, Any] = tomllib.loads((root / "case.toml").read_text(encoding="utf-8"))
    fields = {"entry_point": "handle", "signature": "http", **told.get("source", {})}
    for name in ("resources", "dynamic_imports"):
        fields[name] = tuple(fields.get(name, ()))
    source = ArchiveSource(
        name="f",
        folder=root / "functions" / "f",
        project=root,
        roots=(SourceRoot(root / "functions", only=("shared",)),),
        **fields,
    )
    return analyse_function(source, locked=LOCKED), told["expect"]


@pytest.mark.parametrize("case", CASES)
def test_findings_are_exactly_those_expected(case: str) -> None:
    archive, expect = analysed(case)
    found = [f"{finding.rule} {finding.at} {finding.message}" for finding in archive.findings]
    wanted = [_wanted(line) for line in expect["findings"]]
    assert [(line.split(" ")[0], line.split(" ")[1]) for line in found] == [place for place, _ in wanted], found
    for line, (_, fragment) in zip(found, wanted, strict=True):
        assert fragment in line


def _wanted(line: str) -> tuple[tuple[str, str], str]:
    """Split `rule place fragment of the sentence`."""
    rule, place, *fragment = line.split(" ", 2)
    return (rule, place), "".join(fragment)


@pytest.mark.parametrize("case", [case for case in CASES if "ships" in (TREES / case / "case.toml").read_text()])
def test_archive_holds_exactly_what_is_needed(case: str) -> None:
    archive, expect = analysed(case)
    assert [file.path for file in archive.files] == expect["ships"]


def test_every_case_says_why() -> None:
    assert len(CASES) >= 50
    for case in CASES:
        told = tomllib.loads((TREES / case / "case.toml").read_text(encoding="utf-8"))
        assert told["why"].endswith("."), case
        assert {"findings"} <= set(told["expect"]), case
