"""Each day of days/, played on the whole pipeline: every trigger once, in order, with its reason; every row; every letter."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ops.local import days
from ops.local.judgement import came, differences
from ops.local.replay import Player
from ops.local.system import System
from tests.ops.local.conftest import ROOT
from tests.ops.page.chromium import CHROMIUM

PLAYED_ELSEWHERE = {"poison_message"} if CHROMIUM else set[str]()
"""The day that test_live.py plays by its button."""


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in days.names(ROOT) if name not in PLAYED_ELSEWHERE])
def test_a_day_comes_out_as_it_must(name: str, system: System) -> None:
    zone = ZoneInfo(system.model.manifest.time_zone)
    day, lines = days.load(ROOT, name, zone), list[str]()
    played = Player(system, lines.append).play(day)
    print("\n".join(lines))  # noqa: T201 - what happened, where it did not come out
    assert differences(day, came(system, day, played), zone) == []
    assert [code for code, _ in played.commands if code not in (0, 3, 4)] == [], played.commands


def test_a_day_takes_as_long_as_its_speed_says(system: System) -> None:
    start = datetime(2026, 1, 29, 5, 1, tzinfo=ZoneInfo(system.model.manifest.time_zone))
    step = days.Step(
        start + timedelta(minutes=3), phase="phase2", date="2026-01-28", processors=("p2_bigdataball_pbp",)
    )
    day = days.Day("a", "A", "", start, start + timedelta(minutes=10), (step,), days.Expectation(), schedules=())
    began = time.monotonic()
    played = Player(system, lambda _: None, speed=240).play(day)
    assert time.monotonic() - began >= 600 / 240
    [first] = [each for each in system.published if each.topic == "nba-phase2-raw-complete"]
    assert timedelta(0) <= first.at - step.at < timedelta(minutes=4), "at its own time, not when the day was over"
    assert played.messages == 1
