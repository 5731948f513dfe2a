"""The clock of a local run: it goes on by itself, and can be moved forward; every process of the run shows it.

While a day is played it stands, as far as what happens is noted: a machine that takes its time changes no time that is
judged. What processes are shown goes on, since they time their work by it.
"""

from __future__ import annotations

import math
import mmap
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ops.local.moved import FORM


@dataclass(frozen=True)
class _Moved:
    """Since when, by the machine's clock, it is how many seconds ahead, and the time that it was moved to."""

    since: float
    ahead: int
    to: datetime | None = None


class Clock:
    """A clock in a file that `moved.py` reads; it begins as the machine's, and stands while `stands` is set."""

    def __init__(self, file: Path) -> None:
        file.write_bytes(FORM.pack(0))
        with file.open("r+b") as opened:
            self._shown = mmap.mmap(opened.fileno(), FORM.size)
        self.file = file
        self.stands = False
        self._history = [_Moved(0.0, 0)]

    def now(self) -> datetime:
        """Return what it shows."""
        return self.at(datetime.now(UTC))

    def at(self, real: datetime) -> datetime:
        """Return what it showed at a time of the machine's clock."""
        return real + timedelta(seconds=self._moved(real).ahead)

    def noted(self, real: datetime | None = None) -> datetime:
        """Return the time that is noted for what happens now, or happened at a time of the machine's clock."""
        real = real or datetime.now(UTC)
        moved = self._moved(real)
        return moved.to if self.stands and moved.to is not None else self.at(real)

    def _moved(self, real: datetime) -> _Moved:
        moment = real.timestamp()
        return next(each for each in reversed(self._history) if each.since <= moment)

    def move_to(self, at: datetime) -> None:
        """Show this time, or up to a second later; the first move may go back, no other does."""
        ahead, before = math.ceil(at.timestamp() - time.time()), self._history[-1].ahead
        if len(self._history) > 1:
            ahead = max(ahead, before)
        FORM.pack_into(self._shown, 0, ahead)
        self._history.append(_Moved(time.time(), ahead, at))

    def begin_anew(self) -> None:
        """Forget what it showed, so that it may go back."""
        self._history = [_Moved(0.0, self._history[-1].ahead)]
