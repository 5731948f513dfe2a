"""Check a deployment by its effect: what serves, who may call it, where messages go, and that one arrives.

Compares the cloud with this commit's declaration through Google's interfaces and the caller's credentials, and sends one
synthetic completion through each boundary. It changes nothing else.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from blueprint.findings import Finding, Location, Refused
from ops import exitcodes
from ops.arguments import add_format_argument, add_project_arguments
from ops.findings import FindingsReport, write
from ops.terminal import Style, count, style_for
from ops.verification.cloud import ControlPlane, ControlPlaneError

if TYPE_CHECKING:
    from ops.report.gather import Plan

SYNTHETIC = "completions"
THREADS = 8


@dataclass(frozen=True)
class CheckOutcome:
    """One check: how many things it looked at, and what it found."""

    id: str
    title: str
    looked_at: int
    findings: tuple[Finding, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_project_arguments(parser, "to verify")
    parser.add_argument("--only", action="append", metavar="CHECK", help="run this check only; may be repeated")
    parser.add_argument("--no-synthetic", action="store_true", help="send no synthetic completion")
    parser.add_argument("--date", type=date.fromisoformat, metavar="DATE", help="the reserved date (2000-01-01)")
    add_format_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Verify; 0 when everything is as declared, 1 when something is not, 2 for a check that does not exist."""
    from ops.report.gather import gather
    from ops.verification.checks import CHECKS
    from ops.verification.cloud import connect

    known = [*(check.id for check in CHECKS), SYNTHETIC]
    wanted = args.only or known
    if unknown := sorted(set(wanted) - set(known)):
        print(f"There is no check '{unknown[0]}'; they are: {', '.join(known)}.", file=sys.stderr)
        return exitcodes.USAGE
    plan = gather(args.root, args.stack)
    if plan.violations:
        print("The declaration itself is refused; there is nothing to compare the cloud with.", file=sys.stderr)
        raise Refused(plan.violations)
    try:
        cloud = connect()
    except ControlPlaneError as error:
        print(f"The cloud cannot be asked: {error}.", file=sys.stderr)
        return 1
    outcomes = list(verify(plan, cloud, wanted))
    if SYNTHETIC in wanted and not args.no_synthetic:
        outcomes.append(completions(args.root, plan, cloud, args.date))
    found = [finding for each in outcomes for finding in each.findings]
    report = FindingsReport("verify", args.root, found, {each.id: each.title for each in outcomes})
    write(args.format, report, [_json(each) for each in outcomes], _lines(outcomes, style_for(sys.stdout)))
    return exitcodes.REFUSED if found else exitcodes.SOUND


def verify(plan: Plan, cloud: ControlPlane, wanted: Iterable[str]) -> Iterator[CheckOutcome]:
    """Yield the outcome of each wanted check, in their order."""
    from ops.embedded.record import Registration
    from ops.verification.checks import CHECKS
    from ops.verification.declared import DeclaredResources

    declared = DeclaredResources(plan, cloud)
    for check in (each for each in CHECKS if each.id in set(wanted)):

        def look(resource: Registration) -> list[Finding]:
            try:
                sentences = list(check.look(declared, resource))  # noqa: B023  # used before the next turn
            except ControlPlaneError as error:
                sentences = [f"{resource.name} cannot be verified: {error}."]
            return [Finding(check.id, sentence, declared.at(resource)) for sentence in sentences]  # noqa: B023

        resources = list(declared.of(check.kind))
        with ThreadPoolExecutor(THREADS) as pool:
            found = [finding for findings in pool.map(look, resources) for finding in findings]
        yield CheckOutcome(check.id, check.title, len(resources), tuple(found))


def completions(root: Path, plan: Plan, cloud: ControlPlane, day: date | None) -> CheckOutcome:
    """Send the synthetic completions and return what did not arrive."""
    from blueprint.loader import load_manifest
    from ops.embedded.project import load
    from ops.verification import synthetic

    config = load(root, plan.stack).config
    sent = synthetic.ways(load_manifest(root), config[f"{plan.project}:projectId"])
    lost = [Finding(SYNTHETIC, text, at) for at, text in synthetic.travel(cloud, sent, day or synthetic.RESERVED)]
    return CheckOutcome(SYNTHETIC, "A completion travels through each boundary", len(sent), tuple(lost))


def _lines(outcomes: Sequence[CheckOutcome], style: Style) -> Iterator[str]:
    width = max(len(each.title) for each in outcomes)
    for each in outcomes:
        yield (f"{style.cross if each.findings else style.tick} {each.title.ljust(width)}  {each.looked_at:>4}")
        for finding in each.findings:
            yield f"    {finding}"
    faults = sum(len(each.findings) for each in outcomes)
    things = count(sum(each.looked_at for each in outcomes), "thing")
    yield (f"{things} looked at, {'everything as declared' if not faults else f'{faults} not as declared'}.")


def _json(outcome: CheckOutcome) -> dict[str, object]:
    findings = [
        {"message": each.message, "file": each.at.file, "line": each.at.line}
        for each in outcome.findings
        if isinstance(each.at, Location)
    ]
    return {"check": outcome.id, "title": outcome.title, "looked_at": outcome.looked_at, "findings": findings}
