"""When a schedule comes: one reader of cron, the library's, for contracts, alerts and their replay.

Expressions are unix cron as Cloud Scheduler documents it: five fields of numbers, `*`, lists, ranges, steps and English
names of months and days. What the library understands beyond that is refused.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import cache
from zoneinfo import ZoneInfo

DAY = 24 * 60
"""Minutes."""
RUNS = 100
"""Runs that are looked at to tell the longest time between two."""

_NAMES = "JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC|SUN|MON|TUE|WED|THU|FRI|SAT"
_EXPRESSION = re.compile(rf"(?:[0-9*,/-]|{_NAMES})+(?: (?:[0-9*,/-]|{_NAMES})+){{4}}", re.I)
_SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)


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


def problem(cron: str, time_zone: str = "UTC") -> str | None:
    """Return what is wrong with an expression, or None where it comes."""
    if longest_gap(cron, time_zone) is not None:
        return None
    return f"'{cron}' is no cron expression that ever comes; write five fields: minute, hour, day of month, month, day of week, such as \"0 7 * * *\"."


def shortest_gap(cron: str, time_zone: str) -> int | None:
    """Return the shortest time in seconds between two of the next `RUNS` runs, or None for fewer than two."""
    runs = [run.astimezone(UTC) for run in first_runs(cron, time_zone)]
    return min((int((later - earlier).total_seconds()) for earlier, later in itertools.pairwise(runs)), default=None)


@cache
def first_runs(cron: str, time_zone: str) -> tuple[datetime, ...]:
    """Return the next `RUNS` runs: two expressions that come at the same times have the same, however they are spelled."""
    zone = ZoneInfo(time_zone)
    return tuple(itertools.islice(_runs(cron, datetime(2026, 1, 1, tzinfo=zone), zone), RUNS))


@dataclass(frozen=True)
class CronPattern:
    """When a schedule comes by the clock on the wall: minutes of the day, and the days; None stands for all of them.

    Where `either` is set a day counts if its date or its weekday is named; as cron has it when both are.
    """

    times: tuple[int, ...]
    months: frozenset[int] | None
    days: frozenset[int] | None
    weekdays: frozenset[int] | None
    either: bool

    @property
    def daily(self) -> bool:
        """Say whether every day has the same runs."""
        return self.months is None and self.days is None and self.weekdays is None


@cache
def pattern(cron: str) -> CronPattern | None:
    """Return what an expression asks for, None where it cannot be read or never comes."""
    from cronsim import CronSim

    if longest_gap(cron, "UTC") is None:
        return None
    read = CronSim(cron, _SOME_DAY)
    times = sorted(hour * 60 + minute for hour in read.hours for minute in read.minutes)
    weekdays = {day % 7 for day in read.weekdays if isinstance(day, int)}
    return CronPattern(
        tuple(times),
        None if len(read.months) == 12 else frozenset(read.months),
        None if len(read.days) == 31 else frozenset(read.days),
        None if len(weekdays) == 7 else frozenset(weekdays),
        not read.day_and,
    )
