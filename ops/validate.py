"""The daily check of a date: a verdict first, then each boundary, then what to do, with one command each.

It reads what operators read, the completion documents, and holds them against what the streams recorded without the
orchestrators. A question that cannot be answered is told as not known: silence once read as health for weeks.
"""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from blueprint.findings import Finding, Severity
from ops.answers import Answer, DateProblem, worst
from ops.arguments import add_format_argument, add_project_arguments, declared
from ops.findings import FindingsReport, write
from ops.invocation import called
from ops.operate.cloud import DataPlane
from ops.operate.daily import DateCheck, check
from ops.operate.standing import BoundaryState
from ops.operate.target import Target, dates, load_target
from ops.progress import stage
from ops.terminal import MAX_WIDTH, Style, clip, columns, style_for


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("dates", type=dates, metavar="DATE", help="YYYY-MM-DD, or a range YYYY-MM-DD..YYYY-MM-DD")
    boundary: Any = parser.add_argument("--boundary", metavar="NAME", help="only this boundary (default: every one)")
    boundary.completer = declared("boundaries")
    add_format_argument(parser)
    add_project_arguments(parser, "whose project is meant")


def run(args: argparse.Namespace) -> int:
    """Check each date; the exit code is the worst answer's."""
    target = load_target(args.root, args.stack)
    wanted = target.boundaries(args.boundary)
    cloud = DataPlane(target.stack.project, target.stack.dataset_location, target.manifest.store.database)
    found = []
    for date in target.about(args.dates):
        with stage(f"Looking at {date}"):
            found.append(check(target, cloud, date, wanted))
    shown = [each.as_json() for each in found]
    lines = (line for each in found for line in lines_of(each, style_for()))
    report = FindingsReport("validate", args.root, [finding for each in found for finding in _findings(target, each)])
    write(args.format, report, shown[0] if len(shown) == 1 else shown, lines)
    return worst(each.answer for each in found).exit


def _findings(target: Target, checked: DateCheck) -> Iterator[Finding]:
    return findings_of(target, checked.problems, f"{checked.date}: ")


def findings_of(target: Target, problems: Iterable[DateProblem], before: str = "") -> Iterator[Finding]:
    """Yield problems in the form that all commands share: a boundary's at its declaration, with the remedy."""
    for each in problems:
        first = each.about.partition(", ")[0]
        boundary = target.manifest.boundaries.get(first)
        at = boundary.at if boundary else target.manifest.at
        severity: Severity = "violation" if each.answer is Answer.CRITICAL else "warning"
        remedy = f" Run `{each.command}`." if each.command else ""
        yield Finding(first if boundary else "date", f"{before}{each.sentence}{remedy}", at, severity)


def lines_of(checked: DateCheck, style: Style) -> Iterator[str]:
    """Yield a date's page: the verdict, the boundaries, what is missing, what to do."""
    yield from verdict(checked.answer, f"{checked.date}: {checked.sentence}", style)
    yield ""
    yield from (clip(f"  {line}", style.width, 1.0) for line in columns(_table(checked.states)))
    for state in checked.states:
        if state.missing and state.triggered_at:
            yield from wrapped(f"  {state.boundary} misses {', '.join(state.missing)}", style, "    ")
    if checked.problems:
        yield ""
        yield style.heading("What to do, most urgent first")
        yield from actions(checked.problems, style)
    yield ""


def verdict(answer: Answer, sentence: str, style: Style) -> Iterator[str]:
    """Yield the verdict: its word, and the sentence in as many lines as the terminal needs."""
    first, *others = wrapped(f"{answer.value}  {sentence}", style, " " * (len(answer.value) + 2))
    yield first.replace(answer.value, style.paint(answer.value, answer.colour, "bold"), 1)
    yield from others


def wrapped(text: str, style: Style, indent: str) -> list[str]:
    """Return a sentence in lines of the terminal's width; on paper it is one line."""
    if style.width >= MAX_WIDTH:
        return [text]
    return textwrap.wrap(text, style.width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def actions(problems: Sequence[DateProblem], style: Style) -> Iterator[str]:
    """Yield the problems in their order, each with the command that deals with it, ready to paste."""
    for number, each in enumerate(problems, 1):
        first, *others = wrapped(f"  {number}. {each.answer.value}  {each.sentence}", style, "     ")
        yield first.replace(each.answer.value, style.paint(each.answer.value, each.answer.colour), 1)
        yield from others
        if each.command:
            yield f"     {style.paint(called(each.command), 'bold')}"


def _table(states: Sequence[BoundaryState]) -> list[tuple[str, ...]]:
    rows = [
        (
            state.boundary,
            f"{state.completed} of {state.expected}",
            state.answer.value,
            state.triggered_at[5:16].replace("T", " ") or "no",
            state.waits or ", ".join(filter(None, (state.reason, state.started_by and f"next: {state.started_by}"))),
        )
        for state in states
    ]
    return [("Boundary", "x of n", "Status", "Triggered (UTC)", "Details"), *rows]
