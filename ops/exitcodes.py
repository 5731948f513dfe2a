"""What every command's exit code says; scripts and workflows rely on these numbers."""

from __future__ import annotations

from typing import Final

SOUND: Final = 0
REFUSED: Final = 1
USAGE: Final = 2
DIFFERENCE: Final = 3
UNKNOWN: Final = 4
"""The question could not be answered: no login, no answer, not readable. It is neither sound nor refused."""
NOTHING_DUE: Final = 5
"""Nothing is there, and nothing should be: no work for the date, or not yet time. It was looked at, unlike `UNKNOWN`."""
HELP: Final = """\
exit codes: 0 sound, healthy; 1 wrong, refused; 2 wrong usage;
            3 a difference or warning that is not a fault, or something would be done;
            4 not known: what was asked could not be seen; 5 nothing due"""
