"""What a terminal shows while something long runs: one line per stage, redrawn each second. Silent everywhere else."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

BEAT = 1.0


@contextmanager
def stage(what: str, detail: Callable[[], str] = str) -> Iterator[None]:
    """Show `what`, `detail` and the seconds until the block ends, then how long it took."""
    if not sys.stderr.isatty():
        yield
        return
    begun, ended = time.monotonic(), Event()

    def line(end: str = "") -> None:
        said = detail()
        seconds = f"{time.monotonic() - begun:.0f} s"
        print(f"\r\033[K{what}{f' ({said})' if said else ''}, {seconds}", end=end, file=sys.stderr, flush=True)

    def draw() -> None:
        line()
        while not ended.wait(BEAT):
            line()

    drawing = Thread(target=draw, daemon=True)
    drawing.start()
    try:
        yield
    finally:
        ended.set()
        drawing.join()
        line(end="\n")
