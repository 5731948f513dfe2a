"""The clock of a local run: it goes on by itself, and can be moved forward; every process of the run shows it."""

from __future__ import annotations

import math
import mmap
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ops.local.moved import FORM


class Clock:
    """A clock in a file that `moved.py` reads; it begins as the machine's."""

    def __init__(self, file: Path) -> None:
        file.write_bytes(FORM.pack(0))
        with file.open("r+b") as opened:
            self._shown = mmap.mmap(opened.fileno(), FORM.size)
        self.file = file
        self._history: list[tuple[float, int]] = [(0.0, 0)]

    @property
    def ahead(self) -> int:
        """Return how many seconds it is ahead of the machine's."""
        return self._history[-1][1]

    def now(self) -> datetime:
        """Return what it shows."""
        return self.at(datetime.now(UTC))

    def at(self, real: datetime) -> datetime:
        """Return what it showed at a time of the machine's clock."""
        moment = real.timestamp()
        ahead = next(ahead for since, ahead in reversed(self._history) if since <= moment)
        return real + timedelta(seconds=ahead)

    def move_to(self, at: datetime) -> None:
        """Show this time, or up to a second later; the first move may go back, no other does."""
        ahead = math.ceil(at.timestamp() - time.time())
        if len(self._history) > 1 and ahead < self.ahead:
            return
        FORM.pack_into(self._shown, 0, ahead)
        self._history.append((time.time(), ahead))

    def begin_anew(self) -> None:
        """Forget what it showed, so that it may go back."""
        self._history = [(0.0, self.ahead)]
