"""The daily check of a date: a verdict first, then each boundary, then what to do, with one command each.

It reads what operators read, the completion documents, and holds them against what the streams recorded without the
orchestrators. A question that cannot be answered is critical: silence once read as health for weeks.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from blueprint.findings import Finding, Severity
from blueprint.manifest import Boundary, Mode
from blueprint.operations import answer
from ops.arguments import add_format_argument, add_project_arguments
from ops.findings import FindingsReport, write
from ops.invocation import called
from ops.operate.cloud import DataPlane, DataPlaneError, Row
from ops.operate.target import Target, as_day, dates, load_target
from ops.terminal import Style, clip, columns, count, style_for

Level = Literal["HEALTHY", "WARNING", "CRITICAL"]
EXIT: dict[Level, int] = {"HEALTHY": 0, "WARNING": 3, "CRITICAL": 1}
RANK: dict[Level, int] = {"HEALTHY": 0, "WARNING": 1, "CRITICAL": 2}
ORCHESTRATOR = "orchestrator"
Json = dict[str, Any]


@dataclass(frozen=True)
class DateProblem:
    """One thing that is not as it should be, and the one command that deals with it."""

    level: Level
    text: str
    command: str = ""


@dataclass
class BoundaryState:
    """What is known of one boundary of the date."""

    boundary: str
    completed: int = 0
    expected: int = 0
    missing: list[str] = field(default_factory=list)
    mode: str = ""
    triggered_at: str = ""
    reason: str = ""
    started_by: str = ""
    gap_minutes: int | None = None
    problems: list[DateProblem] = field(default_factory=list)

    @property
    def level(self) -> Level:
        """Return the worst of its problems."""
        return max((each.level for each in self.problems), key=RANK.__getitem__, default="HEALTHY")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("dates", type=dates, metavar="DATE", help="YYYY-MM-DD")
    add_format_argument(parser)
    add_project_arguments(parser, "whose project is meant")


def run(args: argparse.Namespace) -> int:
    """Check the date: 0 healthy, 3 warning, 1 critical."""
    target = load_target(args.root, args.stack)
    cloud = DataPlane(target.stack.project, target.stack.region, target.manifest.store.database)
    worst = 0
    reports: list[Json] = []
    lines: list[str] = []
    found: list[Finding] = []
    for date in args.dates:
        states = [_state(target, cloud, boundary, date) for boundary in target.manifest.boundaries.values()]
        others = [*_errors(target, cloud, date), *_dead_letters(target, cloud, date)]
        problems = sorted([*(p for state in states for p in state.problems), *others], key=lambda p: -RANK[p.level])
        level: Level = problems[0].level if problems else "HEALTHY"
        worst = max(worst, RANK[level])
        reports.append(_as_json(date, level, states, problems))
        lines += _render(date, level, states, problems, style_for())
        found += _findings(target, date, states, others)
    write(
        args.format, FindingsReport("validate", args.root, found), reports[0] if len(reports) == 1 else reports, lines
    )
    return next(EXIT[level] for level, rank in RANK.items() if rank == worst)


def _state(target: Target, cloud: DataPlane, boundary: Boundary, date: str) -> BoundaryState:
    state = BoundaryState(boundary.name)
    try:
        document = cloud.document(target.manifest.phases[boundary.upstream].collection, date)
        recorded = _completions(target, cloud, boundary.upstream, date)
    except DataPlaneError as error:
        state.problems.append(DateProblem("CRITICAL", f"{boundary.name}: cannot be judged. {error}"))
        return state
    mode = _mode(target, boundary, date, document)
    completed = {name for name in document or {} if not name.startswith("_")}
    state.mode, state.expected = mode.name, len(mode.expected) or 1
    state.missing = [name for name in mode.expected if name not in completed]
    state.completed = state.expected - len(state.missing) if mode.expected else min(len(completed), 1)
    _judge(target, boundary, date, document, state)
    _unrecorded(target, boundary, date, document, recorded, state)
    _effect(target, cloud, boundary, date, document, state)
    return state


def _mode(target: Target, boundary: Boundary, date: str, document: Row | None) -> Mode:
    """Return the mode in which the date was last judged, or the one that applies today."""
    named = boundary.modes.get(str((document or {}).get("_mode")))
    if named:
        return named
    today = datetime.now(ZoneInfo(target.manifest.time_zone)).date().isoformat()
    side = "today" if date == today else "before_today" if date < today else "after_today"
    return next(mode for mode in boundary.modes.values() if mode.when in ("always", side))


def _judge(target: Target, boundary: Boundary, date: str, document: Row | None, state: BoundaryState) -> None:
    repair = f"python -m ops repair {date} --boundary {boundary.name}"
    known = document or {}
    first, triggered = _time(known.get("_first_completion_at")), _time(known.get("_triggered_at"))
    if known.get("_triggered"):
        state.triggered_at = triggered.isoformat(timespec="seconds") if triggered else "at an unknown time"
        state.reason = str(known.get("_trigger_reason") or "")
        if state.missing:
            text = f"{boundary.name}: triggered without {', '.join(state.missing)} ({state.reason})."
            state.problems.append(DateProblem("WARNING", text))
        return
    blocked = known.get("_blocked")
    if blocked:
        gates = ", ".join(str(each.get("detail") or each.get("gate")) for each in blocked.get("gates") or ())
        state.problems.append(DateProblem("CRITICAL", f"{boundary.name}: a gate blocks: {gates}.", repair))
    if document is None or first is None:
        if date < datetime.now(ZoneInfo(target.manifest.time_zone)).date().isoformat():
            state.problems.append(DateProblem("CRITICAL", f"{boundary.name}: nothing was recorded.", repair))
        return
    age = (datetime.now(UTC) - first).total_seconds()
    names = ", ".join(state.missing) or "nothing"
    level: Level = "CRITICAL" if age >= boundary.deadline else "WARNING"
    text = f"{boundary.name}: open for {_minutes(age)}, {state.completed} of {state.expected}; missing: {names}."
    state.problems.append(DateProblem(level, text, repair if level == "CRITICAL" else ""))


def _unrecorded(
    target: Target, boundary: Boundary, date: str, document: Row | None, recorded: list[Row], state: BoundaryState
) -> None:
    """Compare with what the stream recorded: a completion that the document lacks means the orchestrator lost it."""
    phase = target.manifest.phases[boundary.upstream]
    canonical = {alias: name for name, each in phase.processors.items() for alias in (name, *each.aliases)}
    complete = {
        canonical.get(str(row["processor_name"])) for row in recorded if row["status"] in ("success", "partial")
    }
    lost = sorted(name for name in complete if name and name not in (document or {}))
    if lost:
        text = (
            f"{boundary.name}: completed but not in the document: {', '.join(lost)}. The orchestrator did not see them."
        )
        command = f"python -m ops repair {date} --boundary {boundary.name}"
        state.problems.append(DateProblem("CRITICAL", text, command))


def _effect(
    target: Target, cloud: DataPlane, boundary: Boundary, date: str, document: Row | None, state: BoundaryState
) -> None:
    triggered = _time((document or {}).get("_triggered_at"))
    if triggered is None or boundary.downstream is None:
        return
    phase, limits = target.manifest.phases[boundary.downstream], target.manifest.alerts.thresholds
    names = [name for each in phase.processors.values() for name in (each.name, *each.aliases)]
    try:
        runs = cloud.rows(
            answer(target.root, "runs"),
            date=as_day(date),
            phases=[phase.name, phase.label],
            processors=names,
        )
        completions = _completions(target, cloud, boundary.downstream, date)
    except DataPlaneError as error:
        state.problems.append(DateProblem("CRITICAL", f"{boundary.name}: its effect cannot be judged. {error}"))
        return
    state.started_by = ", ".join(str(row["started_by"]) for row in runs)
    times = [row["first_started_at"] for row in runs] + [row["completed_at"] for row in completions]
    after = [time for time in times if time >= triggered]
    waited = (datetime.now(UTC) - triggered).total_seconds()
    repair = f"python -m ops repair {date} --boundary {boundary.name}"
    if not after and waited >= limits.downstream_start:
        text = f"{boundary.name}: triggered {_minutes(waited)} ago, but {boundary.downstream} never started."
        state.problems.append(DateProblem("CRITICAL", text, repair))
    elif after:
        gap = (min(after) - triggered).total_seconds()
        state.gap_minutes = int(gap // 60)
        if gap >= limits.gap_warning:
            level: Level = "CRITICAL" if gap >= limits.gap_critical else "WARNING"
            text = f"{boundary.name}: {boundary.downstream} started {_minutes(gap)} after its trigger."
            state.problems.append(DateProblem(level, text))
    if runs and all(row["started_by"] != ORCHESTRATOR for row in runs):
        text = f"{boundary.name}: {boundary.downstream} was started by {state.started_by}, not by the orchestrator."
        state.problems.append(DateProblem("WARNING", text, f"python -m ops redrive {boundary.function}"))


def _completions(target: Target, cloud: DataPlane, phase: str, date: str) -> list[Row]:
    sql = answer(target.root, "completions")
    return cloud.rows(sql, phase=phase, date=as_day(date))


def _errors(target: Target, cloud: DataPlane, date: str) -> Iterator[DateProblem]:
    try:
        rows = cloud.rows(answer(target.root, "errors"), date=as_day(date))
    except DataPlaneError as error:
        yield DateProblem("CRITICAL", f"Errors of the date cannot be read. {error}")
        return
    for row in rows:
        if row["severity"] != "info":
            text = f"{count(int(row['errors']), 'error')} {row['error_type']}: {clip(str(row['example']), 160, 1.0)}"
            yield DateProblem("WARNING", text)


def _dead_letters(target: Target, cloud: DataPlane, date: str) -> Iterator[DateProblem]:
    """Yield a problem for each dead letter that holds messages of the date; looking removes nothing."""
    for _, _, hold in target.holds():
        try:
            found = sum(date.encode() in each.data for each in cloud.waiting(hold, 200, wait=1.0))
        except DataPlaneError as error:
            yield DateProblem("CRITICAL", f"The dead letter {hold} cannot be read. {error}")
            continue
        finally:
            _give_back(cloud)
        if found:
            subscription = hold.removesuffix("--dead-letter-hold")
            waits = "waits" if found == 1 else "wait"
            text = f"{count(found, 'message')} of the date {waits} in the dead letter of {subscription}."
            yield DateProblem("CRITICAL", text, f"python -m ops redrive {subscription}")


def _give_back(cloud: DataPlane) -> None:
    try:
        cloud.release()
    except DataPlaneError:
        return  # it comes back by itself at the end of its acknowledgement deadline


def _time(value: object) -> datetime | None:
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _minutes(seconds: float) -> str:
    minutes = int(seconds // 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h" if minutes < 2880 else f"{minutes // 1440} days"


def _as_json(date: str, level: Level, states: list[BoundaryState], problems: list[DateProblem]) -> Json:
    return {
        "date": date,
        "verdict": level,
        "boundaries": [
            {**{key: value for key, value in vars(state).items() if key != "problems"}, "level": state.level}
            for state in states
        ],
        "actions": [vars(problem) for problem in problems],
    }


def _findings(target: Target, date: str, states: list[BoundaryState], others: list[DateProblem]) -> Iterator[Finding]:
    """Yield what is not as it should be in the form that all commands share: a boundary's at its declaration."""
    places = [(each.boundary, target.manifest.boundaries[each.boundary].at, each.problems) for each in states]
    for rule, at, problems in (*places, ("date", target.manifest.at, others)):
        for each in problems:
            remedy = f" Run `{each.command}`." if each.command else ""
            severity: Severity = "violation" if each.level == "CRITICAL" else "warning"
            yield Finding(rule, f"{date}: {each.text}{remedy}", at, severity)


def _render(
    date: str, level: Level, states: list[BoundaryState], problems: list[DateProblem], style: Style
) -> Iterator[str]:
    colours = {"HEALTHY": "green", "WARNING": "yellow", "CRITICAL": "red"}
    first = problems[0].text if problems else "every boundary is triggered, and the next phase started."
    yield f"{style.paint(level, colours[level], 'bold')}  {date}: {first}"
    yield ""
    rows = [
        (
            state.boundary,
            f"{state.completed} of {state.expected}",
            state.level,
            state.triggered_at or "not triggered",
            state.reason,
            state.started_by,
        )
        for state in states
    ]
    heads = ("Boundary", "x of n", "Status", "Triggered", "Reason", "Started by")
    yield from (clip(f"  {line}", style.width, 1.0) for line in columns([heads, *rows]))
    for state in states:
        if state.missing:
            yield f"  {state.boundary} misses {', '.join(state.missing)}"
    if problems:
        yield ""
        yield style.heading("What to do, most urgent first")
    for number, problem in enumerate(problems, 1):
        yield f"  {number}. {style.paint(problem.level, colours[problem.level])}  {problem.text}"
        if problem.command:
            yield f"     {style.paint(called(problem.command), 'bold')}"
    yield ""
