"""The clock on the wall of a time zone, as arithmetic on UTC that a condition can do.

Cloud Monitoring evaluates in UTC and knows no zones. The zone's distance to UTC is written into the condition as what
it is now plus what each change of the clocks adds from its moment on, read from the tz database; so it is right in every
zone, by the minute, in summer and in winter, and a plan changes only when the rules of the zone do.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from analysis.promql.expression import Binary, Expression, FunctionCall, Number, binary

SINCE, UNTIL = datetime(2026, 1, 1, tzinfo=UTC), datetime(2034, 1, 1, tzinfo=UTC)
"""Changes of the clocks that are written down. After the last one the clock stands at the zone's smallest distance to
UTC, so what waits for a local time comes late then, never early."""


@dataclass(frozen=True)
class ClockChange:
    """A change of the clocks: the moment in seconds since 1970, and the distance to UTC before and after in seconds."""

    moment: int
    before: int
    after: int


@dataclass(frozen=True)
class ZoneClock:
    """The zone's distance to UTC in seconds at `SINCE`, and its changes."""

    base: int
    changes: tuple[ClockChange, ...]

    @property
    def shift(self) -> int:
        """Return the largest change in minutes, 0 where the clocks are never changed."""
        return max((abs(change.after - change.before) for change in self.changes), default=0) // 60

    def uncertain(self, time: int) -> bool:
        """Say whether a change skips or repeats this minute of the day: a run then may come at the one or the other."""
        for change in self.changes:
            earlier, later = sorted((change.before, change.after))
            first = (change.moment + earlier) // 60
            if (time - first) % (24 * 60) < (later - earlier) // 60:
                return True
        return False

    def ago(self, minutes: int) -> Expression:
        """Return what the clock on the wall showed `minutes` ago, in seconds, as a series of one value."""
        now: Expression = FunctionCall("time")
        since = self.base - minutes * 60
        for step, moment in ((since, None), *((c.after - c.before, c.moment) for c in self.changes)):
            size: Expression = Number(abs(step))
            if moment is not None:
                size = binary(size, "*", Binary(">=", FunctionCall("time"), Number(moment), boolean=True))
            now = binary(now, "-" if step < 0 else "+", size) if step else now
        return FunctionCall("vector", (now,))


@cache
def clock(time_zone: str) -> ZoneClock:
    """Return the clock of a zone of the tz database."""
    zone = ZoneInfo(time_zone)
    changes, day = [], SINCE
    while day < UNTIL:
        following = day + timedelta(days=7)  # No zone has two changes in a week.
        if _distance(zone, day) != _distance(zone, following):
            changes.append(_change(zone, int(day.timestamp()), int(following.timestamp())))
        day = following
    while changes and changes[-1].after > changes[-1].before:
        changes.pop()
    return ZoneClock(_distance(zone, SINCE), tuple(changes))


def _distance(zone: ZoneInfo, moment: datetime) -> int:
    offset = moment.astimezone(zone).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())


def _change(zone: ZoneInfo, low: int, high: int) -> ClockChange:
    """Return the one change between two moments, by halving."""
    before, after = (_distance(zone, datetime.fromtimestamp(moment, UTC)) for moment in (low, high))
    while high - low > 1:
        middle = (low + high) // 2
        if _distance(zone, datetime.fromtimestamp(middle, UTC)) == before:
            low = middle
        else:
            high = middle
    return ClockChange(high, before, after)
