"""`python -m tests.gauntlet [PART…] [--sample N]`: judges generated mutations, prints a table; 1 on survivors.

Each outcome is kept in `.cache/gauntlet` as it comes, so that a run that is stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import gc
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ops import tried
from ops.local.system import running
from ops.report.gather import Plan, gather
from tests.gauntlet.corpus import Judged, corpus
from tests.gauntlet.forms import forms
from tests.gauntlet.journal import NOT_COMMITTED, Journal, Journals, commit_of
from tests.gauntlet.judge import STACK, UNEXPLAINED, Judge, Outcome, fitting_reason
from tests.gauntlet.mutation import Mutation, sample
from tests.gauntlet.reported import lived, replayed
from tests.incidents.cases import ROOT

KEPT = ROOT / ".cache" / "gauntlet"
FORMS = "forms"
TIMES = "times"
EVERY = 1_000_000
COLLECTED_AFTER = 20
"""Judgements between two collections, each of which looks through what a judgement left and not through the project."""


def main(arguments: Sequence[str]) -> int:
    """Judge the parts that are named in their order, or all of them.

    `forms` are those of recorded incidents, `times` how long it takes until they are reported.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.gauntlet", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART")
    parser.add_argument("--sample", type=int, default=EVERY, metavar="N", help="so many of each kind, in each part")
    parser.add_argument(
        "--since",
        action="append",
        default=[],
        metavar="COMMIT",
        help="judge only what COMMIT left unexplained, or had not",
    )
    parser.add_argument(
        "--record", action="store_true", help="keep the counts in docs/ for the page of what is covered"
    )
    parser.add_argument("--kept", action="store_true", help="take only what earlier runs met")
    given = parser.parse_args(arguments)
    commit = commit_of(ROOT)
    if given.record and commit == NOT_COMMITTED:
        parser.error("--record keeps the commit; commit first.")
    unexplained = 0
    with tempfile.TemporaryDirectory() as folder:
        judge = Judge(Path(folder))
        mutations = corpus(judge)
        if unknown := sorted({*given.parts} - {*mutations, FORMS, TIMES}):
            parser.error(f"there is no part {unknown[0]!r}; the parts are {', '.join([*mutations, FORMS, TIMES])}.")
        if TIMES in given.parts:
            _times(judge.before, Path(folder), record=given.record)
            given.parts.remove(TIMES)
            if not given.parts:
                return 0
        gc.freeze()
        gc.disable()
        if FORMS in given.parts:
            _forms(mutations, Journals(KEPT, commit, given.since), record=given.record)
            given.parts.remove(FORMS)
            if not given.parts:
                return 0
        for part in given.parts or mutations:
            journal = Journal(KEPT, part, commit, given.since)
            outcomes = _judged(part, mutations[part], 0 if given.kept else given.sample, journal)
            unexplained += sum(each.verdict in UNEXPLAINED for each in outcomes) + len(too_wide(outcomes))
            if given.record:
                at = journal.commits(each.mutation for each in outcomes)
                row = {"possible": len(mutations[part]), "commits": at, "kinds": counted(outcomes)}
                row["told_as_code"] = sum((each.verdict, each.by) == ("told", "code") for each in outcomes)
                tried.record(ROOT, "gauntlet", part, row)
    return 1 if unexplained else 0


def _forms(mutations: Mapping[str, Mapping[Mutation, Judged]], journals: Journals, *, record: bool) -> None:
    """Judge the generated forms of each recorded incident, and print and keep what became of them."""
    found: dict[str, object] = {}
    for incident, forms_of in forms(mutations).items():
        tries = []
        for part, mutation in forms_of:
            outcome = journals.of(part).outcome(mutation)
            if outcome is None:
                outcome = mutations[part][mutation]()
                journals.of(part).keep(outcome)
            tries.append({"made": f"{mutation}".strip(), "layer": part, "verdict": outcome.verdict, "by": outcome.by})
        found[str(incident)] = tries
        verdicts = Counter(str(each["verdict"]) for each in tries)
        print(f"{incident}: {', '.join(f'{count} {name}' for name, count in sorted(verdicts.items()))}", flush=True)
    if record:
        tried.record(ROOT, "forms", "generated", {"commit": journals.commit, "of": found})


def _times(plan: Plan, folder: Path, *, record: bool) -> None:
    """Measure how many minutes pass until failures are reported, and print and keep them."""
    assert plan.blueprint is not None
    found: dict[str, Mapping[str, object]] = {"replay": replayed(plan.blueprint.alerts, "promtool", folder)}
    with running(gather(ROOT, STACK), folder) as system:
        found["days"] = lived(system)
    for name, of in found.items():
        print("\n".join(f"{name} {each}: {told}" for each, told in of.items()), flush=True)
        if record:
            tried.record(ROOT, "reported", name, {"of": of})


def _judged(part: str, mutations: Mapping[Mutation, Judged], of_each: int, journal: Journal) -> list[Outcome]:
    """Judge what is not known yet, so many of each kind or only what was met before, and print what became of a part."""
    begun, judged = time.monotonic(), 0
    outcomes = []
    wanted = sample(mutations, of_each) if of_each else filter(journal.met, mutations)
    for each in wanted:
        outcome = journal.outcome(each)
        if outcome is None:
            outcome, judged = mutations[each](), judged + 1
            journal.keep(outcome)
            if judged % COLLECTED_AFTER == 0:
                gc.collect()
        outcomes.append(outcome)
    seconds = time.monotonic() - begun
    print(f"{part}: {len(outcomes)} of {len(mutations)} mutations, {judged} of them now in {seconds:.0f} s")
    print("\n".join(table(outcomes)))
    for one in outcomes:
        if one.verdict in UNEXPLAINED:
            print(f"  {one.verdict}: {one.mutation}  {one.by} {one.said}")
    for one, pattern in too_wide(outcomes):
        print(f"  {one.mutation} is refused, and a reason fits it; narrow {pattern}")
    sys.stdout.flush()
    return outcomes


def too_wide(outcomes: Iterable[Outcome]) -> list[tuple[Outcome, str]]:
    """Return what is refused though a reason says that it does no harm, each with the reason's pattern."""
    refused = [each for each in outcomes if each.verdict in ("refused", "refused elsewhere")]
    return [(each, fitting.pattern) for each in refused if (fitting := fitting_reason(each.mutation))]


def counted(outcomes: Iterable[Outcome]) -> dict[str, dict[str, int]]:
    """Return kind → verdict → how many."""
    found: dict[str, dict[str, int]] = {}
    for each in outcomes:
        verdicts = found.setdefault(each.mutation.kind, {})
        verdicts[each.verdict] = verdicts.get(each.verdict, 0) + 1
    return found


def table(outcomes: Iterable[Outcome]) -> list[str]:
    """Return a line for each kind: how many ended how."""
    return [
        f"  {kind:26} " + ", ".join(f"{count} {verdict}" for verdict, count in sorted(verdicts.items()))
        for kind, verdicts in sorted(counted(outcomes).items())
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
