"""Asks Google's analyzer, which runs in an environment of its own (`make sql` builds it)."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[3]
HOME = ROOT / ".cache" / "googlesql"
PYTHON = HOME / "env" / "bin" / "python"
READY = HOME / "env" / "ready"


class Verdict(NamedTuple):
    """What the analyzer says: why it refuses, or the columns that a query returns."""

    refusal: str | None
    columns: list[tuple[str, str]]


class Analyzer:
    """One running analyzer."""

    def __init__(self) -> None:
        judge = Path(__file__).with_name("judge.py")
        self._process = subprocess.Popen(
            [str(PYTHON), str(judge), str(HOME)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, tables: Mapping[str, str], statements: Sequence[str]) -> list[Verdict]:
        """The verdict on each statement against `tables`, `ds.t` → `a INT64, b STRING`."""
        answers = self._call({"tables": dict(tables), "statements": list(statements)})
        return [Verdict(refusal, [(name, kind) for name, kind in columns]) for refusal, columns in answers]

    def functions(self) -> dict[str, list[str]]:
        """Each function's mode and signatures."""
        found: dict[str, list[str]] = self._call({"functions": True})
        return found

    def close(self) -> None:
        """End the analyzer."""
        self._process.communicate()

    def _call(self, request: Any) -> Any:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(request) + "\n")
        stdin.flush()
        line = stdout.readline()
        assert line, "the analyzer ended"
        return json.loads(line)
