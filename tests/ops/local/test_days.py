"""Days as files: what is not understood is told with its file, and each names what the declaration has."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from blueprint.findings import Refused
from blueprint.loader import load_manifest
from ops.local import days
from tests.ops.local.conftest import ROOT

ZONE = ZoneInfo("America/New_York")
DAY = "title: a\nstory: b\nstart: 2026-01-29 05:00\nend: 2026-01-29 06:00\nsteps: "


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"{DAY}[{{at: 2026-01-29 05:10, phaze: phase2}}]", "a step knows no phaze"),
        (f"{DAY}[{{phase: phase2}}]", "not understood"),
        (f"{DAY}[{{at: tomorrow}}]", "not understood"),
        ("title: [", "no YAML"),
        ("- a", "not understood"),
        (f"{DAY}[]\nexpect: {{trigger: []}}", "not understood"),
    ],
)
def test_a_day_that_is_not_understood_is_a_sentence(text: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "days").mkdir()
    (tmp_path / "days" / "bad.yaml").write_text(text)
    with pytest.raises(Refused) as refused:
        days.load(tmp_path, "bad", ZONE)
    (finding,) = refused.value.findings
    assert says in finding.message
    assert finding.at.file == "days/bad.yaml"


def test_a_day_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(Refused, match="There is no day 'overnigt'"):
        days.load(ROOT, "overnigt", ZONE)


@pytest.mark.parametrize("name", days.names(ROOT))
def test_a_day_speaks_of_what_is_declared(name: str) -> None:
    manifest, day = load_manifest(ROOT), days.load(ROOT, name, ZONE)
    assert day.start < day.end
    assert {step.phase for step in day.steps if step.phase} <= set(manifest.phases)
    assert {each["boundary"] for each in day.expect.triggers} <= set(manifest.boundaries)
    assert all(day.start <= step.at <= day.end for step in day.steps)
    assert day.expect.triggers or day.expect.open
