"""How far a repair of a range came, kept in a file that is always whole; and that one repair runs at a time here.

Repairs on other machines are kept apart by the engine's own lease on each date.
"""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ops.answers import Unseen


class Journal:
    """The dates and boundaries of one job that are done, in a `file` that is there while the job is not finished.

    `job` says what it is: project, dates, options. What another job, or this one before a `fresh` start, did is forgotten.
    """

    def __init__(self, file: Path, job: str, *, fresh: bool = False) -> None:
        self._file, self._job = file, job
        self._done: list[str] = [] if fresh else self._read()

    def done(self, step: str) -> bool:
        """Return whether a step is done."""
        return step in self._done

    def note(self, step: str) -> None:
        """Record that a step is done; the file is replaced whole, so a kill leaves the old one or the new one."""
        self._done.append(step)
        replace_file(self._file, json.dumps({"job": self._job, "done": self._done}))

    def clear(self) -> None:
        """Forget the job: it is finished."""
        self._file.unlink(missing_ok=True)

    def _read(self) -> list[str]:
        try:
            stored = json.loads(self._file.read_text("utf-8"))
            return [str(each) for each in stored["done"]] if stored["job"] == self._job else []
        except (OSError, ValueError, KeyError, TypeError):
            return []


def replace_file(file: Path, text: str) -> None:
    """Write a file whole: beside its place, to the disk, then into its place."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(name, file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@contextmanager
def alone(file: Path) -> Iterator[None]:
    """Hold a lock file while the block runs; raises `Unseen` where another process holds it. A kill lets go of it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a+", encoding="utf-8") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            stream.seek(0)
            holder = stream.read().strip() or "unknown"
            message = (
                f"Another repair runs here (process {holder}), so what the dates need is not known yet; wait for it."
            )
            raise Unseen(message) from None
        stream.truncate(0)
        stream.write(str(os.getpid()))
        stream.flush()
        yield
