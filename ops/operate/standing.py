"""How one boundary stands for a date: what is recorded, what is missing, whether the next phase was started and by whom.

It reads the completion document, holds it against what the streams recorded without the orchestrators, and asks the
orchestrators' own engine, in a rehearsal, whether a repair would help before it recommends one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from blueprint.boundaries import Boundary, Mode
from blueprint.manifest import Manifest
from blueprint.operations import answer
from ops.answers import Answer, DateProblem, worst
from ops.operate import reprocess
from ops.operate.cloud import DataPlane, DataPlaneError, Row
from ops.operate.due import Due, due_at, predecessor
from ops.operate.recorded import canonical, completions, lease_until, time_of
from ops.operate.rehearsal import rehearse
from ops.operate.target import Target

ORCHESTRATOR = "orchestrator"
FEW = 0.6
"""Below this share of the expected processors a late date is critical; the morning's message has the same."""


@dataclass
class BoundaryState:
    """What is known of one boundary of the date.

    Attributes:
        gap_minutes: from the trigger to the first sign of the next phase.
        transition_minutes: from the last completion to the trigger.
        transition: how that compares with the declared limits: OK, WARNING, CRITICAL.
        waits: why nothing is due, where nothing is.
    """

    boundary: str
    completed: int = 0
    expected: int = 0
    missing: list[str] = field(default_factory=list)
    mode: str = ""
    triggered_at: str = ""
    reason: str = ""
    started_by: str = ""
    started: bool = False
    gap_minutes: int | None = None
    transition_minutes: int | None = None
    transition: str = ""
    waits: str = ""
    problems: list[DateProblem] = field(default_factory=list)
    triggered: datetime | None = None

    @property
    def answer(self) -> Answer:
        """Return the worst of its problems."""
        if self.problems:
            return worst(each.answer for each in self.problems)
        return Answer.NOTHING_DUE if self.waits else Answer.HEALTHY

    def as_json(self) -> dict[str, Any]:
        """Return it as `--json` prints it."""
        shown = {key: value for key, value in vars(self).items() if key not in ("problems", "triggered")}
        return {**shown, "level": self.answer.value}


@dataclass(frozen=True)
class BoundaryCase:
    """A boundary of a date, and what is needed to judge it."""

    target: Target
    cloud: DataPlane
    boundary: Boundary
    date: str
    due: Due
    now: datetime
    before: BoundaryState | None
    """How the boundary before it stands."""

    def problem(self, level: Answer, text: str, command: str = "") -> DateProblem:
        """Return a problem of this boundary."""
        return DateProblem(level, text, command, about=self.boundary.name)

    @property
    def repair(self) -> str:
        """Return the command that repairs the boundary's date."""
        return f"python -m ops repair {self.date} --boundary {self.boundary.name}"


def standings(target: Target, cloud: DataPlane, date: str, known: Due, wanted: list[Boundary]) -> list[BoundaryState]:
    """Return how each boundary stands for a date, in their order; raises `NoLogin`."""
    found: dict[str, BoundaryState] = {}
    for boundary in target.manifest.boundaries.values():
        before = predecessor(target.manifest, boundary)
        if boundary in wanted or any(predecessor(target.manifest, each) == boundary for each in wanted):
            case = BoundaryCase(
                target, cloud, boundary, date, known, datetime.now(UTC), found.get(before.name) if before else None
            )
            found[boundary.name] = _standing(case)
    return [found[each.name] for each in wanted]


def _standing(case: BoundaryCase) -> BoundaryState:
    state = BoundaryState(case.boundary.name)
    try:
        document = case.cloud.document(case.target.manifest.phases[case.boundary.upstream].collection, case.date)
    except DataPlaneError as error:
        state.problems.append(case.problem(Answer.NOT_KNOWN, str(error)))
        return state
    mode = _mode(case, document)
    completed = {canonical(case.target, case.boundary.upstream, name) for name in _recorded(document)}
    state.mode, state.expected = mode.name, len(mode.expected) or 1
    state.missing = [name for name in mode.expected if name not in completed]
    state.completed = state.expected - len(state.missing) if mode.expected else min(len(completed), 1)
    try:
        lost = list(_unrecorded(case, document))
        state.problems.extend(lost)
        state.problems.extend(_judged(case, document, state, lost))
        state.problems.extend(_effect(case, document, state))
    except DataPlaneError as error:
        state.problems.append(case.problem(Answer.NOT_KNOWN, str(error)))
    return state


def _recorded(document: Row | None) -> dict[str, Any]:
    return {name: each for name, each in (document or {}).items() if not name.startswith("_")}


def _mode(case: BoundaryCase, document: Row | None) -> Mode:
    """Return the mode in which the date was last judged, or the one that applies today."""
    named = case.boundary.modes.get(str((document or {}).get("_mode")))
    if named:
        return named
    manifest = case.target.manifest
    side = manifest.keys.side(case.date, case.now, ZoneInfo(manifest.time_zone))
    return next(mode for mode in case.boundary.modes.values() if mode.when in ("always", side))


def _judged(
    case: BoundaryCase, document: Row | None, state: BoundaryState, lost: list[DateProblem]
) -> Iterator[DateProblem]:
    known = document or {}
    if known.get("_triggered"):
        yield from _triggered(case, known, state)
        return
    if (until := lease_until(known)) and until > case.now:
        yield case.problem(Answer.NOT_KNOWN, f"another attempt is publishing; its lease ends at {until:%H:%M:%S} UTC.")
        return
    first = _first(known)
    if first is None:
        yield from () if lost else _nothing(case, state)
        return
    age = (case.now - first).total_seconds()
    blocked = known.get("_blocked") or _overdue_transition(case, known, state)
    if age < case.boundary.deadline and not blocked:
        state.waits = f"open for {minutes(age)}, its deadline is {minutes(case.boundary.deadline)}"
    elif not lost:
        yield from _late(case, state, age)


def _overdue_transition(case: BoundaryCase, known: Row, state: BoundaryState) -> bool:
    """Return whether everything is recorded and the trigger is still missing after the time that is critical."""
    last = _last_needed(known, case.now)
    waited = (case.now - last).total_seconds() if last else 0.0
    return not state.missing and waited >= transition_limits(case.target.manifest, case.boundary)[1]


def transition_limits(manifest: Manifest, boundary: Boundary) -> tuple[int, int]:
    """Return after how many seconds from the last completion a missing trigger is a warning, and critical."""
    limits, normal = manifest.alerts.thresholds, boundary.expected_within or 0
    return max(limits.transition_warning, normal), max(limits.transition_critical, 2 * normal)


def _triggered(case: BoundaryCase, known: Row, state: BoundaryState) -> Iterator[DateProblem]:
    state.triggered = triggered = time_of(known.get("_triggered_at"))
    state.triggered_at = triggered.isoformat(timespec="seconds") if triggered else "at an unknown time"
    state.reason = str(known.get("_trigger_reason") or "")
    if triggered and (last := _last_needed(known, triggered)):
        took = (triggered - last).total_seconds()
        state.transition_minutes = int(took // 60)
        warning, critical = transition_limits(case.target.manifest, case.boundary)
        state.transition = "CRITICAL" if took >= critical else "WARNING" if took >= warning else "OK"
    if state.missing:
        yield case.problem(Answer.WARNING, f"triggered without {', '.join(state.missing)} ({state.reason}).")


def _last_needed(known: Row, triggered: datetime) -> datetime | None:
    """Return when the last completion before the trigger ended."""
    times = [time_of(each.get("completed_at")) for each in _recorded(known).values() if isinstance(each, dict)]
    return max((each for each in times if each and each <= triggered), default=None)


def _first(known: Row) -> datetime | None:
    """Return since when the date is open: the first completion that counts, or the first failure."""
    if first := time_of(known.get("_first_completion_at")):
        return first
    ended = [each for name in ("_failed", "_no_data") for each in (known.get(name) or {}).values()]
    times = [time_of(each.get("completed_at")) for each in ended if isinstance(each, dict)]
    return min((each for each in times if each), default=None)


def _nothing(case: BoundaryCase, state: BoundaryState) -> Iterator[DateProblem]:
    """Yield what is wrong where nothing is recorded; most often nothing is due, and `waits` says why."""
    before, phase = case.before, case.target.manifest.phases[case.boundary.upstream]
    late = due_at(case.target.manifest, case.boundary, case.date)
    if before and before.triggered is not None:
        late = max(late, before.triggered + timedelta(seconds=case.boundary.deadline))
    if case.due.number == 0:
        state.waits = f"no {case.due.thing}s by the schedule"
    elif before and not before.triggered_at:
        state.waits = f"waits for {before.boundary}"
    elif before and not before.started and before.answer is Answer.CRITICAL:
        state.waits = f"{phase.name} never started, see {before.boundary}"
    elif case.now < late:
        there = late.astimezone(ZoneInfo(case.target.manifest.time_zone))
        state.waits = f"not due before {there:%Y-%m-%d %H:%M %Z}"
    elif case.due.number is None:
        yield case.problem(
            Answer.NOT_KNOWN, f"nothing was recorded, and whether work was due is not known. {case.due.unseen}"
        )
    else:
        text = f"nothing was recorded ({case.due}), and {phase.service} completed nothing; its log tells why."
        yield case.problem(Answer.CRITICAL, text, reprocess.command(case.target, phase, case.date, ()))


def _late(case: BoundaryCase, state: BoundaryState, age: float) -> Iterator[DateProblem]:
    """Yield why a date is open for too long, and a repair where a rehearsal says that it helps."""
    net = rehearse(case.target, case.cloud, case.boundary, case.date)
    told = f"open for {minutes(age)}, {state.completed} of {state.expected}"
    phase = case.target.manifest.phases[case.boundary.upstream]
    if net.starts:
        yield case.problem(Answer.CRITICAL, f"{told}; a repair starts the next phase ({net.reason}).", case.repair)
    elif net.leased:
        yield case.problem(Answer.NOT_KNOWN, f"{told}; {net.sentence}.")
    elif net.blocks:
        text = f"{told}; {net.sentence}. It is tried again by itself once the data is repaired."
        yield case.problem(Answer.CRITICAL, text, reprocess.command(case.target, phase, case.date, ()))
    else:
        names = ", ".join(state.missing) or "nothing"
        again = reprocess.command(case.target, phase, case.date, state.missing)
        level = Answer.WARNING if state.completed >= FEW * state.expected else Answer.CRITICAL
        yield case.problem(level, f"{told}; missing: {names}; the log of {phase.service} tells why.", again)


def _unrecorded(case: BoundaryCase, document: Row | None) -> Iterator[DateProblem]:
    """Yield completions of the stream that the document lacks: the orchestrator lost them."""
    rows = completions(case.target, case.cloud, case.boundary.upstream, case.date)
    phase = case.target.manifest.phases[case.boundary.upstream]
    complete = [row for row in rows if row["status"] in ("success", "partial")]
    names = {canonical(case.target, phase.name, str(row["processor_name"])) for row in complete}
    there = {canonical(case.target, phase.name, name) for name in _recorded(document)}
    unseen = (names if not there else set()) if phase.batch else (names & set(phase.processors)) - there
    if lost := sorted(unseen):
        text = f"completed but not in the document: {', '.join(lost)}. The orchestrator did not see them."
        yield case.problem(Answer.CRITICAL, text, case.repair)


def _effect(case: BoundaryCase, document: Row | None, state: BoundaryState) -> Iterator[DateProblem]:
    triggered, boundary = time_of((document or {}).get("_triggered_at")), case.boundary
    if triggered is None or boundary.downstream is None:
        return
    limits = case.target.manifest.alerts.thresholds
    runs = started_runs(case.target, case.cloud, boundary.downstream, case.date)
    done = completions(case.target, case.cloud, boundary.downstream, case.date)
    state.started_by = ", ".join(str(row["started_by"]) for row in runs)
    times = [row["first_started_at"] for row in runs] + [row["completed_at"] for row in done]
    after = [time for time in times if time >= triggered]
    waited = (case.now - triggered).total_seconds()
    state.started = bool(after)
    if not after and waited >= limits.downstream_start:
        text = f"triggered {minutes(waited)} ago, but {boundary.downstream} never started."
        yield case.problem(Answer.CRITICAL, text, case.repair)
    elif after:
        gap = (min(after) - triggered).total_seconds()
        state.gap_minutes = int(gap // 60)
        if gap >= limits.gap_warning:
            level = Answer.CRITICAL if gap >= limits.gap_critical else Answer.WARNING
            yield case.problem(level, f"{boundary.downstream} started {minutes(gap)} after its trigger.")
    if runs and all(row["started_by"] != ORCHESTRATOR for row in runs):
        text = f"{boundary.downstream} was started by {state.started_by}, not by the orchestrator."
        yield case.problem(Answer.WARNING, text, "python -m ops verify --only subscriptions --only invokers")


def started_runs(target: Target, cloud: DataPlane, phase: str, date: str) -> list[Row]:
    """Return what started a phase's runs for a date."""
    sql, parameters = runs_of(target, phase, date)
    return cloud.rows(sql, **parameters)


def runs_of(target: Target, phase: str, date: str) -> tuple[str, dict[str, Any]]:
    """Return the query for what started a phase's runs for a date, and its parameters."""
    known = target.manifest.phases[phase]
    names = [name for each in known.processors.values() for name in (each.name, *each.aliases)]
    parameters = {"date": target.parameter(date), "phases": [known.name, known.label], "processors": names}
    return answer(target.root, "runs"), parameters


def minutes(seconds: float) -> str:
    """Return a length of time as people say it."""
    whole = int(seconds // 60)
    return f"{whole} min" if whole < 120 else f"{whole // 60} h" if whole < 2880 else f"{whole // 1440} days"
