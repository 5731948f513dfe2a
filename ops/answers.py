"""What every command that looks at the running system answers with: one word, one exit code, the same everywhere.

Not known is never fine and never absent: what could not be seen is said as such, with its cause once. A good answer
says what was looked at.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum

from ops import exitcodes


class Answer(Enum):
    """An answer; the value is its word. They are in order: of several, the last one is told."""

    NOTHING_DUE = "NOTHING DUE"
    HEALTHY = "HEALTHY"
    WARNING = "WARNING"
    NOT_KNOWN = "NOT KNOWN"
    CRITICAL = "CRITICAL"

    @property
    def exit(self) -> int:
        """Return the exit code that says the same."""
        return _EXITS[self]

    @property
    def rank(self) -> int:
        """Return how much it weighs against others."""
        return tuple(Answer).index(self)

    @property
    def colour(self) -> str:
        """Return the colour it is shown in."""
        return _COLOURS[self]


_EXITS = {
    Answer.NOTHING_DUE: exitcodes.NOTHING_DUE,
    Answer.HEALTHY: exitcodes.SOUND,
    Answer.WARNING: exitcodes.DIFFERENCE,
    Answer.NOT_KNOWN: exitcodes.UNKNOWN,
    Answer.CRITICAL: exitcodes.REFUSED,
}
_COLOURS = {
    Answer.NOTHING_DUE: "blue",
    Answer.HEALTHY: "green",
    Answer.WARNING: "yellow",
    Answer.NOT_KNOWN: "magenta",
    Answer.CRITICAL: "red",
}


def worst(answers: Iterable[Answer]) -> Answer:
    """Return the one that is told of several; of none, that nothing is due."""
    return max(answers, key=lambda each: each.rank, default=Answer.NOTHING_DUE)


class Unseen(Exception):
    """What was asked could not be seen. The text is one sentence or more: the cause, and what to do."""


class NoLogin(Unseen):
    """Nothing at all can be seen, whatever is asked next: there are no credentials, or they are not accepted."""


@dataclass(frozen=True)
class DateProblem:
    """One thing that needs a person.

    Attributes:
        answer: how bad it is.
        text: what is wrong, or why it is not known, as sentences.
        command: the one command that deals with it; empty where none does.
        about: what a cause keeps from being seen; problems of one cause become one.
    """

    answer: Answer
    text: str
    command: str = ""
    about: str = ""

    @property
    def sentence(self) -> str:
        """Return what it is about, and the text."""
        return f"{self.about}: {self.text}" if self.about else self.text

    def as_json(self) -> dict[str, str]:
        """Return it as `--json` prints it."""
        return {"level": self.answer.value, "text": self.sentence, "command": self.command}


def merged(problems: Iterable[DateProblem]) -> list[DateProblem]:
    """Return the problems, worst first, each cause once with everything that it is about."""
    found: dict[tuple[Answer, str, str], DateProblem] = {}
    for each in problems:
        key = each.answer, each.text, each.command
        before = found.get(key)
        if before is None:
            found[key] = each
        elif each.about and each.about not in before.about.split(", "):
            found[key] = replace(before, about=f"{before.about}, {each.about}")
    return sorted(found.values(), key=lambda each: -each.answer.rank)
