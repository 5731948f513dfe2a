"""When a scheduled job runs, in UTC: enough of cron to say how soon a missing run can be noticed.

Knows five fields of numbers, lists, ranges and steps. Days of the month and months are read but not followed:
a job that is bound to them has no week that repeats, and `weekly_runs` says so with an empty result.
"""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

DAY = 24 * 60
WEEK = 7 * DAY
"""Minutes."""

_FIELD = re.compile(r"(\*|\d+(?:-\d+)?)(?:/(\d+))?")
_LIMITS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))


def values(field: str, low: int, high: int) -> frozenset[int]:
    """Return the numbers that a cron field stands for; empty where it cannot be read."""
    found: set[int] = set()
    for part in field.split(","):
        match = _FIELD.fullmatch(part)
        if not match:
            return frozenset()
        base, step = match[1], int(match[2] or 1)
        first, last = low, high
        if base != "*":
            ends = base.split("-")
            first = int(ends[0])
            last = int(ends[-1]) if len(ends) > 1 or match[2] is None else high
        if step < 1 or not low <= first <= last <= high:
            return frozenset()
        found.update(range(first, last + 1, step))
    return frozenset(found)


def weekly_runs(cron: str, offset: int = 0) -> tuple[int, ...]:
    """Return the minutes of the UTC week, from Sunday 00:00, at which the job runs.

    `offset` is the zone's distance to UTC in hours, -5 for New York in winter; 0 gives local time. Empty where the job
    is bound to days of the month or to months, or where the expression cannot be read.
    """
    fields = cron.split()
    if len(fields) != 5 or fields[2] != "*" or fields[3] != "*":
        return ()
    minutes, hours, _, _, weekdays = (values(f, *limits) for f, limits in zip(fields, _LIMITS, strict=True))
    days = {day % 7 for day in weekdays}
    return tuple(
        sorted(
            (day * DAY + (hour - offset) * 60 + minute) % WEEK for day in days for hour in hours for minute in minutes
        )
    )


def longest_gap(runs: tuple[int, ...]) -> int:
    """Return the longest time between two runs of a week that repeats, in minutes."""
    following = (*runs[1:], runs[0] + WEEK)
    return max(after - before for before, after in zip(runs, following, strict=True))


def offsets(time_zone: str) -> tuple[int, ...]:
    """Return the zone's distances to UTC over a year, in whole hours, smallest first."""
    zone = ZoneInfo(time_zone)
    found = {datetime(2026, month, 1, 12, tzinfo=zone).utcoffset() for month in range(1, 13)}
    return tuple(sorted({int(offset.total_seconds() // 3600) for offset in found if offset is not None}))
