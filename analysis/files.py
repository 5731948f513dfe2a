"""Reading files that a user wrote, and writing files that other processes may read meanwhile."""

from __future__ import annotations

import os
import re
import stat
import tempfile
from pathlib import Path
from typing import BinaryIO, Final

_UNRESOLVED: Final = re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file, and its folder where there is none, so that a reader finds the old content or the new, never a part.

    Raises `OSError` where the folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        os.replace(partial, path)
    except OSError:
        os.unlink(partial)
        raise


class Unreadable(Exception):
    """A file is there and cannot be read as text; the text is a sentence that says why, `line` where it is known."""

    def __init__(self, message: str, line: int | None = None) -> None:
        self.line = line
        super().__init__(message)


MAX_INPUT = 10_000_000
"""Bytes of a file that somebody wrote by hand, at most."""


def leads_out(path: Path, folder: Path) -> bool:
    """Return whether a path below `folder` leads out of it by a link."""
    return not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def read_input(path: Path, limit: int = MAX_INPUT, *, within: Path | None = None) -> str:
    """Return the text of a file that a user wrote; line ends as written, without a byte order mark.

    Never waits: what is no regular file (a pipe, a device, a folder) is refused, not opened for good. Raises
    `Unreadable` where the file cannot be read whole, holds an unresolved merge, or a link leads out of the folder
    `within`, and the file's own sentence with it.
    """
    if within is not None and leads_out(path, within):
        raise Unreadable("The file is reached by a link that leads out of the project; copy the file into the project.")
    data = read_bytes(path, limit)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise Unreadable("The file is not UTF-8; save it as UTF-8.", line) from None
    if (marker := _UNRESOLVED.search(text)) is not None:
        line = text.count("\n", 0, marker.start()) + 1
        raise Unreadable("The file is in the middle of a conflict: a merge left both sides here; keep one.", line)
    return text


def read_bytes(path: Path, limit: int = MAX_INPUT) -> bytes:
    """Return the bytes of a file that a user wrote; see `read_input`."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise Unreadable(f"The file cannot be read: {_reason(error)}; correct that.") from None
    with (
        os.fdopen(handle, "rb", closefd=True) if stat.S_ISREG(os.fstat(handle).st_mode) else _refused(handle) as stream
    ):
        try:
            data = stream.read(limit + 1)
        except OSError as error:
            raise Unreadable(f"The file cannot be read: {_reason(error)}; correct that.") from None
    if len(data) > limit:
        raise Unreadable(f"The file is larger than {limit:,} bytes, which nobody writes by hand; make it smaller.")
    return data


def _refused(handle: int) -> BinaryIO:
    kind = stat.S_IFMT(os.fstat(handle).st_mode)
    os.close(handle)
    what = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}.get(kind, "a device")
    raise Unreadable(f"This is {what} where a file is wanted; put a file there.")


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror or "it does not open").lower() if isinstance(error, OSError) else "its name is no file name"
