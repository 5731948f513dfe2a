"""What the operators' commands find, in the formats that all commands share."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from tests.operators.conftest import Run, System
from tests.ops.test_findings import SARIF

DATE = "2026-03-09"
HOLD = "phase3-to-phase4-orchestrator--nba-phase3-analytics-complete"


@pytest.mark.parametrize(
    ("words", "rules"),
    [
        (("validate", DATE), {"phase2_to_phase3"}),
        (("repair", DATE, "--boundary", "phase2_to_phase3"), {"repair"}),
        (("redrive", HOLD), {"dead-letter"}),
    ],
    ids=("validate", "repair", "redrive"),
)
def test_a_finding_stands_at_its_declaration(system: System, ops: Run, words: Any, rules: set[str]) -> None:
    system.completed("phase2", DATE, "p2_bigdataball_pbp")
    system.publish(f"{HOLD}--dead-letter", {"game_date": DATE})
    code, printed = ops(*words, "--format", "sarif")
    shown = printed if isinstance(printed, dict) else json.loads(printed)
    jsonschema.validate(shown, SARIF)
    results = [each for each in shown["runs"][0]["results"] if each["ruleId"] in rules]
    assert results
    assert code == ops(*words, "--json")[0] != 0
    target = system.target.manifest
    place = results[0]["locations"][0]["physicalLocation"]
    at = target.at if words[0] == "redrive" else target.boundaries["phase2_to_phase3"].at
    assert place["artifactLocation"]["uri"].endswith(at.file)
    assert place["region"]["startLine"] == at.line
    said = ops(*words, "--format", "github")[1]
    assert f"file={at.file},line={at.line}," in said
    system.pull(f"{HOLD}--dead-letter-hold")


def test_the_remedy_is_part_of_the_finding(system: System, ops: Run) -> None:
    system.completed("phase2", "2026-03-10", "p2_bigdataball_pbp")
    said = ops("validate", "2026-03-10", "--format", "github")[1]
    assert "`python -m ops repair 2026-03-10 --boundary phase2_to_phase3`" in said
