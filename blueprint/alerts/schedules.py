"""Alerts of schedules: a job fails, or it does not run when it should.

Cloud Scheduler has no attempt metric to build on (pitfall 101), so attempts are counted in Cloud Logging's own count of
the job's entries. When a job is due follows the clock on the wall of the pipeline's time zone.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from analysis.logfilter.expression import AllOf, compare
from analysis.promql.expression import Binary, Expression, FunctionCall, Number, Selector, binary, together
from blueprint import cron
from blueprint.alerts.clock import ZoneClock, clock
from blueprint.alerts.factory import Factory, any_of, series
from blueprint.alerts.types import MINUTE, Alert, LogMatch, PromQL
from blueprint.functions import Function, Schedule

LOGS = "type.googleapis.com/google.cloud.scheduler.logging"
SEEN = 10
"""Minutes: an attempt is counted within three minutes (the metric's delay), and it may start late or be repeated."""
FREQUENT = 60
"""Minutes: jobs that come so often by day and night are missed without looking at the clock."""
ALWAYS = FunctionCall("vector", (Number(1),))
STAYS = 7
"""Days after the last due run through which a missing job of chosen days is told; an incident closes after a week anyway."""
STEPS = 16
"""Into how many stretches a long time without runs is divided, about, in each of which a missing job is told."""
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
    days = range(1 if asked.daily else min(STAYS, -(-gap // cron.DAY)))
    told = [*_due(attempts, asked, wall, slack, days), *_still(attempts, asked, wall, slack, days)]
    condition = together("or", *told)
    return PromQL(condition, duration=HELD * MINUTE), gap + slack + HELD + wall.shift + 1


def _apart(asked: cron.CronPattern) -> list[int]:
    """Return the minutes between each run of a day and the one before it, on a day that repeats."""
    before = (asked.times[-1] - cron.DAY, *asked.times)
    return [run - earlier for earlier, run in zip(before, asked.times, strict=False)]


def _still(
    attempts: Selector, asked: cron.CronPattern, wall: ZoneClock, slack: int, days: range
) -> Iterator[Expression]:
    """Yield the conditions that no attempt is there since the run before the one that is due; they stay until one is.

    Where clocks are changed two runs may be an hour further apart than usual, so here it takes that much longer. A job
    that does not come every day is also told on the days after the one on which it was due.
    """
    back = max(_apart(asked)) + slack + wall.shift
    for after in days:
        named = list(_days(asked, wall.ago(asked.times[0] + slack + after * cron.DAY)))
        yield together("unless", together("and", *(named or [ALWAYS])), any_of(attempts, back + after * cron.DAY))


def _due(attempts: Selector, asked: cron.CronPattern, wall: ZoneClock, slack: int, days: range) -> Iterator[Expression]:
    """Yield a condition for each stretch of the day in which a run was due and must have left an attempt.

    A stretch is long enough to go on through a change of the clocks until `_still` holds; the attempts that are looked
    at are those of this run and of none before. Where no clock is changed and runs are evenly apart, that says it all.
    """
    regular = len(set(_apart(asked))) == 1
    if not wall.shift and regular and len(days) == 1:
        return
    period = _apart(asked)[0] if regular else cron.DAY
    for start, end, back in _stretches(asked, wall, slack, days):
        for after in days if regular else (0,):
            now = wall.ago(start + slack + after * cron.DAY)
            due = binary(binary(now, "%", period * MINUTE), "<", (end - start) * MINUTE)
            yield together(
                "unless", together("and", due, *_days(asked, now)), any_of(attempts, back + after * cron.DAY)
            )


def _stretches(asked: cron.CronPattern, wall: ZoneClock, slack: int, days: range) -> list[list[int]]:
    """Return stretches of the day: first and last minute by the clock, and how far back attempts are looked for.

    Where the next run is further away than the one before, `_still` would tell a missing one much later, so further
    stretches follow. Each looks back to its run, and no further than to a run before it: to the last one where that is
    hours away, else to an earlier one, so that a job with many runs by day is told by night once it missed a few.
    """
    apart = _apart(asked)
    if len(set(apart)) == 1:
        length = min(2 * wall.shift + 30, apart[0])
        return [[asked.times[0], asked.times[0] + length, min(slack + length + wall.shift + SEEN, slack + apart[0])]]
    found: list[list[int]] = []
    for number, run in enumerate(asked.times):
        last = number == len(apart) - 1
        ahead, waited = apart[0] + days[-1] * cron.DAY if last else apart[number + 1], 0
        while waited < ahead:
            if waited:
                margin = 2 * (wall.shift + SEEN)
                least = margin + max(FREQUENT, (ahead - waited) // STEPS)
                sums = itertools.accumulate(apart[(number - back) % len(apart)] for back in range(len(apart)))
                stretch = min(next((since for since in sums if since >= least), cron.DAY) - margin, ahead - waited)
                back = slack + waited + stretch + wall.shift + SEEN
            else:
                stretch = min(2 * wall.shift + 30, apart[number])
                back = min(slack + stretch + wall.shift + SEEN, slack + apart[number])
            if found and found[-1][2] == back and found[-1][1] >= run + waited:
                found[-1][1] = run + waited + stretch
            else:
                found.append([run + waited, run + waited + stretch, back])
            waited += stretch
    return found


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
