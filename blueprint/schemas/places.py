"""Turns offsets in a text into places of the file that holds it."""

from __future__ import annotations

from bisect import bisect_right

from blueprint.findings import Location

START = Location("", 1, 1)


class Places:
    """Offsets of one text, whose first character stands at `first` of `file`."""

    def __init__(self, file: str, text: str, first: Location = START) -> None:
        self.file, self.first = file, first
        self._starts = [0, *(index + 1 for index, character in enumerate(text) if character == "\n")]

    def at(self, offset: int) -> Location:
        """The 1-based line and column of the character at `offset`."""
        line = bisect_right(self._starts, offset)
        column = offset - self._starts[line - 1] + 1
        return Location(
            self.file, line + (self.first.line or 1) - 1, column + ((self.first.column or 1) - 1 if line == 1 else 0)
        )
