"""What is found of a date: how its boundaries stand, its errors, its dead letters, and the verdict in one sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from blueprint.boundaries import Boundary
from blueprint.operations import answer, file_of
from ops.answers import Answer, DateProblem, merged, worst
from ops.operate.cloud import DataPlane, DataPlaneError
from ops.operate.due import Due, due
from ops.operate.letters import problems_of, waiting_of
from ops.operate.standing import BoundaryState, runs_of, standings
from ops.operate.target import Target
from ops.terminal import clip, count

Json = dict[str, Any]


@dataclass(frozen=True)
class DateCheck:
    """A date, and what was found of it."""

    date: str
    due: Due
    states: Sequence[BoundaryState]
    problems: Sequence[DateProblem]

    @property
    def answer(self) -> Answer:
        """Return the verdict."""
        return worst([*(each.answer for each in self.states), *(each.answer for each in self.problems)])

    @property
    def sentence(self) -> str:
        """Return the verdict in one sentence, which claims nothing that was not looked at."""
        if self.problems:
            return self.problems[0].sentence
        if self.answer is Answer.NOTHING_DUE:
            return f"{self.states[0].waits}; nothing is recorded." if self.states else "nothing is declared."
        triggered = sum(1 for each in self.states if each.triggered_at)
        started = sum(1 for each in self.states if each.started)
        waits = [f"{each.boundary} {each.waits}" for each in self.states if each.waits]
        told = f"{triggered} of {count(len(self.states), 'boundary', 'boundaries')} triggered, {count(started, 'next phase')} seen to start"
        return f"{'; '.join([told, *waits])}; no error, no dead letter of the date."

    def as_json(self) -> Json:
        """Return it as `--json` prints it."""
        return {
            "date": self.date,
            "verdict": self.answer.value,
            "sentence": self.sentence,
            "scheduled": self.due.number,
            "boundaries": [each.as_json() for each in self.states],
            "actions": [each.as_json() for each in self.problems],
        }


def check(target: Target, cloud: DataPlane, date: str, wanted: list[Boundary], *, letters: bool = True) -> DateCheck:
    """Return what is found of a date, with its dead letters or without; raises `NoLogin` where nothing can be seen."""
    cloud.fetch(_asked(target, date))
    known = due(target, cloud, date)
    states = standings(target, cloud, date, known, wanted)
    others = [*_errors(target, cloud, date), *(_dead_letters(target, cloud, date, wanted) if letters else ())]
    problems = merged([*(each for state in states for each in state.problems), *others])
    return DateCheck(date, known, states, problems)


def _asked(target: Target, date: str) -> Iterator[tuple[str, Json]]:
    """Yield the queries whose answers every date needs, so that they are asked at once."""
    yield answer(target.root, "errors"), {"date": target.parameter(date)}
    if (target.root / file_of("due")).is_file():
        yield answer(target.root, "due"), {"date": target.parameter(date)}
    for phase in target.manifest.phases:
        yield answer(target.root, "completions"), {"phase": phase, "date": target.parameter(date)}
        yield runs_of(target, phase, date)


def _errors(target: Target, cloud: DataPlane, date: str) -> Iterator[DateProblem]:
    try:
        rows = cloud.rows(answer(target.root, "errors"), date=target.parameter(date))
    except DataPlaneError as error:
        yield DateProblem(Answer.NOT_KNOWN, str(error), about="errors of the date")
        return
    for row in rows:
        if row["severity"] != "info":
            text = f"{count(int(row['errors']), 'error')} {row['error_type']}: {clip(str(row['example']), 160, 1.0)}"
            yield DateProblem(Answer.WARNING, text)


def _dead_letters(target: Target, cloud: DataPlane, date: str, wanted: list[Boundary]) -> Iterator[DateProblem]:
    """Yield a problem for each dead letter that holds messages of the date; looking removes nothing."""
    functions = {each.function for each in wanted}
    every = len(wanted) == len(target.manifest.boundaries)
    holds = [hold for consumer, _, hold in target.holds() if every or consumer in functions]
    for subscription, found in waiting_of(cloud, holds, date):
        yield from problems_of(subscription, found, " of the date")
