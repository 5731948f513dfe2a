"""Repair a date: rebuild its document from what the streams recorded, and publish a trigger that had no effect again.

It does nothing without `--yes`: it says in a line what it would come to, by the orchestrators' own engine (`--details` shows
each write). A recorded completion is never replaced by an older one, because merging is the engine's.
With `--reprocess` it asks a phase's service to do the work of processors again, where the declaration says how.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from blueprint.boundaries import Boundary
from blueprint.findings import Finding
from blueprint.operations import answer
from ops.answers import Answer, worst
from ops.arguments import add_format_argument, add_project_arguments, declared
from ops.findings import FindingsReport, write
from ops.operate import reprocess
from ops.operate.cloud import DataPlane, DataPlaneError
from ops.operate.details import done_lines
from ops.operate.due import Due, due, due_at
from ops.operate.engine import replay
from ops.operate.journal import Journal, alone
from ops.operate.recorded import completions, messages
from ops.operate.rehearsal import Net, net_of
from ops.operate.standing import started_runs
from ops.operate.target import Target, dates, load_target
from ops.progress import stage
from ops.terminal import Style, style_for

PROGRESS = Path(".cache", "repair.json")
LOCK = Path(".cache", "repair.lock")
Json = dict[str, Any]


@dataclass
class Repair:
    """One boundary of one date.

    Attributes:
        answer: what it comes to: healthy, nothing due, not known; a warning where something would be done, critical where
            the date stays open.
        sentence: the net effect.
        healthy: why there is nothing to do, where that is so.
        failure: what could not be seen or done.
        result: what the engine did or would do.
    """

    boundary: str
    date: str
    answer: Answer = Answer.HEALTHY
    sentence: str = ""
    healthy: str = ""
    failure: str = ""
    result: Json = field(default_factory=dict)

    def as_json(self) -> Json:
        """Return it as `--json` prints it."""
        shown = {key: value for key, value in vars(self).items() if key not in ("answer", "result")}
        return {**shown, "answer": self.answer.value, **self.result}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("dates", type=dates, metavar="DATE", help="YYYY-MM-DD, or a range YYYY-MM-DD..YYYY-MM-DD")
    boundary: Any = parser.add_argument("--boundary", metavar="NAME", help="only this boundary (default: every one)")
    boundary.completer = declared("boundaries")
    parser.add_argument("--yes", action="store_true", help="do it; without, only say what it would come to")
    parser.add_argument("--details", action="store_true", help="show each write and publication")
    parser.add_argument(
        "--again", action="store_true", help="publish a triggered date's trigger again whatever its effect"
    )
    parser.add_argument("--restart", action="store_true", help="forget how far an interrupted range came")
    parser.add_argument(
        "--reprocess",
        action="append",
        default=[],
        metavar="PROCESSOR",
        help="ask its phase's service to do its work of the dates again, and nothing else; may be repeated",
    )
    add_format_argument(parser)
    add_project_arguments(parser, "whose project is meant")


def run(args: argparse.Namespace) -> int:
    """Say what a repair comes to, or do it; the exit code is the worst answer's."""
    target = load_target(args.root, args.stack)
    args.dates = target.about(args.dates)
    boundaries = target.boundaries(args.boundary)
    cloud = DataPlane(target.stack.project, target.stack.dataset_location, target.manifest.store.database)
    if args.reprocess:
        return _reprocess(target, args)
    if args.yes:
        with alone(target.root / LOCK):
            repairs = _repairs(target, cloud, boundaries, args)
    else:
        repairs = _repairs(target, cloud, boundaries, args)
    content = {"applied": args.yes, "repairs": [each.as_json() for each in repairs]}
    report = FindingsReport("repair", args.root, list(_findings(target, repairs, args.yes)))
    write(args.format, report, content, _lines(repairs, args, style_for()))
    return worst(each.answer for each in repairs).exit if repairs else Answer.HEALTHY.exit


def _repairs(target: Target, cloud: DataPlane, boundaries: list[Boundary], args: argparse.Namespace) -> list[Repair]:
    job = f"{target.stack.project} {args.dates[0]}..{args.dates[-1]} {args.boundary or 'all'} {args.again}"
    journal = Journal(target.root / PROGRESS, job, fresh=args.restart or not args.yes)
    repairs: list[Repair] = []
    for date in args.dates:
        known = due(target, cloud, date)
        for boundary in boundaries:
            step = f"{date} {boundary.name}"
            if journal.done(step):
                print(f"{step}: done before the interruption, passed over.", file=sys.stderr)
                continue
            with stage(f"Looking at {step}"):
                repairs.append(_repair(target, cloud, boundary, date, known, args))
            if args.yes and not repairs[-1].failure:
                journal.note(step)
    if args.yes and not any(each.failure for each in repairs):
        journal.clear()
    return repairs


def _repair(
    target: Target, cloud: DataPlane, boundary: Boundary, date: str, known: Due, args: argparse.Namespace
) -> Repair:
    made = Repair(boundary.name, date)
    collection = target.manifest.phases[boundary.upstream].collection
    try:
        given = list(messages(target, cloud, boundary, date))
        document = cloud.document(collection, date)
        again = args.again or _without_effect(target, cloud, boundary, date, document)
        made.result = _replayed(target, boundary, date, given, again, apply=False)
        if not made.result["writes"] and not made.result["publications"]:
            _nothing_to_do(target, boundary, made, document, known)
            return made
        if args.yes:
            _record_attempt(target, cloud, boundary, date)
            made.result = _replayed(target, boundary, date, given, again, apply=True)
            document = cloud.document(collection, date)
        _net(target, boundary, made, net_of(made.result, document), applied=args.yes)
    except DataPlaneError as error:
        made.answer, made.failure, made.sentence = Answer.NOT_KNOWN, str(error), f"not known: {error}"
    return made


def _replayed(target: Target, boundary: Boundary, date: str, given: list[Json], again: bool, *, apply: bool) -> Json:
    result = replay(target, boundary, date, given, again=again, apply=apply)
    if result["failure"]:
        raise DataPlaneError(str(result["failure"]))
    return result


def _net(target: Target, boundary: Boundary, made: Repair, net: Net, *, applied: bool) -> None:
    """Fill in what the engine's result comes to."""
    phase = boundary.downstream or f"what {boundary.trigger.topic} starts"
    counted = _counted(target, boundary, made.result)
    if net.starts:
        made.answer = Answer.HEALTHY if applied else Answer.WARNING
        verb = "was told to start" if applied else "would start"
        made.sentence = f"{counted}{phase} {verb} ({net.reason})."
        return
    verb = "does not start" if applied else "would not start"
    made.sentence = f"{counted}{phase} {verb}: {net.sentence}."
    if net.leased:
        made.answer = Answer.NOT_KNOWN
        made.failure = net.sentence if applied else ""
    elif net.blocks:
        made.answer = Answer.CRITICAL
    else:
        made.answer = Answer.HEALTHY if applied else Answer.WARNING


def _counted(target: Target, boundary: Boundary, result: Json) -> str:
    """Return how many of the expected processors are recorded after the result, where it writes the document."""
    name = f"{target.manifest.phases[boundary.upstream].collection}/"
    fields: Json = {}
    for each in result["writes"]:
        if each["document"].startswith(name):
            fields |= each["fields"]
    mode = boundary.modes.get(str(fields.get("_mode")))
    missing = fields.get("_missing_processors")
    if mode is None or missing is None or not mode.expected:
        return ""
    told = f"recorded {len(mode.expected) - len(missing)} of {len(mode.expected)}"
    return f"{told}, missing {', '.join(missing)}; " if missing else f"{told}; "


def _nothing_to_do(target: Target, boundary: Boundary, made: Repair, document: Json | None, known: Due) -> None:
    """Fill in why the date needs no repair, or cannot be helped by one."""
    if document is not None:
        net = net_of(made.result, document)
        if document.get("_triggered"):
            made.healthy = (
                f"it was triggered ({document.get('_trigger_reason')}), and all that is recorded is in its document"
            )
        elif net.leased:
            made.answer, made.failure = Answer.NOT_KNOWN, net.sentence
        else:
            missing = ", ".join(document.get("_missing_processors") or ()) or "nothing"
            made.healthy = f"all that is recorded is in its document, and no rule holds yet; missing: {missing}"
            made.answer = Answer.CRITICAL if _late(document, boundary) else Answer.NOTHING_DUE
    elif known.number == 0:
        made.answer, made.healthy = Answer.NOTHING_DUE, f"there are no {known.thing}s that day by the schedule"
    elif datetime.now().astimezone() < (late := due_at(target.manifest, boundary, made.date)):
        made.answer = Answer.NOTHING_DUE
        made.healthy = f"nothing is recorded of it, and it is not due before {late:%Y-%m-%d %H:%M %Z}"
    else:
        made.answer = Answer.NOT_KNOWN if known.number is None else Answer.CRITICAL
        made.healthy = f"nothing was ever recorded of it ({known}), so there is nothing to rebuild it from"
    made.sentence = f"nothing to repair: {made.healthy}." if made.healthy else f"not known: {made.failure}."


def _late(document: Json, boundary: Boundary) -> bool:
    first = document.get("_first_completion_at")
    if not isinstance(first, datetime):
        return False
    return (datetime.now(first.tzinfo) - first).total_seconds() >= boundary.deadline


def _without_effect(target: Target, cloud: DataPlane, boundary: Boundary, date: str, document: Json | None) -> bool:
    """Return whether the date was triggered and the next phase shows no sign of it, neither completion nor run."""
    triggered = (document or {}).get("_triggered_at")
    if not (document or {}).get("_triggered") or not isinstance(triggered, datetime) or boundary.downstream is None:
        return False
    age = (datetime.now(triggered.tzinfo) - triggered).total_seconds()
    if age < target.manifest.alerts.thresholds.downstream_start:
        return False
    if any(row["completed_at"] >= triggered for row in completions(target, cloud, boundary.downstream, date)):
        return False
    runs = started_runs(target, cloud, boundary.downstream, date)
    return not any(row["first_started_at"] >= triggered for row in runs)


def _record_attempt(target: Target, cloud: DataPlane, boundary: Boundary, date: str) -> None:
    known = {"boundary": boundary.name, "date": target.parameter(date), "date_text": date}
    (row,) = cloud.rows(answer(target.root, "attempts"), **known)
    cloud.rows(
        answer(target.root, "record_attempt"),
        **known,
        attempt=int(row["attempts"]) + 1,
        notes="python -m ops repair --yes",
    )


def _reprocess(target: Target, args: argparse.Namespace) -> int:
    """Ask the services, or say what would be asked."""
    asked = reprocess.requests(target, args.dates, args.reprocess)
    shown: list[Json] = []
    for each in asked:
        told = reprocess.ask(each, reprocess.identity(each.url)) if args.yes else ""
        shown.append({"service": each.service, "url": each.url, "body": each.body, "answer": told})
    verb = "was asked" if args.yes else "would be asked"
    lines = [f"{each['service']} {verb}: POST {each['url']}\n  {each['body']}" for each in shown]
    lines += [f"  It answers: {each['answer']}" for each in shown if each["answer"]]
    lines += [] if args.yes else ["", "Nothing was asked. Run the same command with --yes to do it."]
    write(args.format, FindingsReport("repair", args.root, []), {"applied": args.yes, "requests": shown}, lines)
    return (Answer.HEALTHY if args.yes else Answer.WARNING).exit


def _findings(target: Target, repairs: list[Repair], applied: bool) -> Iterator[Finding]:
    """Yield in the form that all commands share what failed, what no repair helps, and what waits for `--yes`."""
    for each in repairs:
        at, text = target.manifest.boundaries[each.boundary].at, f"{each.date} {each.boundary}: {each.sentence}"
        if each.failure:
            yield Finding("repair-failed", text, at)
        elif each.answer is Answer.CRITICAL:
            yield Finding("repair-refused", text, at)
        elif each.answer is Answer.WARNING and not applied:
            remedy = f"`ops repair {each.date} --boundary {each.boundary} --yes` does it."
            yield Finding("repair", f"{text} {remedy}", at, "warning")


def _lines(repairs: list[Repair], args: argparse.Namespace, style: Style) -> Iterator[str]:
    for repair in repairs:
        yield f"{style.paint(repair.date, 'bold')}  {style.paint(repair.boundary, repair.answer.colour)}  {repair.sentence}"
        if args.details and repair.result:
            yield from done_lines(repair.result, args.yes, style)
    if not args.yes and any(each.answer is Answer.WARNING for each in repairs):
        yield ""
        yield "Nothing was written or published. The same command with --yes does it, --details shows each write."
