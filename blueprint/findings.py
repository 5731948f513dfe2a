"""What every check returns: a sentence about one thing that is wrong, and the place where it is wrong.

A user's mistake is data, not an exception: checks collect `Finding`s, and a stage that cannot go on raises
`Refused` once, with all of them. Traceback-free error output everywhere rests on this module.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["violation", "warning"]


@dataclass(frozen=True, order=True, slots=True)
class Location:
    """A place in the project: `file` is POSIX and relative to the root; `line` and `column` count from 1."""

    file: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        """Return the place the way editors and terminals link it: `file:line:column`."""
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong (`violation`) or worth a look (`warning`).

    `rule` is the id of the contract or loader rule, `message` one or more full sentences that say what is wrong
    and what to do; the place belongs in `at`, not in the text.
    """

    rule: str
    message: str
    at: Location
    severity: Severity = "violation"

    def __str__(self) -> str:
        """Return `place: sentence [rule]`, one line for a terminal."""
        return f"{self.at}: {self.message} [{self.rule}]"


class Refused(Exception):
    """A stage found violations; `findings` holds all of them, warnings included, ordered by place."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(sorted(findings, key=lambda finding: (finding.at.file, finding.at.line or 0)))
        super().__init__("\n".join(str(finding) for finding in self.findings))
