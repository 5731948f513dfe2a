"""How soon the replay reports is measured, and the page tells what was measured."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from blueprint.alerts import Alert, PromQL, catalogue
from blueprint.loader import load_manifest
from blueprint.names import Names
from ops import tried
from tests.gauntlet.reported import replayed
from tests.incidents.cases import ROOT

KIND = "push-failing"


@pytest.fixture(scope="module")
def alerts() -> list[Alert]:
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not installed; on Debian: apt-get install prometheus")
    manifest = load_manifest(ROOT)
    found = catalogue(manifest, Names(manifest.pipeline, "a-project", "123456789012", "us-west2"))
    return [each for each in found if each.kind == KIND]


def test_what_is_recorded_is_what_is_measured(alerts: list[Alert], tmp_path: Path) -> None:
    measured = replayed(alerts, "promtool", tmp_path)
    assert measured == {KIND: tried.read(ROOT)["reported"]["replay"]["of"][KIND]}
    assert min(measured[KIND].values()) > 0


def test_an_alert_that_is_late_is_told(alerts: list[Alert], tmp_path: Path) -> None:
    first = alerts[0]
    assert isinstance(first.condition, PromQL)
    late = replace(first, condition=replace(first.condition, duration=3600))
    with pytest.raises(ValueError, match=f"'{first.name}' does not fire in time"):
        replayed([late, *alerts[1:]], "promtool", tmp_path)
