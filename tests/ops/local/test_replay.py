"""Each day of days/, played on the whole pipeline: every trigger once, in order, with its reason; every row; every letter."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from ops.local import days
from ops.local.judgement import came, differences
from ops.local.replay import Player
from ops.local.system import System
from tests.ops.local.conftest import ROOT


@pytest.mark.slow
@pytest.mark.parametrize("name", days.names(ROOT))
def test_a_day_comes_out_as_it_must(name: str, system: System) -> None:
    zone = ZoneInfo(system.model.manifest.time_zone)
    day, lines = days.load(ROOT, name, zone), list[str]()
    played = Player(system, lines.append).play(day)
    print("\n".join(lines))  # noqa: T201 - what happened, where it did not come out
    assert differences(day, came(system, day), zone) == []
    assert all(status == 200 for _, job, status in played.calls), [*played.calls]
    assert [code for code, _ in played.commands if code not in (0, 3)] == [], played.commands
