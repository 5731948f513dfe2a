"""What every command's exit code says; scripts and workflows rely on these numbers."""

from __future__ import annotations

from typing import Final

SOUND: Final = 0
REFUSED: Final = 1
USAGE: Final = 2
DIFFERENCE: Final = 3
UNKNOWN: Final = 4
"""The question could not be answered: no login, no answer, not readable. It is neither sound nor refused."""
HELP: Final = "exit codes: 0 sound, 1 refused, 2 wrong usage, 3 a difference was found that is not a fault,\n            4 not known: what was asked could not be seen"
