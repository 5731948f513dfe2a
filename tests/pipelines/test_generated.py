"""The pipelines of any size that benchmarks plan are sound; else a benchmark would measure refusals, or nothing."""

from __future__ import annotations

from pathlib import Path

from bench._generated import generate
from ops.report.gather import gather


def test_a_generated_pipeline_is_sound(tmp_path: Path) -> None:
    plan = gather(generate(tmp_path / "project", 4), "live")
    assert [str(finding) for finding in plan.violations] == []
    assert sum(1 for each in plan.resources if each.type == "gcp:cloudfunctionsv2/function:Function") == 4
