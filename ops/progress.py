"""What a terminal shows while something long runs: one line per stage, redrawn each second. Elsewhere it is silent, or a line."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

from ops.terminal import Guarded, clean, clip

BEAT = 1.0
"""Seconds between two looks; a stage that ends before the first leaves no line."""


@contextmanager
def stage(what: str, detail: Callable[[], str] = str, *, lines: bool = False) -> Iterator[None]:
    """Show `what`, `detail` and the seconds until the block ends, then how long it took; with `lines` elsewhere a line."""
    if not sys.stderr.isatty():
        if lines:
            print(f"{what} …", file=sys.stderr, flush=True)
        yield
        return
    stream = sys.stderr.raw if isinstance(sys.stderr, Guarded) else sys.stderr
    begun, ended = time.monotonic(), Event()
    width = shutil.get_terminal_size().columns - 1

    def line(end: str = "") -> None:
        said = detail()
        text = f"{what}{f' ({said})' if said else ''}, {time.monotonic() - begun:.0f} s"
        print(f"\r\033[K{clip(clean(text), width, head=0.7)}", end=end, file=stream, flush=True)

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
        if time.monotonic() - begun >= BEAT:
            line(end="\n")
        else:
            print("\r\033[K", end="", file=stream, flush=True)
