"""What becomes of a mutation: it is refused, told, benign for a reason that stands in benign.yaml, or it survives.

All are judged in one process that has read the project before, so that a mutation costs what it touches.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal

import yaml

from blueprint.check import check
from blueprint.findings import Finding, Refused, apart
from blueprint.inventory import inventory
from blueprint.model import Blueprint
from ops import diff
from ops.change.compare import compare
from ops.change.model import PlanDifference
from ops.drills.cases import PARTS
from ops.embedded import project
from ops.report.gather import Plan, gather
from tests.bounded import bounded
from tests.gauntlet import narrow
from tests.gauntlet.implied import registrations
from tests.gauntlet.mutation import Mutation
from tests.incidents.cases import ROOT
from tests.sentences import problem

STACK = "prod"
SECONDS = 60
REASONS = Path(__file__).parent / "benign.yaml"
PLACES = Path(__file__).parent / "places.yaml"

Verdict = Literal["refused", "refused elsewhere", "warned", "told", "benign", "survivor", "crash"]
UNCHANGED = PlanDifference(base="before", head="after", stack=STACK)
UNEXPLAINED: tuple[Verdict, ...] = ("survivor", "refused elsewhere", "crash")


@dataclass(frozen=True)
class Outcome:
    """What became of a mutation, by which rule or rank, and what was said first."""

    mutation: Mutation
    verdict: Verdict
    by: str
    said: str
    findings: int = 0

    def as_json(self) -> dict[str, object]:
        """Return the outcome in plain values."""
        return {
            "kind": self.mutation.kind,
            "file": self.mutation.file,
            "place": self.mutation.place,
            "verdict": self.verdict,
            "by": self.by,
            "said": self.said,
            "findings": self.findings,
        }


@dataclass(frozen=True)
class Reason:
    """Why mutations whose name fits a pattern do no harm, though nothing refuses or tells them."""

    pattern: str
    reason: str


@cache
def reasons() -> tuple[Reason, ...]:
    """Return the recorded reasons."""
    return tuple(Reason(**each) for each in yaml.safe_load(REASONS.read_text(encoding="utf-8")))


@dataclass(frozen=True)
class Place:
    """Why what a rule finds of mistakes whose name fits a pattern stands at another file than the mistake."""

    rule: str
    made: str
    why: str


@cache
def places() -> tuple[Place, ...]:
    """Return the recorded reasons."""
    return tuple(Place(**each) for each in yaml.safe_load(PLACES.read_text(encoding="utf-8")))


def place_for(mutation: Mutation, rule: str) -> str:
    """Return the recorded reason why a rule finds a mistake at another file, or nothing."""
    named = str(mutation).rstrip()
    return next((each.why for each in places() if each.rule == rule and re.fullmatch(each.made, named)), "")


def guarded(mutation: Mutation, judged: Callable[[], Outcome]) -> Outcome:
    """Return an outcome, which is a crash where the program ends or is late."""
    try:
        with bounded(SECONDS):
            return judged()
    except Exception as error:  # noqa: BLE001  # whatever the program raises is what is looked for
        return Outcome(mutation, "crash", type(error).__name__, str(error)[:300])


class Judge:
    """A copy of the project, in which one mutation after the other is made, judged and taken back."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "tree"
        self.root.mkdir(parents=True)
        for part in PARTS:
            copied = shutil.copytree if (ROOT / part).is_dir() else shutil.copy2
            copied(ROOT / part, self.root / part)
        for stray in [*self.root.rglob("__pycache__")]:
            shutil.rmtree(stray)
        (self.root / ".cache").mkdir()
        self.before = gather(self.root, STACK)
        self.checked: Blueprint | None = None
        assert not self.before.findings, self.before.findings
        assert self.before.blueprint is not None
        self.implied = inventory(self.before.blueprint)
        self.base = shutil.copytree(self.root, folder / "base", ignore=shutil.ignore_patterns(".cache"))
        self.sources = {each.relative_to(self.root).as_posix(): each.read_bytes() for each in self._files()}

    def _files(self) -> Iterator[Path]:
        yield from (each for each in sorted(self.root.rglob("*")) if each.is_file() and ".cache" not in each.parts)

    def text(self, file: str) -> str:
        """Return a file of the project."""
        return self.sources[file].decode()

    def judged(self, mutation: Mutation) -> Outcome:
        """Return what becomes of a mutation."""
        with self.made(mutation):
            return guarded(mutation, partial(self._judged, mutation))

    def _judged(self, mutation: Mutation) -> Outcome:
        assert self.before.blueprint is not None
        if here := narrow.violations(self.root, self.before.blueprint, mutation.file):
            return _refused(mutation, here)
        return self._whole(mutation)

    def slowly(self, mutation: Mutation) -> Outcome:
        """Return what becomes of a mutation, of all files and by the program's own plan."""
        with self.made(mutation):
            return guarded(mutation, partial(self._whole, mutation, slowly=True))

    def _whole(self, mutation: Mutation, *, slowly: bool = False) -> Outcome:
        found = self.findings()
        violations = [each for each in found if each.severity == "violation"]
        if violations:
            return _refused(mutation, violations)
        if found:
            return Outcome(mutation, "warned", found[0].rule, str(found[0]), len(found))
        difference = self.slow_difference() if slowly else self.difference(mutation)
        if difference.broken:
            broken = difference.broken[0]
            return Outcome(mutation, "refused", broken.rule, f"{broken.at}: {broken.message}", len(difference.broken))
        by, said = told(difference)
        if by:
            return Outcome(mutation, "told", by, said)
        reason = reason_for(mutation)
        return Outcome(mutation, "benign" if reason else "survivor", "reason" if reason else "nothing", reason)

    def passed(self, mutation: Mutation) -> Outcome:
        """Return whether an edit that changes nothing passes, and leaves the plan as it was where that is promised."""
        with self.made(mutation):
            return guarded(mutation, partial(self._passed, mutation))

    def _passed(self, mutation: Mutation) -> Outcome:
        if found := self.findings():
            return Outcome(mutation, "survivor", found[0].rule, f"refused: {found[0]}", len(found))
        if mutation.file.endswith(".py") or "/queries/" in mutation.file or "/gates/" in mutation.file:
            return Outcome(mutation, "benign", "passes", "")
        difference = self.difference(mutation)
        by, said = told(difference)
        if by and not difference.broken and (reason := reason_for(mutation)):
            return Outcome(mutation, "told", "reason", reason)
        if by or difference.broken:
            return Outcome(mutation, "survivor", by or difference.broken[0].rule, f"told: {said}")
        return Outcome(mutation, "benign", "same plan", "")

    def findings(self) -> list[Finding]:
        """Return what `ops plan` says of the tree as it is, without its program."""
        try:
            settings = project.stack_settings(project.load(self.root, STACK))
        except Refused as refused:
            return list(refused.findings)
        found = check(self.root, settings)
        self.checked = found.blueprint
        return apart(found.findings)

    def difference(self, mutation: Mutation) -> PlanDifference:
        """Return what `ops diff` says, the cheapest way first: by the declaration, by the model, by the program.

        The program declares what the model implies and nothing else (`declared-as-implied`), so that an equal inventory
        is an equal plan but for the archives, and one that differs in plain inputs is a plan that differs in these.
        Only the project's own files reach the program past the model.
        """
        declared = diff.told((self.base, self.root), ("before", "after"))
        if declared:
            return PlanDifference(base="before", head="after", stack=STACK, meanings=tuple(declared))
        before, after = self.before.blueprint, self.checked
        if before is None or after is None or mutation.file.startswith("Pulumi."):
            return self.slow_difference()
        archives = tuple(after.archives[name] for name in sorted(after.archives))
        repacked = [each.sha256 for each in archives] != [each.sha256 for each in self.before.archives]
        implied = inventory(replace(after, archives=before.archives))
        if implied == self.implied:
            return self._against(archives=archives) if repacked else UNCHANGED
        resources = None if repacked else registrations(self.before.resources, self.implied, implied)
        return self.slow_difference() if resources is None else self._against(resources=resources)

    def _against(self, **changed: Any) -> PlanDifference:
        return _compared(self.before, replace(self.before, **changed))

    def slow_difference(self) -> PlanDifference:
        """Return what `ops diff` says of the program's own plan."""
        return _compared(self.before, gather(self.root, STACK))

    @contextmanager
    def made(self, mutation: Mutation) -> Iterator[None]:
        """Make a mutation, and take it back."""
        files = ((mutation.file, mutation.text), *mutation.beside)
        for file, text in files:
            if text is None:
                (self.root / file).unlink()
            else:
                (self.root / file).write_text(text, encoding="utf-8")
        try:
            yield
        finally:
            for file, _ in files:
                if file in self.sources:
                    (self.root / file).write_bytes(self.sources[file])
                else:
                    (self.root / file).unlink()


def _compared(before: Plan, after: Plan) -> PlanDifference:
    return compare(before.as_json(), after.as_json(), names=("before", "after"))


def _refused(mutation: Mutation, violations: list[Finding]) -> Outcome:
    """Return the refusal at the mutation's own file, or else what is said elsewhere."""
    for each in violations:
        if why := problem(each.message):
            return Outcome(mutation, "crash", "sentence", why)
    here = [each for each in violations if each.at.file == mutation.file]
    said = (here or violations)[0]
    explained = here or mutation.text is None or place_for(mutation, said.rule)
    verdict: Verdict = "refused" if explained else "refused elsewhere"
    return Outcome(mutation, verdict, said.rule, str(said), len(violations))


def told(difference: PlanDifference) -> tuple[str, str]:
    """Return the rank and the first sentence of what a difference tells, or nothing."""
    if difference.meanings:
        return difference.meanings[0].rank, difference.meanings[0].sentence
    if difference.resources:
        first = difference.resources[0]
        return first.weight, f"{first.operation} {first.kind} {first.name}"
    if difference.archives:
        return "code", ", ".join(each.function for each in difference.archives)
    return "", ""


def fitting_reason(mutation: Mutation) -> Reason | None:
    """Return the recorded reason whose pattern fits a mutation."""
    named = str(mutation).rstrip()
    return next((each for each in reasons() if re.fullmatch(each.pattern, named)), None)


def reason_for(mutation: Mutation) -> str:
    """Return the recorded reason why a mutation does no harm, or nothing."""
    found = fitting_reason(mutation)
    return found.reason if found else ""
