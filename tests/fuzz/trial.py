"""One input given to one reader: no exception, an answer in time, and nothing in it that moves a terminal or ends a code span."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from ops.change.render import code
from ops.terminal import clean
from tests.fuzz.readers import Reader

SECONDS = 10
"""An input is some kilobytes; a reader needs milliseconds."""
MOST = 200_000
"""Characters that an answer may have."""


def fault(reader: Reader, content: bytes) -> str:
    """Return what is wrong with how a reader takes an input, or nothing."""
    try:
        with _bounded(SECONDS):
            said = [*reader.read(content)]
    except Exception as error:  # noqa: BLE001  # whatever a reader raises is what is looked for
        return f"{type(error).__name__}: {str(error)[:200]}"
    for line in said:
        if clean(line) != line:
            return f"it says what moves a terminal: {line[:200]!r}"
        if "`" in code(line)[1:-1]:
            return f"it leaves its code span: {line[:200]!r}"
    length = sum(map(len, said))
    return f"it says {length} characters" if length > MOST else ""


@contextmanager
def _bounded(seconds: int) -> Iterator[None]:
    def late(_: int, __: FrameType | None) -> None:
        raise TimeoutError(f"nothing was said within {seconds} seconds")

    former = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, former)
