"""What functions write to their logs, as Cloud Logging stores it, each line with the time that the run's clock showed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ops.local.clock import Clock
from ops.local.processes import FunctionProcess


@dataclass(frozen=True)
class Line:
    """One log entry of a function, and when it was seen."""

    at: datetime
    function: str
    entry: Mapping[str, Any]


class Lines:
    """Reads the functions' logs as they grow, so that each line is known with the time at which it came."""

    def __init__(self, clock: Clock, functions: Mapping[str, FunctionProcess]) -> None:
        self._clock = clock
        self._functions = functions
        self._read = dict.fromkeys(functions, 0)
        self.found: list[Line] = []

    def begin_anew(self) -> None:
        """Forget what was written, also what nobody read yet."""
        self.read()
        self.found.clear()

    def read(self) -> None:
        """Take down what was written since the last look; a line that has no end yet waits for the next."""
        now = self._clock.noted()
        for name, function in self._functions.items():
            with function.log.open("rb") as file:
                file.seek(self._read[name])
                whole, end, _ = file.read().rpartition(b"\n")
            self._read[name] += len(whole) + len(end)
            self.found += [Line(now, name, entry_of(name, line)) for line in whole.splitlines() if line.strip()]

    def told_by_platform(self, function: str, text: str, severity: str) -> None:
        """Add what the platform itself writes about a function's container."""
        entry = {"severity": severity, "textPayload": text, "resource": _resource(function)}
        self.found.append(Line(self._clock.noted(), function, entry))


def entry_of(function: str, line: bytes) -> dict[str, Any]:
    """Return a line as an entry: of a JSON object the severity is lifted and the rest is the payload, else it is text."""
    text = line.decode("utf-8", "replace")
    try:
        payload = json.loads(text)
    except ValueError:
        payload = None
    if not isinstance(payload, dict):
        return {"severity": "DEFAULT", "textPayload": text, "resource": _resource(function)}
    severity = payload.pop("severity", "DEFAULT")
    return {"severity": severity, "jsonPayload": payload, "resource": _resource(function)}


def _resource(function: str) -> dict[str, Any]:
    return {
        "type": "cloud_run_revision",
        "labels": {"service_name": function, "revision_name": f"{function}-00001-run"},
    }
