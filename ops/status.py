"""One screen: how each phase fares, how the date stands, what waits, what is deployed; the verdict first.

Then only what needs a hand, with the command to paste. It looks at the same things as the other commands of on-call and
changes nothing.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from ops.answers import Answer, DateProblem
from ops.arguments import add_format_argument, add_project_arguments
from ops.findings import FindingsReport, write
from ops.operate.cloud import DataPlane
from ops.operate.daily import DateCheck
from ops.operate.overview import Deployed, Overview, overview
from ops.operate.standing import BoundaryState
from ops.operate.target import Target, dates, load_target
from ops.progress import stage
from ops.terminal import Style, clip, columns, count, style_for
from ops.validate import actions, findings_of, verdict

EVERY = 30
"""Seconds between two looks of `--watch`."""
CHECKS = ("functions", "revisions", "subscriptions")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    help_ = "YYYY-MM-DD, or a range YYYY-MM-DD..YYYY-MM-DD (default: yesterday and today)"
    parser.add_argument("dates", type=dates, nargs="?", metavar="DATE", help=help_)
    parser.add_argument(
        "--no-deployed", action="store_true", help="do not compare what is deployed, which takes longest"
    )
    parser.add_argument(
        "--watch",
        type=int,
        nargs="?",
        const=EVERY,
        metavar="SECONDS",
        help=f"look again and again (default: each {EVERY} s)",
    )
    add_format_argument(parser)
    add_project_arguments(parser, "whose project is meant")


def run(args: argparse.Namespace) -> int:
    """Show it; the exit code is the worst answer's, with `--watch` the last one's."""
    target = load_target(args.root, args.stack)
    while True:
        cloud = DataPlane(target.stack.project, target.stack.dataset_location, target.manifest.store.database)
        with stage("Looking at the pipeline"):
            compare = None if args.no_deployed else lambda: deployed(args)
            found = overview(target, cloud, target.about(args.dates) if args.dates else _recent(target), compare)
        if args.watch is not None and sys.stdout.isatty():
            print("\033[H\033[2J", end="", file=getattr(sys.stdout, "raw", sys.stdout), flush=True)
        report = FindingsReport("status", args.root, list(findings_of(target, found.problems)))
        write(args.format, report, found.as_json(), lines_of(found, style_for()))
        sys.stdout.flush()
        if args.watch is None:
            return found.answer.exit
        try:
            time.sleep(max(args.watch, 1))
        except KeyboardInterrupt:
            return found.answer.exit


def _recent(target: Target) -> list[str]:
    """Return yesterday and today, or the last hour and this: overnight work for a date runs on the day after it."""
    return target.manifest.keys.recent(datetime.now(UTC), ZoneInfo(target.manifest.time_zone))


def deployed(args: argparse.Namespace) -> Deployed:
    """Compare the functions that serve, and what feeds them, with this commit's declaration."""
    from ops.report.gather import gather
    from ops.verification.cloud import connect
    from ops.verify import unseen_of, verify

    plan = gather(args.root, args.stack)
    if plan.violations:
        return 0, [
            DateProblem(
                Answer.NOT_KNOWN,
                "The declaration is refused, so nothing can be compared with it.",
                "python -m ops plan",
            )
        ]
    outcomes = list(verify(plan, connect(), CHECKS))
    only = " ".join(f"--only {each}" for each in CHECKS)
    wrong = [finding.message for each in outcomes for finding in each.findings]
    found = [DateProblem(Answer.CRITICAL, text) for text in wrong[:1]]
    if wrong:
        more = f" And {count(len(wrong) - 1, 'more difference')}." if len(wrong) > 1 else ""
        found = [DateProblem(Answer.CRITICAL, f"{wrong[0]}{more}", f"python -m ops verify {only}", about="deployed")]
    found += [DateProblem(Answer.NOT_KNOWN, text, about="deployed") for text in unseen_of(outcomes)]
    return sum(each.looked_at for each in outcomes), found


def lines_of(found: Overview, style: Style) -> Iterator[str]:
    """Yield the screen."""
    yield from verdict(found.answer, found.sentence, style)
    yield ""
    if found.problems:
        yield style.heading("What needs a hand, most urgent first")
        yield from actions(found.problems, style)
        yield ""
    if found.phases is not None:
        rows = [
            (each.phase, _clock(each.last_success_at), str(each.failures_24h), ", ".join(each.missing) or "none")
            for each in found.phases
        ]
        heads = ("Phase", "Last success (UTC)", "Failed 24 h", "Missing")
        yield from (clip(line, style.width, 1.0) for line in columns([heads, *rows], right=(2,)))
        yield ""
    for date in found.dates:
        yield from _date(found, date, style)
    waiting = sum(each or 0 for each in found.letters.values())
    seen = sum(1 for each in found.letters.values() if each is not None)
    compared = "not compared" if found.deployed is None else f"{found.deployed} as declared or named above"
    yield f"Dead letters: {waiting} in {seen} of {len(found.letters)} seen.  Deployed: {compared}."


def _date(found: Overview, date: DateCheck, style: Style) -> Iterator[str]:
    numbers = [f"{row['number']} {row['title']}" for row in found.data.get(date.date) or ()]
    yield style.heading(date.date, ", ".join([str(date.due), *numbers]))
    rows = [
        (
            state.boundary,
            f"{state.completed}/{state.expected}",
            state.answer.value,
            state.triggered_at[5:16].replace("T", " ") or "no",
            state.waits or _took(state),
        )
        for state in date.states
    ]
    heads = ("Boundary", "n", "Status", "Triggered", "Details")
    yield from (clip(f"  {line}", style.width, 1.0) for line in columns([heads, *rows]))
    yield ""


def _took(state: BoundaryState) -> str:
    """Return how long it took to the trigger, and from there to the next phase's first sign."""
    late = {"WARNING": ", late", "CRITICAL": ", very late"}.get(state.transition, "")
    took = "" if state.transition_minutes is None else f"took {state.transition_minutes} min{late}"
    began = "" if state.gap_minutes is None else f"next after {state.gap_minutes} min"
    return "; ".join(filter(None, (took, began)))


def _clock(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%m-%d %H:%M}" if at else "none in 30 days"
