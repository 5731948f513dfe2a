"""Alerts of schedules: a job fails, or it does not run when it should.

Cloud Scheduler has no attempt metric to build on (pitfall 101), so attempts are counted in Cloud Logging's own count of
the job's entries. When a job is due follows the clock on the wall of the pipeline's time zone.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.logfilter.expression import AllOf, compare
from analysis.promql.expression import Binary, Expression, FunctionCall, Number, Selector, binary, together
from blueprint import cron
from blueprint.alerts.clock import ZoneClock, clock
from blueprint.alerts.factory import Factory, any_of, series
from blueprint.alerts.types import MINUTE, Alert, LogMatch, PromQL
from blueprint.manifest import Function, Schedule

LOGS = "type.googleapis.com/google.cloud.scheduler.logging"
SEEN = 10
"""Minutes: an attempt is counted within three minutes (the metric's delay), and it may start late or be repeated."""
FREQUENT = 60
"""Minutes: jobs that come so often by day and night are missed without looking at the clock."""
ALWAYS = FunctionCall("vector", (Number(1),))
SLACK, HELD = 8, 2
"""Minutes after its time at which a rarer job is looked for, and for which it must be missed."""


def schedule_alerts(factory: Factory, function: Function, schedule: Schedule) -> Iterator[Alert]:
    """Yield the alerts of one scheduled job; a paused one is not missed."""
    job = factory.names.job(function.name, schedule.name)
    name = f"{function.name}/{schedule.name}"
    values = {
        "job": job,
        "function": function.name,
        "schedule": schedule.name,
        "cron": schedule.cron,
        "time_zone": factory.manifest.time_zone,
        "instance": job,
    }
    yield factory.alert("schedule-failing", name, failing(job), values, schedule.at)
    if not schedule.paused and (found := missing(job, schedule.cron, factory.manifest.time_zone)):
        condition, noticed = found
        values["noticed_within"] = f"{noticed}m"
        yield factory.alert("schedule-missing", name, condition, values, schedule.at)


def failing(job: str) -> LogMatch:
    """Return the condition on an attempt that did not end in a success."""
    finished = AllOf(
        (
            compare("resource.type", "=", "cloud_scheduler_job"),
            compare("resource.labels.job_id", "=", job),
            compare("jsonPayload.@type", "=", f"{LOGS}.AttemptFinished"),
            compare("severity", ">=", "ERROR"),
        )
    )
    return LogMatch(finished, {"status": "EXTRACT(jsonPayload.status)"})


def missing(job: str, expression: str, time_zone: str) -> tuple[PromQL, int] | None:
    """Return the condition on a job without attempts, and the minutes after any fault by which it fires.

    None where the expression cannot be read, which is refused elsewhere.
    """
    asked = cron.pattern(expression)
    longest = cron.longest_gap(expression, "UTC")
    if asked is None or longest is None:
        return None
    attempts = series("logging_googleapis_com:log_entry_count", "cloud_scheduler_job", job_id=job)
    gap = longest // MINUTE
    if asked.daily and gap <= FREQUENT:
        # True between two runs too, but then never for a whole gap.
        never = together("unless", ALWAYS, any_of(attempts, SEEN))
        return PromQL(never, duration=gap * MINUTE), gap + SEEN + gap
    wall = clock(time_zone)
    slack = SLACK + (wall.shift if any(map(wall.uncertain, asked.times)) else 0)
    condition = together("or", *_due(attempts, asked, wall, slack), _still(attempts, asked, wall, slack))
    return PromQL(condition, duration=HELD * MINUTE), gap + slack + HELD + wall.shift + 1


def _apart(asked: cron.CronPattern) -> list[int]:
    """Return the minutes between each run of a day and the one before it, on a day that repeats."""
    before = (asked.times[-1] - cron.DAY, *asked.times)
    return [run - earlier for earlier, run in zip(before, asked.times, strict=False)]


def _still(attempts: Selector, asked: cron.CronPattern, wall: ZoneClock, slack: int) -> Expression:
    """Return the condition that no attempt is there since the run before the one that is due; stays until one is.

    Where clocks are changed two runs may be an hour further apart than usual, so here it takes that much longer.
    """
    days = list(_days(asked, wall.ago(asked.times[0] + slack)))
    return together(
        "unless", together("and", *(days or [ALWAYS])), any_of(attempts, max(_apart(asked)) + slack + wall.shift)
    )


def _due(attempts: Selector, asked: cron.CronPattern, wall: ZoneClock, slack: int) -> Iterator[Expression]:
    """Yield a condition for each stretch of the day in which a run was due and must have left an attempt.

    A stretch is long enough to go on through a change of the clocks until `_still` holds; the attempts that are looked
    at are those of this run and of none before. Where no clock is changed and runs are evenly apart, that says it all.
    """
    if not wall.shift and len(set(_apart(asked))) == 1:
        return
    length = 2 * wall.shift + 30
    stretches: list[list[int]] = []
    apart = _apart(asked)
    regular = len(set(apart)) == 1
    period = apart[0] if regular else cron.DAY
    for run, since in zip(asked.times[:1] if regular else asked.times, apart, strict=False):
        stretch = min(length, since)
        back = min(slack + stretch + wall.shift + SEEN, slack + since)
        if stretches and stretches[-1][2] == back and stretches[-1][1] >= run:
            stretches[-1][1] = run + stretch
        else:
            stretches.append([run, run + stretch, back])
    for start, end, back in stretches:
        now = wall.ago(start + slack)
        due = binary(binary(now, "%", period * MINUTE), "<", (end - start) * MINUTE)
        yield together("unless", together("and", due, *_days(asked, now)), any_of(attempts, back))


def _days(asked: cron.CronPattern, now: Expression) -> Iterator[Expression]:
    """Yield what must hold of the day of the run: its month, its date, its weekday."""
    if asked.months:
        yield _one_of(FunctionCall("month", (now,)), asked.months)
    dates = _one_of(FunctionCall("day_of_month", (now,)), asked.days) if asked.days else None
    weekdays = _one_of(FunctionCall("day_of_week", (now,)), asked.weekdays) if asked.weekdays else None
    named = [item for item in (dates, weekdays) if item]
    yield from (together("or", *named),) if asked.either and named else named


def _one_of(value: Expression, wanted: frozenset[int]) -> Expression:
    """Return the condition that a value is one of the numbers, by their stretches."""
    starts = sorted(number for number in wanted if number - 1 not in wanted)
    ends = sorted(number for number in wanted if number + 1 not in wanted)
    return together(
        "or",
        *(
            Binary("==", value, Number(first)) if first == last else binary(binary(value, ">=", first), "<=", last)
            for first, last in zip(starts, ends, strict=True)
        ),
    )
