"""Findings: one or more sentences about one thing that is wrong, and the place where it is wrong.

A user's mistake is data, not an exception: checks collect `Finding`s, and a stage that cannot go on raises
`Refused` once, with all of them. Traceback-free error output everywhere rests on this module.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

_PLACES = 5
Severity = Literal["violation", "warning"]
_UNPRINTABLE = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069\\ud800-\\udfff]")


@dataclass(frozen=True, order=True, slots=True)
class Location:
    """A place in the project: `file` is POSIX and relative to the root; `line` and `column` count from 1.

    `shared` says that several things have their value from here, through an anchor or through `defaults`.
    """

    file: str
    line: int | None = None
    column: int | None = None
    shared: bool = field(default=False, compare=False, repr=False)

    def __str__(self) -> str:
        """Return the place the way editors and terminals link it: `file:line:column`."""
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)


def shown(root: Path, path: Path | str) -> str:
    """Return how findings name a file: from the project's root; what lies outside keeps its whole path."""
    top, file = os.path.abspath(root), os.path.abspath(path)
    if file == top:
        return "."
    return file.removeprefix(f"{top}/") if file.startswith(f"{top}/") else str(path)


def printable(text: str) -> str:
    """Return `text` with everything escaped that moves a cursor, hides text or has no form in UTF-8.

    A byte of a file name that is no UTF-8 is shown as that byte.
    """
    return _UNPRINTABLE.sub(lambda found: _escaped(ord(found[0])), text)


def _escaped(code: int) -> str:
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong (`violation`) or worth a look (`warning`).

    `rule` is the id of the contract or loader rule, `message` one or more full sentences that say what is wrong
    and what to do; the place belongs in `at`, not in the text. Whatever a message quotes can be printed.

    `cause` names the one mistake behind it, such as the module that is not there; what has the same cause is told once,
    by the finding that is `at_cause` or else the first, with the places of the others, which are its `same`.
    """

    rule: str
    message: str
    at: Location
    severity: Severity = "violation"
    cause: str = field(default="", compare=False)
    at_cause: bool = field(default=False, compare=False)
    same: tuple[Finding, ...] = field(default=(), compare=False, repr=False)

    def __post_init__(self) -> None:
        if _UNPRINTABLE.search(self.message):
            object.__setattr__(self, "message", printable(self.message))
        if _UNPRINTABLE.search(self.at.file):
            object.__setattr__(self, "at", replace(self.at, file=printable(self.at.file)))

    def __str__(self) -> str:
        """Return `place: sentence [rule]`, one line for a terminal."""
        return f"{self.at}: {self.message} [{self.rule}]"


Problem = tuple[str, Location] | tuple[str, Location, str]
"""A sentence, its place, and the cause where others may tell of it too."""


def violations(rule: str, problems: Iterable[Problem]) -> Iterator[Finding]:
    """Yield a violation of `rule` for each problem."""
    return (Finding(rule, message, at, cause="".join(cause)) for message, at, *cause in problems)


def once(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings without repeats: each cause once.

    What one rule says of several things that share a value is said once, where the value is written, with their number;
    what two rules say in the same words of one place, by the first of them; what follows from one cause, at one place.
    """
    kept: dict[object, list[Finding]] = {}
    for each in dict.fromkeys(findings):
        kept.setdefault((each.rule, each.severity, each.at) if each.at.shared else each, []).append(each)
    worded: dict[object, list[Finding]] = {}
    for each in map(_joined, kept.values()):
        worded.setdefault((each.message, each.at, each.severity), []).append(each)
    causes: dict[object, list[Finding]] = {}
    for each in map(_at_cause, worded.values()):
        causes.setdefault((each.severity, each.cause) if each.cause else each, []).append(each)
    return tuple(_at_cause(same) for same in causes.values())


def _at_cause(same: list[Finding]) -> Finding:
    if len(same) == 1:
        return same[0]
    told = next((each for each in same if each.at_cause), same[0])
    others = [str(each) for each in dict.fromkeys(each.at for each in same) if each != told.at]
    more = f" and {len(others) - _PLACES} places more" if len(others) > _PLACES else ""
    also = f" Also at {', '.join(others[:_PLACES])}{more}." if others else ""
    rest = tuple(one for each in same for one in (each, *each.same) if one is not told)
    return replace(told, message=f"{told.message}{also}", same=rest)


def apart(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings with those that were told with another of the same cause."""
    return [one for each in findings for one in (each, *each.same)]


def _joined(alike: list[Finding]) -> Finding:
    first = alike[0]
    if len(alike) == 1:
        return first
    return replace(
        first,
        message=f"{first.message} Inherited from line {first.at.line} by {len(alike)}, all of which are concerned.",
    )


class Refused(Exception):
    """A stage found violations; `findings` holds all of them, warnings included, ordered by place."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(sorted(findings, key=lambda finding: (finding.at.file, finding.at.line or 0)))
        super().__init__("\n".join(str(finding) for finding in self.findings))
