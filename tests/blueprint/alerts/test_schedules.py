"""A job that did not run is told by the clock on the wall, in every zone of the tz database and when the clocks change.

When the job should have run is read off the wall minute by minute (`replay.runs`), not computed as the rule does it.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from zoneinfo import available_timezones

import pytest

from analysis.promql.evaluation import Samples, evaluate
from blueprint.alerts import Alert, PromQL, cases, prometheus, replay, schedules
from blueprint.alerts.clock import ZoneClock, clock

HOUR, DAY = 60, 24 * 60
DELAY = 3
"""Minutes after which an attempt is counted."""
SCHEDULES = ("0 7 * * *", "45 12 * * *", "30 23 * * 1-5", "15 */6 * * *")
SAMPLE = (
    "America/New_York",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Pacific/Chatham",
    "America/St_Johns",
    "Pacific/Kiritimati",
)


@cache
def zones() -> dict[ZoneClock, str]:
    """One zone for each clock there is."""
    return {clock(zone): zone for zone in sorted(available_timezones())}


def begins(wall: ZoneClock) -> Iterator[int]:
    """Yield moments, in seconds, a day before each change of a year and in the middle of no change at all."""
    year = [c.moment for c in wall.changes if datetime.fromtimestamp(c.moment, UTC).year == 2027]
    yield from (moment - moment % 86400 - 86400 for moment in year)
    yield int(datetime(2028, 1, 10, tzinfo=UTC).timestamp())


def samples(runs: Iterator[int] | frozenset[int], start: int) -> list[Samples]:
    """Return what Cloud Logging counts of the attempts, as late as it may."""
    times = [start + (run + DELAY) * 60.0 for run in sorted(runs)]
    return [
        Samples(
            "logging_googleapis_com:log_entry_count",
            {"monitored_resource": "cloud_scheduler_job", "job_id": "a-job"},
            times,
            [2.0] * len(times),
        )
    ]


def firing(condition: PromQL, series: list[Samples], start: int, minutes: range) -> Iterator[int]:
    """Yield the minutes at which the alert fires: its condition held for its duration without a break."""
    held = 0
    for minute in minutes:
        held = held + minutes.step if evaluate(condition.condition, series, start + minute * 60) else 0
        if held > condition.duration // 60:
            yield minute


def told(expression: str, zone: str, start: int, *, before: int = 2 * DAY, step: int = 6, ruled: str = "") -> None:
    """Hold that the alert is silent while the job runs, and that it fires at its absence and stays.

    The job runs by `zone`; the rule is made for `ruled`, where that is another one.
    """
    found = schedules.missing("a-job", expression, ruled or zone)
    assert found is not None
    condition, noticed = found
    length = before + 3 * DAY
    runs = replay.runs(expression, zone, start - before * 60, length + before)
    whole = samples(runs, start - before * 60)
    assert list(firing(condition, whole, start, range(0, 3 * DAY, step))) == [], (expression, zone, start)
    last = max(run for run in runs if run < before + DAY)
    due = min((run for run in runs if run > last), default=None)
    if due is None:
        return
    gone = samples(frozenset(run for run in runs if run <= last), start - before * 60)
    due -= before
    late = list(firing(condition, gone, start, range(due - 60, due + 26 * HOUR, step)))
    assert late, (expression, zone, start, noticed)
    assert due < late[0] <= due + schedules.SLACK + schedules.HELD + 2 * step, (expression, zone, start, late[0] - due)
    assert late == list(range(late[0], due + 26 * HOUR, step)), (expression, zone, start)


@pytest.mark.slow
@pytest.mark.parametrize("expression", SCHEDULES[:2])
def test_every_zone_is_told_by_its_own_clock(expression: str) -> None:
    assert len(zones()) > 50
    for wall, zone in zones().items():
        for start in begins(wall):
            told(expression, zone, start)


@pytest.mark.parametrize("expression", SCHEDULES[2:])
@pytest.mark.parametrize("zone", SAMPLE)
def test_other_schedules_too(expression: str, zone: str) -> None:
    for start in begins(clock(zone)):
        told(expression, zone, start, before=8 * DAY, step=10)


@pytest.mark.parametrize(
    ("expression", "zone", "ruled", "day"),
    [
        ("0 7 * * *", "America/New_York", "Etc/GMT+5", datetime(2027, 11, 6, tzinfo=UTC)),
    ],
)
def test_a_rule_for_winter_only_is_found_out(expression: str, zone: str, ruled: str, day: datetime) -> None:
    told(expression, zone, int(day.timestamp()), before=8 * DAY)
    with pytest.raises(AssertionError):
        told(expression, zone, int(day.timestamp()), before=8 * DAY, ruled=ruled)


@pytest.mark.parametrize("expression", ["30 2 * * *", "30 1 * * *"])
@pytest.mark.parametrize("which", [min, max])
def test_a_time_that_a_change_skips_or_repeats_is_judged_after_the_change(
    expression: str, which: Callable[[Iterable[int]], int]
) -> None:
    """Cron has no rule for it: the run may come at either of two moments, and neither is missed."""
    zone = "America/New_York"
    condition, _ = schedules.missing("a-job", expression, zone) or pytest.fail("no rule")
    for start in begins(clock(zone)):
        shown = replay.runs(expression, zone, start - 2 * DAY * 60, 5 * DAY)
        days: dict[int, list[int]] = {}
        for run in shown:
            days.setdefault((run + 5) // DAY, []).append(run)
        runs = {which(found) for found in days.values()}
        skipped = set(range(5)) - set(days)
        runs |= {day * DAY + HOUR * 7 + (0 if which is min else 30) for day in skipped}
        assert (
            list(firing(condition, samples(frozenset(runs), start - 2 * DAY * 60), start, range(0, 3 * DAY, 5))) == []
        )


@pytest.mark.parametrize(
    "expression", ["0 5 1 * *", "0 5 31 12 *", "0 5 13 * 5", "0 9-17 * * *", "*/15 9-17 * * 1-5", "*/7 * * * *"]
)
def test_every_schedule_is_watched(expression: str) -> None:
    zone = "Asia/Kathmandu"
    condition, _ = schedules.missing("a-job", expression, zone) or pytest.fail("no rule")
    start = int(datetime(2027, 12, 30, tzinfo=UTC).timestamp())
    runs = replay.runs(expression, zone, start, 4 * DAY)
    assert runs
    assert list(firing(condition, samples(runs, start), start, range(DAY, 4 * DAY, 5))) == []
    first = min(run for run in runs if run >= HOUR)
    never = samples(frozenset(), start)
    assert any(first < minute <= first + 30 for minute in firing(condition, never, start, range(first - 5, first + 60)))


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kathmandu"])
@pytest.mark.parametrize(
    ("expression", "days", "missing"),
    [
        ("0 7 * * 1-5", 4, 1),  # Friday's run is missing: told through the weekend
        ("30 23 * * 5", 8, 1),
        ("0 7,12 * * 1-5", 4, 2),
        ("0 7,19 * * *", 2, 1),
        ("0 6 * * 2,6", 5, 1),
        ("0 9-17 * * *", 2, 5),  # of many by day, by night where some are missing
        ("0 9-17 * * 1-5", 4, 7),
    ],
)
def test_a_missing_job_is_told_until_it_is_back(zone: str, expression: str, days: int, missing: int) -> None:
    condition, _ = schedules.missing("a-job", expression, zone) or pytest.fail("no rule")
    start = int(datetime(2027, 1, 11, tzinfo=UTC).timestamp())  # a Monday, weeks away from any change of the clocks
    runs = sorted(replay.runs(expression, zone, start, 22 * DAY))
    gap, number = max((runs[at + 1] - runs[at], at) for at in range(missing, len(runs) - 1) if runs[at] > 7 * DAY)
    assert gap <= days * DAY
    gone = runs[number - missing + 1 : number + 1]
    kept = samples(frozenset(runs) - set(gone), start)
    fired = list(firing(condition, kept, start, range(gone[0] - 30, runs[number + 1] + 60, 4)))
    first, back = gone[-1] + schedules.SLACK + schedules.HELD + 8, runs[number + 1]
    assert fired[0] <= gone[0] + schedules.SLACK + schedules.HELD + 8 + clock(zone).shift
    assert [minute for minute in fired if first <= minute <= back] == [
        m for m in range(gone[0] - 30, back + 1, 4) if m >= first
    ]
    assert all(minute <= back + DELAY for minute in fired)


@pytest.mark.parametrize("period", [5, 10, 15, 20, 30, 60])
def test_a_timer_is_missed_within_two_periods_and_until_it_is_back(period: int) -> None:
    expression = f"*/{period} * * * *" if period < 60 else "0 * * * *"
    condition, _ = schedules.missing("a-job", expression, "UTC") or pytest.fail("no rule")
    runs = frozenset(run for run in range(0, 3 * DAY, period) if not 600 <= run < 2500)
    fired = list(firing(condition, samples(runs, 0), 0, range(120, 3 * DAY)))
    last = 600 - period
    assert last + period < fired[0] <= last + max(2 * period, period + schedules.SEEN + DELAY) + 1
    assert fired == list(range(fired[0], fired[-1] + 1))
    back = min(run for run in runs if run >= 2500)
    assert fired[-1] <= back + DELAY


def test_the_clock_is_late_and_never_early_after_its_last_change() -> None:
    for wall in zones():
        if wall.changes:
            assert wall.changes[-1].after < wall.changes[-1].before


@pytest.mark.slow
@pytest.mark.parametrize("zone", SAMPLE)
def test_prometheus_says_so_too(zone: str, alerts: tuple[Alert, ...], promtool: str, tmp_path: Path) -> None:
    sample = next(alert for alert in alerts if alert.kind == "schedule-missing" and alert.values["cron"] == "0 7 * * *")
    condition, noticed = schedules.missing(sample.values["job"], "0 7 * * *", zone) or pytest.fail("no rule")
    values = {**sample.values, "time_zone": zone, "noticed_within": f"{noticed}m"}
    alert = replace(sample, condition=condition, values=values)
    files = []
    for start in begins(clock(zone)):
        for name, attempts in (("job-paused", 26 * HOUR), ("normal-day", None)):
            scenario = replace(
                cases.scenarios()[name], start=start, attempts=attempts, length=4 * DAY, step=5, signals={}
            )
            rules = tmp_path / f"{start}.rules.yaml"
            rules.write_text(prometheus.text(prometheus.rules([alert], start)))
            document = replay.document([alert], scenario, rules.name, dense=True)
            files.append(tmp_path / f"{name}-{start}.yaml")
            files[-1].write_text(prometheus.text(document))
    done = subprocess.run([promtool, "test", "rules", *map(str, files)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:2000]
