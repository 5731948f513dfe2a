"""Text for people: colour and width where the terminal has them, plain where the output goes to a file or a program.

What is printed holds texts of others: names, values, file contents, messages. On a guarded stream nothing of them reaches
a terminal as a command: every control character is shown as its escape, except for the colours that `Style` writes.
"""

from __future__ import annotations

import io
import os
import re
import secrets
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TextIO, cast

MAX_WIDTH: Final = 100
_CODES: Final = {
    "bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34", "magenta": "35", "cyan": "36"
}  # fmt: skip
_OWN: Final = "\x1b" + secrets.token_hex(8)
"""How a colour begins until it is written; nobody outside this process can know it."""
_CONTROL: Final = re.compile(
    rf"(?!{_OWN})[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]"
)


def clean(text: str) -> str:
    """Return `text` with control characters, what nobody sees and changes of direction as JSON writes them, such as `\\u001b`."""
    return _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


class Guarded:
    """A stream that writes clean text only, `worded` before where that is given; everything else is the stream's own."""

    def __init__(self, stream: TextIO, worded: Callable[[str], str] = str) -> None:
        self.raw, self._worded = stream, worded

    def write(self, text: str) -> int:
        """Write the text, clean."""
        self.raw.write(clean(self._worded(text)).replace(_OWN, "\x1b"))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write each of the texts, clean."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        """Return what the stream itself has under the name."""
        return getattr(self.raw, name)


@contextmanager
def guarded_streams(worded: Callable[[str], str] = str) -> Iterator[None]:
    """Guard standard output and error; a terminal without our signs shows others instead of failing.

    Everything on standard error is for people, so it is `worded`; standard output may be a program's.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # closed by the caller; its number must not become that of a file we open
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115  # as long as the process
            os.set_inheritable(getattr(sys, name).fileno(), True)
    before = sys.stdout, sys.stderr
    for stream in before:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.stdout, sys.stderr = cast(TextIO, Guarded(before[0])), cast(TextIO, Guarded(before[1], worded))
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


@dataclass(frozen=True)
class Style:
    """How to write to one stream: `colour` or not, and how many columns there are."""

    colour: bool = False
    width: int = MAX_WIDTH
    unicode: bool = True

    def paint(self, text: str, *looks: str) -> str:
        """Return `text` in the given looks (`bold`, `dim`, or a colour's name) where there is colour."""
        if not self.colour or not looks or not text:
            return text
        return f"{_OWN}[{';'.join(_CODES[look] for look in looks)}m{text}{_OWN}[0m"

    def heading(self, text: str, note: str = "") -> str:
        """Return a section heading with a quiet note after it."""
        return self.paint(text, "bold") + (f"  {self.paint(note, 'dim')}" if note else "")

    @property
    def branches(self) -> tuple[str, str, str, str]:
        """Return the four pieces a tree is drawn with: child, last child, and what goes below each."""
        return ("├─ ", "└─ ", "│  ", "   ") if self.unicode else ("|- ", "`- ", "|  ", "   ")

    @property
    def tick(self) -> str:
        """Return the sign of something that passed."""
        return self.paint("✓" if self.unicode else "ok", "green")

    @property
    def cross(self) -> str:
        """Return the sign of something that did not."""
        return self.paint("✗" if self.unicode else "x", "red", "bold")


def style_for(stream: TextIO | None = None) -> Style:
    """Return the style for a stream (standard output by default).

    `NO_COLOR` (https://no-color.org) turns colour off and `FORCE_COLOR` on; otherwise a terminal decides. Only a guarded
    stream has colour.
    """
    stream = stream or sys.stdout
    terminal = stream.isatty()
    colour = terminal and os.environ.get("TERM") != "dumb"
    if os.environ.get("FORCE_COLOR"):
        colour = True
    if os.environ.get("NO_COLOR"):
        colour = False
    colour = colour and isinstance(stream, Guarded)
    width = min(shutil.get_terminal_size((MAX_WIDTH, 24)).columns, MAX_WIDTH) if terminal else MAX_WIDTH
    encoding = (getattr(stream, "encoding", None) or "ascii").lower()
    return Style(colour, max(width, 40), encoding.startswith("utf"))


def clip(text: str, width: int, head: float = 0.6) -> str:
    """Return `text` in at most `width` columns; of what is longer, `head` is the part kept before the ellipsis."""
    if len(text) <= width:
        return text
    if width < 2:
        return text[:width]
    first = int((width - 1) * head)
    return f"{text[:first]}…{text[len(text) - (width - first - 1) :]}"


def columns(rows: Iterable[Sequence[str]], right: Sequence[int] = (), gap: str = "  ") -> list[str]:
    """Return rows as lines of aligned columns; `right` are the indices of columns aligned to the right."""
    table = [list(row) for row in rows]
    widths = [max((len(cell) for cell in column), default=0) for column in zip(*table, strict=True)]
    lines = []
    for row in table:
        cells = [
            cell.rjust(width) if index in right else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append(gap.join(cells).rstrip())
    return lines


def count(number: int, thing: str, things: str = "") -> str:
    """Return `1 resource`, `1,200 resources`."""
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"


NAMED = 3
"""Things that a sentence names of those for which it holds; the number of the others is enough."""


def some(names: Sequence[str]) -> str:
    """Return the first names as they are, and how many there are besides: `a, b, c and 4 more`."""
    listed, left = ", ".join(names[:NAMED]), len(names) - NAMED
    return f"{listed} and {left} more" if left > 0 else listed


def size(number: int) -> str:
    """Return bytes as people read them: `812 B`, `48.2 KB`."""
    if number < 1000:
        return f"{number} B"
    return f"{number / 1000:.1f} KB" if number < 1_000_000 else f"{number / 1_000_000:.1f} MB"
