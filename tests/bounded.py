"""A bound on the time that a piece of a test may take, so that what waits for ever fails instead."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def bounded(seconds: int) -> Iterator[None]:
    """Raise `TimeoutError` in what runs inside for longer; for the main thread, and not nested."""

    def late(_: int, __: FrameType | None) -> None:
        raise TimeoutError(f"nothing was said within {seconds} seconds")

    former = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, former)
