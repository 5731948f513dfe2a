"""Everything that operators look at each morning, read once: phases, dates, dead letters, and what is deployed.

Each part is looked at by itself: one that cannot be seen is a problem of its own and hides no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from blueprint.operations import answer
from ops.answers import Answer, DateProblem, merged, worst
from ops.operate.cloud import DataPlane, DataPlaneError, Row
from ops.operate.daily import DateCheck, check
from ops.operate.letters import problems_of, waiting_of
from ops.operate.target import Target
from ops.terminal import count

Json = dict[str, Any]
T = TypeVar("T")
UNHEALTHY = "UNHEALTHY"
"""The state of a processor whose last run failed, as the view says it."""
Deployed = tuple[int, Sequence[DateProblem]]
"""How many deployed things were looked at, and what is wrong with them or not known."""


@dataclass(frozen=True)
class PhaseLine:
    """How a phase fares, whatever the date: `missing` are expected processors that never ran or failed last."""

    phase: str
    last_success_at: datetime | None
    failures_24h: int
    missing: tuple[str, ...]

    def as_json(self) -> Json:
        """Return it as `--json` prints it."""
        last = self.last_success_at.isoformat() if self.last_success_at else None
        return {**vars(self), "last_success_at": last, "missing": list(self.missing)}


@dataclass
class Overview:
    """What was found; a part that is None could not be seen, and `problems` says why."""

    at: datetime
    phases: list[PhaseLine] | None = None
    dates: list[DateCheck] = field(default_factory=list)
    data: dict[str, list[Row] | None] = field(default_factory=dict)
    letters: dict[str, int | None] = field(default_factory=dict)
    deployed: int | None = None
    others: list[DateProblem] = field(default_factory=list)

    @property
    def problems(self) -> list[DateProblem]:
        """Return every problem, worst first, each cause once."""
        dated = [each for date in self.dates for each in date.problems]
        return merged([*dated, *self.others])

    @property
    def answer(self) -> Answer:
        """Return the verdict."""
        return worst([*(each.answer for each in self.dates), *(each.answer for each in self.problems)])

    @property
    def sentence(self) -> str:
        """Return the verdict in one sentence."""
        if self.problems:
            return self.problems[0].sentence
        return " ".join(f"{each.date}: {each.sentence}" for each in self.dates[-1:])

    def as_json(self) -> Json:
        """Return it as `--json` prints it."""
        dates = [{**each.as_json(), "data": self.data.get(each.date)} for each in self.dates]
        return {
            "at": self.at.isoformat(timespec="seconds"),
            "verdict": self.answer.value,
            "sentence": self.sentence,
            "phases": None if self.phases is None else [each.as_json() for each in self.phases],
            "dates": dates,
            "dead_letters": self.letters,
            "deployed": self.deployed,
            "actions": [each.as_json() for each in self.problems],
        }


def overview(
    target: Target, cloud: DataPlane, dates: Sequence[str], deployed: Callable[[], Deployed] | None
) -> Overview:
    """Return what is found now; `deployed` compares what is deployed. Raises `NoLogin` where nothing can be seen."""
    made = Overview(datetime.now(UTC))
    boundaries = list(target.manifest.boundaries.values())
    general: list[tuple[str, Json]] = [(answer(target.root, name), {}) for name in ("health", "stalled")]
    cloud.fetch([*general, *((answer(target.root, "data"), {"date": target.parameter(date)}) for date in dates)])
    for date in dates:
        made.dates.append(check(target, cloud, date, boundaries, letters=False))
        made.data[date] = _seen(made, f"data of {date}", partial(_data, target, cloud, date))
        made.others += _gaps(target, made, date)
    made.phases = _seen(made, "health of processors", lambda: list(_phases(target, cloud)))
    made.others += [problem for line in made.phases or () for problem in _failed(line)]
    made.others += _seen(made, "phases that went silent", lambda: list(_silent(target, cloud, dates))) or []
    _letters(target, cloud, made)
    if deployed is not None:
        made.deployed, found = deployed()
        made.others += found
    return made


def _seen(made: Overview, about: str, look: Callable[[], T]) -> T | None:
    try:
        return look()
    except DataPlaneError as error:
        made.others.append(DateProblem(Answer.NOT_KNOWN, str(error), about=about))
        return None


def _phases(target: Target, cloud: DataPlane) -> Iterator[PhaseLine]:
    rows = cloud.rows(answer(target.root, "health"))
    for phase in target.manifest.phases:
        own = [row for row in rows if row["phase"] == phase]
        times = [row["last_success_at"] for row in own if row["last_success_at"]]
        missing = [str(row["processor_name"]) for row in own if row["is_expected"] and _missing(row)]
        failures = sum(int(row["failures_24h"]) for row in own)
        yield PhaseLine(phase, max(times, default=None), failures, tuple(missing))


def _missing(row: Row) -> bool:
    return bool(row["processor_name"]) and row["state"] in (UNHEALTHY, "NEVER_RAN")


def _failed(line: PhaseLine) -> Iterator[DateProblem]:
    if line.failures_24h:
        names = f"; {', '.join(line.missing)} did not succeed since" if line.missing else ", and succeeded since"
        level = Answer.CRITICAL if not line.last_success_at else Answer.WARNING
        yield DateProblem(level, f"{count(line.failures_24h, 'run')} failed in 24 h{names}.", about=line.phase)


def _silent(target: Target, cloud: DataPlane, dates: Sequence[str]) -> Iterator[DateProblem]:
    for row in cloud.rows(answer(target.root, "stalled")):
        date = str(row["date"])
        if date in dates:
            text = f"started for {date}, not finished, and silent for {row['idle_minutes']} min."
            yield DateProblem(Answer.WARNING, text, f"python -m ops validate {date}", about=str(row["phase"]))


def _data(target: Target, cloud: DataPlane, date: str) -> list[Row]:
    return sorted(
        cloud.rows(answer(target.root, "data"), date=target.parameter(date)), key=lambda row: str(row["title"])
    )


def _gaps(target: Target, made: Overview, date: str) -> Iterator[DateProblem]:
    """Yield what lacks of a past date's data; a date that is not over, or without work, lacks nothing yet."""
    end = target.manifest.keys.end(date, ZoneInfo(target.manifest.time_zone))
    scheduled = made.dates[-1].due.number
    for row in made.data[date] or () if end and end <= made.at and scheduled else ():
        if row["gaps"]:
            text = f"{date}: {row['gaps']} {row['gap']} ({row['number']} {row['title']})."
            yield DateProblem(Answer.WARNING, text)


def _letters(target: Target, cloud: DataPlane, made: Overview) -> None:
    holds = [hold for _, _, hold in target.holds()]
    for subscription, found in waiting_of(cloud, holds):
        made.letters[subscription] = None if isinstance(found, DataPlaneError) else found
        made.others += problems_of(subscription, found)
