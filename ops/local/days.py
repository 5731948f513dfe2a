"""Days: what happens to a pipeline, step by step with its times, and what must come of it; files beside the declaration.

A day is written in the declaration's own names: phases, processors, boundaries, tables and schedules. Times are those of
the pipeline's time zone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from analysis.files import Unreadable, read_input
from blueprint.findings import Finding, Location, Refused
from ops.local.declared import Job

FOLDER = "days"
OUTSIDE = "_outside"
"""The file of what services outside do beside what a day tells."""
RULE = "day"


@dataclass(frozen=True)
class Rows:
    """Rows that somebody else's work leaves in a table: `{n}` in a text is the row's number."""

    table: str
    values: Mapping[str, Any]
    rows: int = 1


@dataclass(frozen=True)
class Step:
    """One thing that happens: completions of a phase, rows, a raw message, a function that goes or comes, a command.

    Attributes:
        at: when, by the clock of the run.
        phase, date, processors, status: completions; without processors those that the phase's boundary expects.
        copies: how often each message is published.
        executions: how many runs of each processor complete.
        leaves: how many rows each success leaves in its processor's declared output.
        fields: more fields of the messages.
        rows: what is in a table from now on.
        topic, raw: a message as it is, to a topic.
        stop, start: a function that no longer runs, or runs again.
        kill: a function whose process ends while it handles what the step publishes, and is started again; with `once` as
            soon as a message is in that topic.
        refuse, admit: a function that nobody may call any more, or everybody who should again.
        drop, restore: a table that is gone, or there again, empty.
        operate: the arguments of a command of on-call.
    """

    at: datetime
    phase: str = ""
    date: str = ""
    processors: tuple[str, ...] = ()
    status: str = "success"
    copies: int = 1
    executions: int = 1
    leaves: int = 10
    fields: Mapping[str, Any] = field(default_factory=dict)
    rows: tuple[Rows, ...] = ()
    topic: str = ""
    raw: str = ""
    stop: str = ""
    start: str = ""
    kill: str = ""
    once: str = ""
    refuse: str = ""
    admit: str = ""
    drop: str = ""
    restore: str = ""
    operate: tuple[str, ...] = ()


@dataclass(frozen=True)
class Expectation:
    """What must come of a day.

    Attributes:
        triggers: each publication of a trigger in order: boundary, date, reason, and the minute where it matters; its
            messages come once, or `may_repeat` under the same identity.
        open: dates that are not triggered: boundary, date, what is missing, and whether a gate blocks.
        rows: how many rows each table has, one of several numbers where chance decides; one that is not named has none.
        letters: dead letter → reasons → how many messages; one that is not named is empty.
        alerts: alert → the time by which it must fire; one that is not named must not.
        reported: how many minutes after the day's fault some alert must fire.
    """

    triggers: tuple[Mapping[str, Any], ...] = ()
    open: tuple[Mapping[str, Any], ...] = ()
    rows: Mapping[str, int | list[int]] = field(default_factory=dict)
    letters: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    alerts: Mapping[str, str] = field(default_factory=dict)
    reported: int | None = None


@dataclass(frozen=True)
class Day:
    """A day: its story, from when to when it is told, its steps, and what must come of it.

    `schedules` are the jobs that run, all where it is left out; `fault` is when something is first wrong; `incidents` are
    the numbers of recorded ones that the pipeline lives through in it; `outside` are the rows that each completion leaves.
    """

    name: str
    title: str
    story: str
    start: datetime
    end: datetime
    steps: tuple[Step, ...]
    expect: Expectation
    schedules: tuple[str, ...] | None = None
    incidents: tuple[int, ...] = ()
    outside: tuple[Rows, ...] = ()
    fault: datetime | None = None

    @property
    def dates(self) -> list[str]:
        """Return the dates that it is about."""
        return sorted({step.date for step in self.steps if step.date})

    def jobs(self, declared: Iterable[Job]) -> list[Job]:
        """Return the declared jobs that run."""
        return [job for job in declared if self.schedules is None or job.name in self.schedules]

    def at(self, time: str) -> datetime:
        """Return when the clock first shows a time such as 05:31 after the start."""
        hour, minute = map(int, time.split(":"))
        found = self.start.replace(hour=hour, minute=minute)
        return found if found >= self.start else found + timedelta(days=1)


def names(root: Path) -> list[str]:
    """Return which days a project has."""
    return sorted(path.stem for path in (root / FOLDER).glob("*.yaml") if path.stem != OUTSIDE)


def load(root: Path, name: str, zone: ZoneInfo) -> Day:
    """Return a day; raises `Refused` with a sentence where it cannot be read or says something unknown."""
    file = f"{FOLDER}/{name}.yaml"
    if name not in names(root):
        known = ", ".join(names(root)) or "none"
        raise _refused(f"There is no day '{name}'; {FOLDER}/ holds {known}.", FOLDER)
    try:
        return _day(name, yaml.safe_load(read_input(root / file, within=root)), _outside(root), zone)
    except Unreadable as error:
        raise _refused(str(error), file) from error
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", 0) + 1
        raise _refused(f"The day is no YAML: {getattr(error, 'problem', error)}.", file, line) from error
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise _refused(f"The day says something that is not understood: {error}.", file) from error


def _outside(root: Path) -> tuple[Rows, ...]:
    path = root / FOLDER / f"{OUTSIDE}.yaml"
    data = yaml.safe_load(read_input(path, within=root)) if path.is_file() else {}
    return tuple(Rows(**_plain(each)) for each in data.get("completion", ()))


def _day(name: str, data: Mapping[str, Any], outside: tuple[Rows, ...], zone: ZoneInfo) -> Day:
    given = dict(data)
    steps = sorted((_step(each, zone) for each in given.pop("steps")), key=lambda each: each.at)
    expect = {key: _frozen(value) for key, value in given.pop("expect", {}).items()}
    start, end = (_moment(given.pop(key), zone) for key in ("start", "end"))
    fault = _moment(given.pop("fault"), zone) if "fault" in given else None
    more = {key: _frozen(value) for key, value in given.items()}
    judged = Expectation(**expect)
    return Day(name=name, start=start, end=end, fault=fault, steps=tuple(steps), outside=outside, expect=judged, **more)


def _step(data: Mapping[str, Any], zone: ZoneInfo) -> Step:
    given = {key: _plain(value) for key, value in data.items()}
    given["fields"] = given.pop("with", {})
    given["rows"] = tuple(Rows(**each) for each in given.get("rows", ()))
    for key in ("processors", "operate"):
        given[key] = tuple(given.get(key, ()))
    if unknown := given.keys() - {each.name for each in fields(Step)}:
        raise ValueError(f"a step knows no {', '.join(sorted(unknown))}")
    return Step(**given | {"at": _moment(given["at"], zone)})


def _moment(value: object, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(str(value)).replace(tzinfo=zone)


def _frozen(value: Any) -> Any:
    plain = _plain(value)
    return tuple(plain) if isinstance(plain, list) else plain


def _plain(value: Any) -> Any:
    """Return a value as messages and rows hold it: dates as text."""
    if isinstance(value, Mapping):
        return {str(_plain(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def _refused(sentence: str, file: str, line: int | None = None) -> Refused:
    return Refused([Finding(RULE, sentence, Location(file, line))])


def moments(day: Day, runs: Iterator[tuple[datetime, Any]]) -> list[tuple[datetime, Any]]:
    """Return the steps of a day and the runs of schedules in the order of their times."""
    found: list[tuple[datetime, Any]] = [(step.at, step) for step in day.steps]
    return sorted([*found, *runs], key=lambda each: each[0])
