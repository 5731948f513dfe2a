"""Runs a Python module on a clock that somebody else moves: `python moved.py CLOCK MODULE [ARGUMENT...]`.

CLOCK is a file of eight bytes: how many seconds the clock is ahead. It stands in for the machine's clock where code asks
`datetime`, and for the database's, whose time comes with each answer. What libraries time their calls by (`time`) stays
real, so that a moved clock ends no call. It needs nothing but the standard library, as it runs in the functions' own
environments, and what it runs is not changed.
"""

from __future__ import annotations

import datetime
import mmap
import os
import runpy
import struct
import sys
from collections.abc import Callable, Iterator
from typing import Any

FORM = struct.Struct("q")
Real = datetime.datetime


def install(clock: str) -> None:
    """Have `datetime` and the database's client tell the time of the clock in this file."""
    with open(clock, "rb") as file:
        shown = mmap.mmap(file.fileno(), FORM.size, access=mmap.ACCESS_READ)

    def ahead() -> int:
        seconds: int = FORM.unpack_from(shown)[0]
        return seconds

    class Kind(type):
        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, Real) if cls is Moved else super().__instancecheck__(instance)

    class Moved(Real, metaclass=Kind):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Any:
            at = Real.now(datetime.UTC) + datetime.timedelta(seconds=ahead())
            return at.astimezone(tz) if tz else at.astimezone().replace(tzinfo=None)

        @classmethod
        def utcnow(cls) -> Any:
            return cls.now(datetime.UTC).replace(tzinfo=None)

    datetime.datetime = Moved  # type: ignore[misc]  # what this module is for
    _move_database(ahead)


def _move_database(ahead: Callable[[], int]) -> None:
    try:
        from google.cloud.firestore_v1.services.firestore import FirestoreClient
    except ImportError:
        return
    for name in ("batch_get_documents", "run_query"):
        setattr(FirestoreClient, name, _told_later(getattr(FirestoreClient, name), ahead))


def _told_later(call: Callable[..., Any], ahead: Callable[[], int]) -> Callable[..., Iterator[Any]]:
    def moved(*arguments: Any, **named: Any) -> Iterator[Any]:
        for answer in call(*arguments, **named):
            type(answer).pb(answer).read_time.seconds += ahead()
            yield answer

    return moved


if __name__ == "__main__":
    sys.path[0] = os.getcwd()
    install(sys.argv[1])
    del sys.argv[:2]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
