"""What a redrive on this machine has pulled and not given back: kept in a file, so that a killed one leaves word of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ops.operate.journal import replace_file


class Leases:
    """The word that is left of one dead letter's hold."""

    def __init__(self, file: Path, hold: str) -> None:
        self._file, self._hold = file, hold
        self._before: dict[str, object] | None = None

    def noted(self) -> tuple[int, datetime | None]:
        """Return how many messages an interrupted redrive holds, and until when; 0 and None where none does."""
        try:
            stored = json.loads(self._file.read_text("utf-8"))[self._hold]
            number, until = int(stored["messages"]), datetime.fromisoformat(stored["until"])
        except (OSError, ValueError, KeyError, TypeError):
            return 0, None
        if until <= datetime.now(UTC):
            return 0, None
        self._before = stored
        return number, until

    def note(self, messages: int, seconds: int) -> None:
        """Leave word that `messages` are pulled, each for `seconds` from now at most."""
        until = datetime.now(UTC) + timedelta(seconds=seconds)
        self._write({"messages": messages, "until": until.isoformat()})

    def over(self) -> None:
        """Take our own word back, for all we had is published or given back; what was found before us stays."""
        self._write(self._before)

    def _write(self, word: dict[str, object] | None) -> None:
        try:
            stored = json.loads(self._file.read_text("utf-8"))
        except (OSError, ValueError):
            stored = {}
        others = {name: each for name, each in stored.items() if name != self._hold} if isinstance(stored, dict) else {}
        if word is None and not others:
            self._file.unlink(missing_ok=True)
            return
        replace_file(self._file, json.dumps(others if word is None else {**others, self._hold: word}))
