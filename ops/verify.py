"""Check a deployment by its effect: what serves, who may call it, where messages go, and that one arrives.

Compares the cloud with this commit's declaration through Google's interfaces and the caller's credentials, and sends one
synthetic completion through each boundary. It changes nothing else.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from blueprint.findings import Finding, Location, Refused, Severity
from ops import exitcodes
from ops.answers import Answer, worst
from ops.arguments import add_format_argument, add_project_arguments
from ops.findings import FindingsReport, write
from ops.terminal import Style, count, some, style_for
from ops.verification.cloud import ControlPlane, ControlPlaneError

if TYPE_CHECKING:
    from ops.embedded.record import Registration
    from ops.report.gather import Plan
    from ops.verification.checks import DeploymentCheck
    from ops.verification.declared import DeclaredResources

SYNTHETIC = "completions"
THREADS = 8


@dataclass(frozen=True)
class CheckOutcome:
    """One check: how many things it looked at, what it found, and what could not be seen, by cause."""

    id: str
    title: str
    looked_at: int
    findings: tuple[Finding, ...]
    unseen: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def answer(self) -> Answer:
        """Return the answer."""
        if any(each.severity == "violation" for each in self.findings):
            return Answer.CRITICAL
        if self.unseen:
            return Answer.NOT_KNOWN
        if self.findings:
            return Answer.WARNING
        return Answer.HEALTHY if self.looked_at else Answer.NOTHING_DUE


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_project_arguments(parser, "to verify")
    parser.add_argument("--only", action="append", metavar="CHECK", help="run this check only; may be repeated")
    parser.add_argument("--no-synthetic", action="store_true", help="send no synthetic completion")
    parser.add_argument("--date", type=date.fromisoformat, metavar="DATE", help="the reserved date (2000-01-01)")
    add_format_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Verify; 0 when everything is as declared, 1 when something is not, 3 for what is there besides, 4 for not known."""
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
    cloud = connect()
    outcomes = list(verify(plan, cloud, wanted))
    if SYNTHETIC in wanted and not args.no_synthetic:
        outcomes.append(completions(args.root, plan, cloud, args.date))
    found = [finding for each in outcomes for finding in each.findings]
    unseen = [Finding("not-known", each, Location("pipeline.yaml"), "warning") for each in unseen_of(outcomes)]
    report = FindingsReport("verify", args.root, [*found, *unseen], {each.id: each.title for each in outcomes})
    write(args.format, report, [_json(each) for each in outcomes], _lines(outcomes, style_for(sys.stdout)))
    return worst(each.answer for each in outcomes).exit


def verify(plan: Plan, cloud: ControlPlane, wanted: Iterable[str]) -> Iterator[CheckOutcome]:
    """Yield the outcome of each wanted check, in their order."""
    from ops.verification.checks import CHECKS
    from ops.verification.declared import DeclaredResources

    declared = DeclaredResources(plan, cloud)
    for check in (each for each in CHECKS if each.id in set(wanted)):
        resources = [each for kind in check.kinds for each in declared.of(kind)]
        with ThreadPoolExecutor(THREADS) as pool:
            found = list(pool.map(partial(_looked, declared, check), resources))
        unseen: dict[str, list[str]] = {}
        for resource, answer in zip(resources, found, strict=True):
            if isinstance(answer, ControlPlaneError):
                unseen.setdefault(answer.cause, []).append(resource.name)
        sentences = [finding for answer in found if not isinstance(answer, ControlPlaneError) for finding in answer]
        seen = len(resources) - sum(map(len, unseen.values()))
        yield CheckOutcome(check.id, check.title, seen, tuple(sentences), unseen)


def _looked(
    declared: DeclaredResources, check: DeploymentCheck, resource: Registration
) -> list[Finding] | ControlPlaneError:
    """Return what is wrong with a resource, or why that cannot be seen."""
    try:
        severity: Severity = "violation" if check.fault else "warning"
        sentences = check.look(declared, resource)
        return [Finding(check.id, sentence, declared.at(resource), severity) for sentence in sentences]
    except ControlPlaneError as error:
        return error


def unseen_of(outcomes: Iterable[CheckOutcome]) -> Iterator[str]:
    """Yield a sentence for each cause that kept something from being seen, once for all checks."""
    causes: dict[str, list[str]] = {}
    for each in outcomes:
        for cause, names in each.unseen.items():
            causes.setdefault(cause, []).extend(names)
    for cause, names in causes.items():
        yield f"Not known: {some(names)}. The cause: {cause.rstrip('.')}."


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
        sign = {
            Answer.CRITICAL: style.cross,
            Answer.WARNING: style.paint("!", "yellow"),
            Answer.NOT_KNOWN: style.paint("?", "magenta", "bold"),
        }
        yield f"{sign.get(each.answer, style.tick)} {each.title.ljust(width)}  {each.looked_at:>4}"
        for finding in each.findings:
            yield f"    {finding}"
    yield from unseen_of(outcomes)
    faults = sum(len(each.findings) for each in outcomes)
    answer = worst(each.answer for each in outcomes)
    ends = {
        Answer.CRITICAL: f"{faults} not as declared",
        Answer.NOT_KNOWN: "those are as declared; the others are not known",
        Answer.WARNING: f"everything declared is so; {faults} besides",
    }
    things = count(sum(each.looked_at for each in outcomes), "thing")
    verdict = style.paint(answer.value, answer.colour, "bold")
    yield f"{verdict}  {things} looked at, {ends.get(answer, 'everything as declared')}."


def _json(outcome: CheckOutcome) -> dict[str, object]:
    findings = [
        {"message": each.message, "file": each.at.file, "line": each.at.line}
        for each in outcome.findings
        if isinstance(each.at, Location)
    ]
    known = {"check": outcome.id, "title": outcome.title, "looked_at": outcome.looked_at, "findings": findings}
    return {**known, "answer": outcome.answer.value, "not_known": {k: list(v) for k, v in outcome.unseen.items()}}
