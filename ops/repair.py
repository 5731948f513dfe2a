"""Repair a date: rebuild its document from what the streams recorded, and publish a trigger that had no effect again.

It does nothing without `--yes`: it shows exactly what the orchestrators' own engine would write and publish. A date that
needs nothing is refused, and a recorded completion is never replaced by an older one, because merging is the engine's.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from blueprint.findings import Finding
from blueprint.manifest import Boundary
from blueprint.operations import answer
from ops.arguments import add_format_argument, add_project_arguments, declared
from ops.exitcodes import DIFFERENCE, REFUSED, SOUND
from ops.findings import FindingsReport, write
from ops.operate.cloud import DataPlane, DataPlaneError
from ops.operate.engine import replay
from ops.operate.target import Target, as_day, dates, load_target
from ops.terminal import Style, clip, style_for

PROGRESS = Path(".cache", "repair.json")
Json = dict[str, Any]


@dataclass
class Repair:
    """One boundary of one date: what the engine would do or did, and why there is nothing to do where that is so."""

    boundary: str
    date: str
    result: Json = field(default_factory=dict)
    healthy: str = ""
    failure: str = ""

    def as_json(self) -> Json:
        """Return it as `--json` prints it."""
        return {
            "boundary": self.boundary,
            "date": self.date,
            "healthy": self.healthy,
            "failure": self.failure,
            **self.result,
        }


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("dates", type=dates, metavar="DATE", help="YYYY-MM-DD, or a range YYYY-MM-DD..YYYY-MM-DD")
    boundary: Any = parser.add_argument("--boundary", metavar="NAME", help="only this boundary (default: every one)")
    boundary.completer = declared("boundaries")
    parser.add_argument("--yes", action="store_true", help="do it; without, only show what would be done")
    parser.add_argument(
        "--again", action="store_true", help="publish a triggered date's trigger again whatever its effect"
    )
    parser.add_argument("--restart", action="store_true", help="forget how far an interrupted range came")
    add_format_argument(parser)
    add_project_arguments(parser, "whose project is meant")


def run(args: argparse.Namespace) -> int:
    """Plan or do the repair: 0 done or nothing refused, 1 refused or failed, 3 something would be done."""
    target = load_target(args.root, args.stack)
    boundaries = target.boundaries(args.boundary)
    cloud = DataPlane(target.stack.project, target.stack.region, target.manifest.store.database)
    progress = _Progress(target, args)
    repairs: list[Repair] = []
    for date in args.dates:
        for boundary in boundaries:
            if progress.done(boundary.name, date):
                print(f"{date} {boundary.name}: done before the interruption, passed over.", file=sys.stderr)
                continue
            repairs.append(_repair(target, cloud, boundary, date, args))
            if args.yes and not repairs[-1].failure:
                progress.note(boundary.name, date)
            if len(args.dates) > 1:
                print(f"{date} {boundary.name}: {_word(repairs[-1], args.yes)}", file=sys.stderr)
    if args.yes and not any(each.failure for each in repairs):
        progress.clear()
    content = {"applied": args.yes, "repairs": [each.as_json() for each in repairs]}
    report = FindingsReport("repair", args.root, list(_findings(target, repairs, args.yes)))
    write(args.format, report, content, _render(repairs, args.yes, style_for()))
    return _exit(repairs, args.yes)


def _repair(target: Target, cloud: DataPlane, boundary: Boundary, date: str, args: argparse.Namespace) -> Repair:
    made = Repair(boundary.name, date)
    try:
        completions = list(_completions(target, cloud, boundary, date))
        again = args.again or _without_effect(target, cloud, boundary, date)
        made.result = replay(target, boundary, date, completions, again=again, apply=False)
        if made.result["failure"]:
            raise DataPlaneError(str(made.result["failure"]))
        if not made.result["writes"] and not made.result["publications"]:
            made.healthy = _why_healthy(target, cloud, boundary, date)
        elif args.yes:
            _record_attempt(target, cloud, boundary, date)
            made.result = replay(target, boundary, date, completions, again=again, apply=True)
            made.failure = made.result["failure"] or ""
    except DataPlaneError as error:
        made.failure = str(error)
    return made


def _completions(target: Target, cloud: DataPlane, boundary: Boundary, date: str) -> Iterator[Json]:
    """Yield the messages that the recorded rows came from, as far as rows keep them."""
    phase = target.manifest.phases[boundary.upstream]
    sql = answer(target.root, "completions")
    for row in cloud.rows(sql, phase=phase.name, date=as_day(date)):
        metadata = row["metadata"]
        metadata = json.loads(metadata) if isinstance(metadata, str) else dict(metadata or {})
        message = {
            "processor_name": row["processor_name"],
            "phase": phase.label,
            target.manifest.date_field: date,
            "execution_id": row["execution_id"] or row["correlation_id"],
            "correlation_id": row["correlation_id"],
            "status": row["status"],
            "timestamp": _text(row["completed_at"]),
            "record_count": row["record_count"],
            "metadata": metadata,
        }
        yield {name: value for name, value in message.items() if value is not None}


def _text(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _without_effect(target: Target, cloud: DataPlane, boundary: Boundary, date: str) -> bool:
    """Return whether the date was triggered and the next phase shows no sign of it, neither completion nor run."""
    document = cloud.document(target.manifest.phases[boundary.upstream].collection, date) or {}
    triggered = document.get("_triggered_at")
    if not document.get("_triggered") or not isinstance(triggered, datetime) or boundary.downstream is None:
        return False
    age = (datetime.now(triggered.tzinfo) - triggered).total_seconds()
    if age < target.manifest.alerts.thresholds.downstream_start:
        return False
    phase = target.manifest.phases[boundary.downstream]
    seen = cloud.rows(answer(target.root, "completions"), phase=phase.name, date=as_day(date))
    if any(row["completed_at"] >= triggered for row in seen):
        return False
    names = [name for each in phase.processors.values() for name in (each.name, *each.aliases)]
    runs = cloud.rows(
        answer(target.root, "runs"), date=as_day(date), phases=[phase.name, phase.label], processors=names
    )
    return not any(row["first_started_at"] >= triggered for row in runs)


def _why_healthy(target: Target, cloud: DataPlane, boundary: Boundary, date: str) -> str:
    document = cloud.document(target.manifest.phases[boundary.upstream].collection, date)
    if document is None:
        return "nothing was ever recorded for it, so there is nothing to rebuild"
    if document.get("_triggered"):
        return f"it was triggered ({document.get('_trigger_reason')}), everything recorded is in its document"
    missing = ", ".join(document.get("_missing_processors") or ()) or "nothing"
    return f"everything recorded is in its document, and no rule holds yet; missing: {missing}"


def _record_attempt(target: Target, cloud: DataPlane, boundary: Boundary, date: str) -> None:
    known = {"boundary": boundary.name, "date": as_day(date), "date_text": date}
    (row,) = cloud.rows(answer(target.root, "attempts"), **known)
    cloud.rows(
        answer(target.root, "record_attempt"),
        **known,
        attempt=int(row["attempts"]) + 1,
        notes="python -m ops repair --yes",
    )


class _Progress:
    """How far a range came: a file beside the caches, kept until the range is done."""

    def __init__(self, target: Target, args: argparse.Namespace) -> None:
        self._file = target.root / PROGRESS
        self._job = f"{target.stack.project} {args.dates[0]}..{args.dates[-1]} {args.boundary or 'all'} {args.again}"
        self._done: list[str] = [] if args.restart or not args.yes else self._read()

    def done(self, boundary: str, date: str) -> bool:
        return f"{date} {boundary}" in self._done

    def note(self, boundary: str, date: str) -> None:
        self._done.append(f"{date} {boundary}")
        self._file.parent.mkdir(exist_ok=True)
        self._file.write_text(json.dumps({"job": self._job, "done": self._done}), encoding="utf-8")

    def clear(self) -> None:
        self._file.unlink(missing_ok=True)

    def _read(self) -> list[str]:
        try:
            stored = json.loads(self._file.read_text("utf-8"))
            return [str(each) for each in stored["done"]] if stored["job"] == self._job else []
        except (OSError, ValueError, KeyError, TypeError):
            return []


def _word(repair: Repair, applied: bool) -> str:
    if repair.failure:
        return f"failed: {repair.failure}"
    if repair.healthy:
        return "healthy"
    return "repaired" if applied else "would be repaired"


def _findings(target: Target, repairs: list[Repair], applied: bool) -> Iterator[Finding]:
    """Yield in the form that all commands share what failed, needs nothing, or waits for `--yes`."""
    for each in repairs:
        at, about = target.manifest.boundaries[each.boundary].at, f"{each.date} {each.boundary}"
        if each.failure:
            yield Finding("repair-failed", f"{about}: {each.failure.rstrip('.')}.", at)
        elif each.healthy:
            yield Finding("repair-refused", f"{about} needs nothing: {each.healthy}.", at)
        elif not applied:
            remedy = f"`ops repair {each.date} --boundary {each.boundary} --yes`"
            yield Finding("repair", f"{about} would be repaired; {remedy} does it.", at, "warning")


def _render(repairs: list[Repair], applied: bool, style: Style) -> Iterator[str]:
    for repair in repairs:
        yield style.heading(f"{repair.boundary}  {repair.date}", _word(repair, applied))
        if repair.failure:
            yield f"  {style.cross} {repair.failure}"
        elif repair.healthy:
            yield f"  {style.tick} Refused, the date needs nothing: {repair.healthy}."
        else:
            yield from _done(repair.result, applied, style)
        yield ""
    todo = sum(1 for each in repairs if not each.healthy and not each.failure)
    if todo and not applied:
        yield "Nothing was written or published. Run the same command with --yes to do it."


def _done(result: Json, applied: bool, style: Style) -> Iterator[str]:
    for outcome in result["outcomes"]:
        if outcome["status"] not in ("done",):
            yield f"  {outcome['status']}: {outcome['note']}"
    write, publish = ("wrote", "published") if applied else ("would write", "would publish")
    for each in result["writes"]:
        yield f"  {write}  {style.paint(each['document'], 'bold')}"
        for name, value in each["fields"].items():
            yield clip(f"      {name} = {json.dumps(value, ensure_ascii=False)}", style.width)
    for each in result["publications"]:
        attributes = " ".join(f"{key}={value}" for key, value in sorted(each["attributes"].items()))
        yield f"  {publish}  {style.paint(each['topic'], 'bold')}  {attributes}"
        yield clip(f"      {json.dumps(each['data'], ensure_ascii=False)}", style.width)


def _exit(repairs: list[Repair], applied: bool) -> int:
    if any(each.failure for each in repairs) or (repairs and all(each.healthy for each in repairs)):
        return REFUSED
    return SOUND if applied else DIFFERENCE
