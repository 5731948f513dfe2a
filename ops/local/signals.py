"""What the platform would measure of a run: every sample of the signals that alerts read and a run can show.

The names and labels of signals are those of the alerts' own cases (`blueprint/alerts/cases/signals.yaml`). Counters have a
sample at the end of each minute in which something was counted, gauges one at the end of each minute.
"""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from analysis.promql import metrics
from analysis.promql.evaluation import Samples
from blueprint.alerts import cases, replay
from blueprint.alerts.replay import LINES_PER_ATTEMPT
from ops.local.declared import Job, Subscription
from ops.local.lines import Line
from ops.local.redeliveries import Delivery

MINUTE = timedelta(minutes=1)
BEFORE = timedelta(days=32)
"""How long before a day its jobs are taken to have run."""
BOUNDS = (10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 600_000)
"""Milliseconds up to which requests are counted."""
Series = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True)
class Observed:
    """What was seen of a run, by its clock.

    Attributes:
        start, end: from when to when it was watched.
        subscriptions, jobs: what is declared, by name; of jobs those that the run has.
        holds: dead letter → the subscription that keeps it.
        published: when a message was published to which topic.
        deliveries: every attempt to deliver one.
        letters: when a message came into which dead letter.
        held: what an operator left in the dead letters, after each of their commands.
        calls: when a job called, and what was answered.
        lines: what functions wrote.
    """

    start: datetime
    end: datetime
    subscriptions: Mapping[str, Subscription]
    jobs: Mapping[str, Job]
    holds: Mapping[str, str]
    published: Sequence[tuple[datetime, str]] = ()
    deliveries: Sequence[Delivery] = ()
    letters: Sequence[tuple[datetime, str]] = ()
    held: Sequence[tuple[datetime, Mapping[str, int]]] = ()
    calls: Sequence[tuple[datetime, str, int]] = ()
    lines: Sequence[Line] = ()

    @property
    def minutes(self) -> int:
        """Return how many minutes it was watched."""
        return (self.end - self.start) // MINUTE


SHOWN = frozenset({
    "published", "acked", "refused", "failed", "backlog_age", "dead_letters", "requests_ok", "requests_failed",
    "latency", "attempts",
})  # fmt: skip
"""The signals that a run shows; memory and instances are the platform's own."""


def shown() -> frozenset[str]:
    """Return the metrics that a run shows, by their names in PromQL."""
    return frozenset(signal["metric"] for name, signal in cases.signals().items() if name in SHOWN)


@dataclass
class _Samples:
    """Samples that are being collected: for each series its values by minute since the start."""

    begin: datetime
    values: dict[Series, dict[int, float]] = field(default_factory=dict)

    def add(self, signal: str, at: datetime, value: float = 1, **names: str) -> None:
        """Add to the sample at the end of a minute."""
        described = cases.signals()[signal]
        labels = cases.filled(described["labels"], names) | {name: names[name] for name in ("le",) if name in names}
        resource = metrics.by_promql()[described["metric"]].resources[0]
        key = (described["metric"], tuple(sorted({"monitored_resource": resource, **labels}.items())))
        counted, minute = self.values.setdefault(key, {}), (at - self.begin) // MINUTE
        counted[minute] = counted.get(minute, 0) + value

    def series(self) -> Iterator[Samples]:
        """Yield what was collected."""
        first = self.begin.timestamp()
        for (metric, labels), values in self.values.items():
            minutes = sorted(values)
            times = [first + 60.0 * (minute + 1) for minute in minutes]
            yield Samples(metric, dict(labels), times, [float(values[minute]) for minute in minutes])


def measured(seen: Observed) -> list[Samples]:
    """Return the samples of a run, and of its jobs from before it: they ran as they should."""
    samples = _Samples(seen.start.replace(second=0, microsecond=0))
    for at, topic in seen.published:
        samples.add("published", at, topic=topic)
    for each in seen.deliveries:
        _delivered(samples, each, seen.subscriptions[each.subscription])
    for at, name, status in seen.calls:
        samples.add("attempts", at, LINES_PER_ATTEMPT, job=name)
        _answered(samples, at, seen.jobs[name].function, status)
    for job in seen.jobs.values():
        for at in _earlier(job, samples.begin):
            samples.add("attempts", at, LINES_PER_ATTEMPT, job=job.name)
    for at, name, age in _ages(seen):
        samples.add("backlog_age", at, age, subscription=name)
    for at, name, number in _held(seen):
        samples.add("dead_letters", at, number, dead_letter_subscription=name)
    return list(samples.series())


def _delivered(samples: _Samples, each: Delivery, declared: Subscription) -> None:
    kind = "acked" if each.acknowledged else "refused" if 400 <= each.status < 500 else "failed"
    samples.add(kind, each.at, subscription=each.subscription)
    if declared.function and each.status not in (0, 403):  # what never reached the container
        _answered(samples, each.at, declared.function, each.status)
        for bound in (*map(str, BOUNDS), "+Inf"):
            inside = each.seconds * 1000 <= float(bound)
            samples.add("latency", each.at, int(inside), function=declared.function, le=bound)


def _answered(samples: _Samples, at: datetime, function: str, status: int) -> None:
    if status:
        samples.add("requests_failed" if status >= 500 else "requests_ok", at, function=function)


def _earlier(job: Job, begin: datetime) -> Iterator[datetime]:
    """Yield when a job ran before the run began, and at its beginning."""
    since = begin - BEFORE
    for minute in sorted(replay.runs(job.cron, job.time_zone, int(since.timestamp()), BEFORE // MINUTE + 1)):
        yield since + minute * MINUTE


def _ages(seen: Observed) -> Iterator[tuple[datetime, str, float]]:
    """Yield the age of the oldest message of each subscription, minute by minute, while there is one."""
    stays: dict[tuple[str, str], list[Delivery]] = defaultdict(list)
    for each in seen.deliveries:
        stays[each.subscription, each.message_id].append(each)
    spans: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    for (name, _), attempts in stays.items():
        last = attempts[-1]
        over = last.acknowledged or len(attempts) == seen.subscriptions[name].attempts
        spans[name].append((attempts[0].at, last.at if over else seen.end))
    for name, found in spans.items():
        for minute in range(seen.minutes):
            at = seen.start + (minute + 1) * MINUTE
            if ages := [(at - since).total_seconds() for since, until in found if since <= at < until]:
                yield at - MINUTE, name, max(ages)


def _held(seen: Observed) -> Iterator[tuple[datetime, str, int]]:
    """Yield how many messages each dead letter holds, minute by minute, once there was one."""
    came: dict[str, list[datetime]] = defaultdict(list)
    for at, topic in sorted(seen.letters):
        came[topic].append(at)
    for topic, times in came.items():
        for minute in range(seen.minutes):
            at = seen.start + (minute + 1) * MINUTE
            looked = [(when, held.get(topic, 0)) for when, held in seen.held if when <= at]
            since, number = looked[-1] if looked else (seen.start - MINUTE, 0)
            yield (
                at - MINUTE,
                seen.holds[topic],
                number + bisect.bisect_right(times, at) - bisect.bisect_right(times, since),
            )
