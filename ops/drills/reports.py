"""What is recorded, recreated and reported of incidents, and the table of all drills."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blueprint.findings import Finding
from ops.coverage import checks
from ops.incidents import Cover, Incident, incidents, records
from ops.terminal import Style, count

if TYPE_CHECKING:
    from ops.local.days import Day

Case = dict[str, Any]


@dataclass(frozen=True)
class Reports:
    """A project's incidents, the failures recreated of them, and what reports them once they are deployed."""

    incidents: tuple[Incident, ...]
    cases: tuple[Case, ...]
    covers: tuple[Cover, ...]
    days: Mapping[int, tuple[str, ...]]

    @classmethod
    def of(cls, root: Path) -> Reports:
        """Read them; a project without such files has none."""
        recorded = incidents(root)
        return cls(recorded, tuple(records(root)), checks(root) if recorded else (), _days(root))

    def matching(self, name: str) -> list[Case]:
        """Return the failures of an incident's number, or whose text holds the words."""
        if name.isdigit():
            return [case for case in self.cases if case["incident"] == int(name)]
        words = name.casefold().replace("-", " ").split()
        return [case for case in self.cases if words and all(each in case["what"].casefold() for each in words)]

    def one_each(self) -> list[Case]:
        """Return one failure of each incident."""
        found = (self.first(each.number) for each in self.incidents)
        return [case for case in found if case]

    def first(self, number: int) -> Case | None:
        """Return the first failure of an incident that can be judged without a start."""
        return next((case for case in self.cases if case["incident"] == number and "starts" not in case), None)

    def after(self, number: int) -> Iterator[str]:
        """Yield what reports an incident after a deployment, and the days in which the pipeline lives through it."""
        for cover in self.covers:
            if number in cover.incidents and cover.sort in ("alert", "command"):
                yield f"{cover.sort} {cover.id}{_within(cover.id) if cover.sort == 'alert' else ''}"
        for day in self.days.get(number, ()):
            yield f"day {day}"


def _days(root: Path) -> dict[int, tuple[str, ...]]:
    """Return the days in which the pipeline lives through each incident, with what reports it there, and how soon."""
    from zoneinfo import ZoneInfo

    from ops.local import days

    found: dict[int, tuple[str, ...]] = {}
    for name in days.names(root):
        day = days.load(root, name, ZoneInfo("UTC"))
        for number in day.incidents:
            found[number] = (*found.get(number, ()), f"{name}{_reported(day)}")
    return found


def _reported(day: Day) -> str:
    """Return by when, after a day's fault, the first alert must have fired; empty where it has no fault or no alert."""
    soon = sorted((day.at(time), alert.rpartition("--")[2]) for alert, time in day.expect.alerts.items())
    if day.fault is None or not soon:
        return ""
    at, alert = soon[0]
    return f", reported by {alert} within {count((at - day.fault) // timedelta(minutes=1), 'minute')}"


def _within(kind: str) -> str:
    """Return how soon the cases of a kind of alert hold that it fires."""
    from blueprint.alerts import cases

    texts = [each.within for each in cases.load(kind).fires if each.within[:1].isdigit() and each.within != "0m"]
    return f" within {min(texts, key=cases.minutes)}" if texts else ""


@dataclass
class DrillTable:
    """The table of all drills, row by row."""

    reports: Reports
    escaped: list[int] = field(default_factory=list)
    refused: int = 0

    def row(self, incident: Incident, found: Sequence[Finding] | None) -> str:
        """Return the row of one incident, with what refuses it; None where nothing of it can be judged before."""
        if found:
            self.refused += 1
            before = f"refused: {found[0].rule} {found[0].at}"
        elif found is not None:
            self.escaped.append(incident.number)
            before = "NOT REFUSED"
        else:
            before = "nothing to refuse" if not incident.before else "held by tests"
        after = "; ".join(self.reports.after(incident.number)) or "–"
        return f"{incident.number:>2}  {incident.what}\n    {before}\n    {after}"

    def summary(self, style: Style) -> str:
        """Return the last line."""
        if self.escaped:
            return f"{style.cross} Not refused: {', '.join(map(str, self.escaped))}."
        silent = len(self.reports.incidents) - self.refused
        return f"{style.tick} {self.refused} of {len(self.reports.incidents)} incidents are refused before deployment; {silent} show only in the running system, or in tests."
