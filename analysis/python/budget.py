"""How much one closure may load and how long its reading may take."""

from __future__ import annotations

import time

from analysis.python.graph import Closure

MOST_MODULES, MOST_SECONDS = 10_000, 60.0
"""How many modules one entry may load, and how much processor time its reading may take."""


class OverrunError(Exception):
    """A closure is larger or takes longer than anything that is deployed; the text says which."""


class ReadingBudget:
    """Holds the reading of one closure to what anything that is deployed needs."""

    def __init__(self) -> None:
        self._until = time.process_time() + MOST_SECONDS

    def hold(self, closure: Closure) -> None:
        """Raise `OverrunError` where a closure is too large, or its reading takes too long."""
        if len(closure.modules) > MOST_MODULES:
            raise OverrunError(f"it loads more than {MOST_MODULES} modules")
        if time.process_time() > self._until:
            raise OverrunError(f"reading it takes longer than {MOST_SECONDS:.0f} seconds")
