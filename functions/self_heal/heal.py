"""What a run does, in this order: ticks for open dates, repetitions of triggers without effect, stale heartbeats."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, TypeVar

import heartbeats
from effect import repeat_without_effect
from shared.decisions.effects import Unavailable
from shared.orchestration.dependencies import Dependencies
from shared.orchestration.sweep import Budget, Sweep, Swept
from shared.reports import logs, slack

Item = TypeVar("Item")


def run(dependencies: Dependencies, schedule: str | None, webhook: str) -> dict[str, Any]:
    """Do the work of a schedule: heartbeats once a day, the rest each time; tell Slack what was found."""
    failures: list[str] = []
    swept: list[Swept] = []
    repeated: list[str] = []
    budget = Budget.of(dependencies.view)
    sweeps = [Sweep(dependencies, boundary) for boundary in dependencies.view.boundaries.values()]
    for left, one in _counted(sweeps):
        swept += _tried(failures, partial(one.newest, budget, left))
    for left, one in _counted(sweeps):
        part = budget.part(left)
        repeated += _tried(failures, partial(repeat_without_effect, dependencies, one.boundary, part, failures))
    for work in (Sweep.older, Sweep.idle):
        for left, one in _counted(sweeps):
            swept += _tried(failures, partial(work, one, budget.part(left)))
    daily = schedule in (None, dependencies.view.schedule("daily"))
    closed = [] if not daily else _tried(failures, partial(heartbeats.close_stale, dependencies, budget))
    failures += [one.failure for one in swept if one.failure]
    findings = [*_findings(swept), *repeated, *closed]
    if findings or failures:
        _tell(webhook, findings, failures, dependencies.view.title)
    logs.log("INFO", "self_heal_done", f"{len(swept)} open dates, {len(findings)} findings, {len(failures)} failures.")
    return {"open_dates": len(swept), "findings": findings, "failures": failures}


def _counted(sweeps: list[Sweep]) -> Iterator[tuple[int, Sweep]]:
    """Yield each boundary's sweep with the number of those that still have to come, itself included."""
    yield from zip(range(len(sweeps), 0, -1), sweeps, strict=True)


def _tried(failures: list[str], work: Callable[[], Iterable[Item]]) -> list[Item]:
    done: list[Item] = []
    try:
        for item in work():
            done.append(item)
    except Unavailable as failure:
        failures.append(str(failure))
    return done


def _findings(swept: list[Swept]) -> list[str]:
    found = []
    for one in swept:
        place = f"{one.boundary.name} {one.date}"
        if one.outcome and one.outcome.status == "triggered":
            found.append(f"{place}: triggered by the timer ({one.outcome.note})")
        if one.overdue:
            found.append(f"{place}: open after its deadline, missing {', '.join(one.missing) or 'none'}")
            if one.outcome and one.outcome.status == "blocked":
                found.append(f"{place}: blocked, {one.outcome.note}")
    return found


def _tell(webhook: str, findings: list[str], failures: list[str], title: str) -> None:
    verdict = f"{'CRITICAL' if failures else 'WARNING'}: self-heal of {title} found {len(findings) + len(failures)}"
    lines = [f"• {slack.escape(text)}" for text in [*failures, *findings]]
    try:
        slack.post(webhook, slack.message(verdict, ["\n".join(lines)], "self-heal"))
    except Unavailable as failure:
        failures.append(str(failure))
