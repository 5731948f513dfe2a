"""When a schedule comes: one reader of cron, the library's, for contracts, alerts and their replay.

Expressions are unix cron as Cloud Scheduler documents it: five fields of numbers, `*`, lists, ranges, steps and English
names of months and days. What the library understands beyond that is refused.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from zoneinfo import ZoneInfo

DAY = 24 * 60
WEEK = 7 * DAY
"""Minutes."""
RUNS = 100
"""Runs that are looked at to tell the longest time between two."""

_NAMES = "JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC|SUN|MON|TUE|WED|THU|FRI|SAT"
_EXPRESSION = re.compile(rf"(?:[0-9*,/-]|{_NAMES})+(?: (?:[0-9*,/-]|{_NAMES})+){{4}}", re.I)
_SUNDAY = datetime(2026, 1, 4, tzinfo=UTC)


def _runs(cron: str, since: datetime, zone: tzinfo) -> Iterator[datetime]:
    """Yield the runs after `since`; none where the expression cannot be read or never comes."""
    from cronsim import CronSim, CronSimError

    if not _EXPRESSION.fullmatch(cron):
        return
    try:
        yield from CronSim(cron, since.astimezone(zone))
    except (CronSimError, ValueError):
        return


@cache
def longest_gap(cron: str, time_zone: str) -> int | None:
    """Return the longest time in seconds between two of the next `RUNS` runs, or None for no schedule that comes."""
    zone = ZoneInfo(time_zone)
    start = datetime(2026, 1, 1, tzinfo=zone)
    runs = list(itertools.islice(_runs(cron, start, zone), RUNS))
    gaps = (later - earlier for earlier, later in itertools.pairwise([start, *runs]))
    return int(max(gaps).total_seconds()) if runs else None


@cache
def first_runs(cron: str, time_zone: str) -> tuple[datetime, ...]:
    """Return the next `RUNS` runs: two expressions that come at the same times have the same, however they are spelled."""
    zone = ZoneInfo(time_zone)
    return tuple(itertools.islice(_runs(cron, datetime(2026, 1, 1, tzinfo=zone), zone), RUNS))


@cache
def weekly_runs(cron: str, offset: int = 0) -> tuple[int, ...]:
    """Return the minutes of the UTC week, from Sunday 00:00, at which the job runs.

    `offset` is the zone's distance to UTC in hours, -5 for New York in winter; 0 gives local time. Empty where the job
    is bound to days of the month or to months, which no week repeats, or where the expression cannot be read.
    """
    if cron.split()[2:4] != ["*", "*"]:
        return ()
    until = _SUNDAY + timedelta(minutes=WEEK)
    runs = itertools.takewhile(lambda run: run < until, _runs(cron, _SUNDAY - timedelta(minutes=1), UTC))
    return tuple(sorted((int((run - _SUNDAY).total_seconds()) // 60 - offset * 60) % WEEK for run in runs))


def weekly_gap(runs: tuple[int, ...]) -> int:
    """Return the longest time between two runs of a week that repeats, in minutes."""
    following = (*runs[1:], runs[0] + WEEK)
    return max(after - before for before, after in zip(runs, following, strict=True))


def offsets(time_zone: str) -> tuple[int, ...]:
    """Return the zone's distances to UTC over a year, in whole hours, smallest first."""
    zone = ZoneInfo(time_zone)
    found = {datetime(2026, month, 1, 12, tzinfo=zone).utcoffset() for month in range(1, 13)}
    return tuple(sorted({int(offset.total_seconds() // 3600) for offset in found if offset is not None}))
