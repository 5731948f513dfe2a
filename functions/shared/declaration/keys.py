"""What a completion is for: a date, an hour, or a batch with an id of its own. Each has its own document.

| `key` | Written | Belongs to the day |
|---|---|---|
| `date` | `2026-01-29`, a day in the pipeline's time zone | that day |
| `hour` | `2026-01-29T17Z`, in UTC | on which it begins in the time zone |
| `batch` | an id such as `run-0042` | none |

An hour is in UTC because a local one comes twice in autumn, and would be one document for two hours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

KeyKind = Literal["date", "hour", "batch"]
Side = Literal["before_today", "today", "after_today"]
_FORMS = {
    "date": re.compile(r"\d{4}-\d{2}-\d{2}"),
    "hour": re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}Z"),
    "batch": re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+-]{0,199}"),
}
EXAMPLES = {"date": "2026-01-29", "hour": "2026-01-29T17Z", "batch": "run-0042"}
_HOUR = "%Y-%m-%dT%HZ"


@dataclass(frozen=True, slots=True)
class Key:
    """How the keys of one pipeline are written, and what they mean."""

    kind: KeyKind

    def fits(self, value: object) -> bool:
        """Return whether a value is such a key."""
        if not isinstance(value, str) or not _FORMS[self.kind].fullmatch(value):
            return False
        try:
            begun = self._begin(value)
        except ValueError:
            return False
        return begun is None or 1900 <= begun.year < 2200

    def day(self, value: str, zone: ZoneInfo) -> date | None:
        """Return the day that a key belongs to, None for a batch; raises `ValueError` for what is no such key."""
        begun = self._begin(value)
        return begun.astimezone(zone).date() if isinstance(begun, datetime) else begun

    def side(self, value: str, now: datetime, zone: ZoneInfo) -> Side | None:
        """Return whether a key's day is before, on or after the day of `now`; None where it belongs to none."""
        day, today = self.day(value, zone), now.astimezone(zone).date()
        if day is None:
            return None
        return "today" if day == today else "before_today" if day < today else "after_today"

    def end(self, value: str, zone: ZoneInfo) -> datetime | None:
        """Return when what a key is for is over; None where nobody can know."""
        begun = self._begin(value)
        if begun is None or isinstance(begun, datetime):
            return begun and begun + timedelta(hours=1)
        return datetime.combine(begun + timedelta(days=1), time(), zone)

    def parameter(self, value: str) -> date | str:
        """Return a key as queries take it: a date as a DATE, everything else as it is written."""
        begun = self._begin(value)
        return value if begun is None or isinstance(begun, datetime) else begun

    @property
    def sql_type(self) -> Literal["DATE", "STRING"]:
        """Return the GoogleSQL type of that parameter, and of the column that holds it."""
        return "DATE" if self.kind == "date" else "STRING"

    def recent(self, now: datetime, zone: ZoneInfo) -> list[str]:
        """Return the key before the current one, and that; none where keys follow no clock."""
        if self.kind == "date":
            today = now.astimezone(zone).date()
            return [(today - timedelta(days=1)).isoformat(), today.isoformat()]
        if self.kind == "hour":
            return [f"{each.astimezone(UTC):{_HOUR}}" for each in (now - timedelta(hours=1), now)]
        return []

    def span(self, first: str, last: str, most: int) -> list[str]:
        """Return every key from one to another, both included.

        Raises `ValueError` where one is none, they run backwards, or they are more than `most`.
        """
        if not (self.fits(first) and self.fits(last)):
            raise ValueError(first)
        start, end = self._begin(first), self._begin(last)
        if self.kind == "batch" or start is None or end is None:
            if first == last:
                return [first]
            raise ValueError(first)
        step = timedelta(hours=1) if self.kind == "hour" else timedelta(days=1)
        count = (end - start) // step
        if not 0 <= count < most:
            raise OverflowError(count)
        return [self._written(start + number * step) for number in range(count + 1)]

    def _begin(self, value: str) -> date | datetime | None:
        if self.kind == "batch":
            return None
        if not _FORMS[self.kind].fullmatch(value):
            raise ValueError(value)
        return datetime.strptime(value, _HOUR).replace(tzinfo=UTC) if self.kind == "hour" else date.fromisoformat(value)

    def _written(self, begun: date | datetime) -> str:
        return f"{begun:{_HOUR}}" if isinstance(begun, datetime) else begun.isoformat()
