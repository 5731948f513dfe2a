"""README's own commands, and what running each of them on a new machine has to show."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

COVERED = {
    "make quick": "`make test` runs these tests and more",
    "make engine": "`make test` runs these tests too",
    "make gauntlet": "`make test` judges a sample",
    "make mutants": "it tests the tests, for minutes; `make test` judges two",
    "make fuzz": "`make test` gives some of its inputs",
    "make local": "it runs until Ctrl-C; `make test` begins and ends it",
    "make bench": "it measures, and judges nothing",
}
MEASURED = {"make test": "make branches"}
"""What is run for a command of README: the same tests, and how much of the code they reach is judged."""
END, BEGINNING = 60, 240
"""How many lines a failed step shows: its last, and those that follow where its tests begin to report failures."""
NEEDS_LOGIN = ("validate", "repair", "redrive", "verify", "status", "drift")
EVERYWHERE, SETUP, FIRST = "make preview", "make setup", ("make lint", "make sql", "make advisories")
"""What every Python has to pass; what builds the environment; and what is cheap, so that it speaks first."""


@dataclass(frozen=True)
class Step:
    """A line of README: with the CLI or without, to succeed or (no login) to end in a sentence; or why it is not run."""

    command: str
    cli: bool = False
    login: bool = False
    skipped: str = ""


def commands(text: str) -> list[str]:
    """Return the commands of a page's console blocks, without their remarks."""
    blocks = re.findall(r"(?ms)^```console\n(.*?)^```", text)
    lines = [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]
    return [re.sub(r"\s+# .*", "", line).rstrip() for line in lines]


def steps(readme: Path, names: dict[str, str]) -> Iterator[Step]:
    """Yield what is run, in README's order; lines around `pulumi` belong together and become one step.

    `names` says what stands for a placeholder such as NAME.
    """
    blocks = re.findall(r"(?ms)^```console\n.*?^```", readme.read_text(encoding="utf-8"))
    for block in blocks:
        lines = [re.sub(r"\b[A-Z]{4,}\b(?!=)", lambda m: names.get(m[0], m[0]), each) for each in commands(block)]
        if any(re.search(r"\bpulumi\b", line) for line in lines):
            yield Step(" && ".join(lines), cli=True)
            continue
        for line in dict.fromkeys(lines):
            words = line.split()
            yield Step(
                MEASURED.get(line, line),
                login=any(word in NEEDS_LOGIN for word in words),
                skipped=COVERED.get(line, ""),
            )


def failure(step: Step, code: int, said: str) -> str:
    """Return what is wrong with how a step ended, or nothing."""
    if "Traceback (most recent call last)" in said and step.command not in MEASURED.values():
        return "it ends in a traceback"
    if step.login:  # nobody is logged in here: a sentence and an exit code that says so
        return "" if code and said.strip() else f"it says nothing, or exit code {code}, though nobody is logged in"
    return f"exit code {code}" if code else ""


def telling(said: str) -> list[str]:
    """Return the lines of a failed step that tell why: reports of failed tests, its end, and each failed test by name."""
    lines = said.splitlines()
    reports = next((n for n, line in enumerate(lines) if re.match(r"=+ (FAILURES|ERRORS) =+", line)), len(lines))
    end = max(len(lines) - END, 0)
    first = lines[reports : min(reports + BEGINNING, end)]
    left = end - reports - len(first)
    between = [f"... {left} lines are left out here ..."] if first and left > 0 else []
    names = [line for line in lines[:end] if re.match(r"(FAILED|ERROR) \S+::", line) and line not in first]
    return [*first, *between, *names, *lines[end:]]
