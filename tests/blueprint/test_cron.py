"""When a job must have run, in UTC and in every season."""

from __future__ import annotations

import pytest

from blueprint import cron
from blueprint.alerts import boundaries


@pytest.mark.parametrize(
    ("expression", "runs", "gap"),
    [
        ("*/15 * * * *", 672, 15),
        ("0 7 * * *", 7, 1440),
        ("30 6,18 * * 1-5", 10, 3600),
        ("0 0 * * 0", 1, 10080),
        ("0 0 * * SUN,7", 1, 10080),
        ("5-59/20 * * * *", 504, 20),
    ],
)
def test_runs_of_a_week(expression: str, runs: int, gap: int) -> None:
    found = cron.weekly_runs(expression)
    assert len(found) == runs
    assert cron.weekly_gap(found) == gap


@pytest.mark.parametrize(
    "expression", ["0 0 1 * *", "0 0 * 1 *", "x * * * *", "60 * * * *", "* * * *", "*/0 * * * *", ""]
)
def test_what_has_no_week_has_no_runs(expression: str) -> None:
    assert cron.weekly_runs(expression) == ()
    assert boundaries.missing("a-job", expression, "America/New_York") is None


def test_both_seasons_are_known() -> None:
    assert cron.offsets("America/New_York") == (-5, -4)
    assert cron.offsets("UTC") == (0,)


def test_a_daily_job_is_looked_for_after_its_time_in_both_seasons() -> None:
    found = boundaries.missing("a-job", "0 7 * * *", "America/New_York")
    assert found is not None
    assert found[0].query.startswith("(hour() == 13) unless")
    assert "[180m]" in found[0].query


def test_a_weekly_job_is_looked_for_on_its_day() -> None:
    found = boundaries.missing("a-job", "30 22 * * 6", "America/New_York")
    assert found is not None
    assert found[0].query.startswith("((hour() == 4 and on () day_of_week() == 0)) unless")
