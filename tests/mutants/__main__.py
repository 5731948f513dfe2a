"""`python -m tests.mutants PYTHON [GROUP…] [--sample N] [--record]`: which changes of our own rules no test sees.

PYTHON is one that has cosmic-ray. Exit code 1 where fewer of a group's mutants are killed than `RATE`, those left out whose
survival has a reason, or where a reason fits none.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from ops import tried
from tests.mutants import survey
from tests.mutants.groups import GROUPS, Group
from tests.mutants.judge import KILLED, nearest, sharing, verdicts
from tests.mutants.mutant import Mutant
from tests.mutants.process import apart, load
from tests.mutants.reasons import idle, reasons

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / ".cache" / "mutants"
RATE = 0.9
"""The share of mutants that tests have to see, of those that are no other program."""
LONGEST = 3000.0
"""Seconds that a survey may take."""


def possible(python: str, modules: Sequence[str]) -> list[Mutant]:
    """Return the mutants of modules, in the order in which a sample is drawn."""
    said = subprocess.run(
        (python, str(Path(__file__).parent / "generate.py"), *modules),
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    found = [Mutant(**json.loads(line)) for line in said.splitlines()]
    unique = {each.name(ROOT): each for each in found}
    return sorted(unique.values(), key=lambda each: each.order(ROOT))


def surveyed(name: str, group: Group, *, kept: bool) -> dict[str, survey.Cost]:
    """Ask which test calls what, or take the answer that was kept."""
    path = KEPT / f"{name}.json"
    if not (kept and path.is_file()):
        modules, tests = group.files(ROOT, group.modules), group.files(ROOT, group.tests)

        def work(_: object) -> None:
            survey.write(survey.survey(ROOT, modules, tests), path)

        said = apart(work, LONGEST)
        assert not said, said
    return survey.read(path)


def judged(group: Group, mutants: Mapping[str, Mutant], found: Mapping[str, survey.Cost]) -> dict[str, str]:
    """Judge the mutants of a group, and print which are not seen."""
    tests = {name: nearest(ROOT, found, mutant, group) for name, mutant in mutants.items()}
    shared = sharing(found) if group.shared else []
    said: dict[str, str] = {}
    for name, verdict in verdicts(ROOT, group.files(ROOT, group.tests), mutants, tests, shared):
        said[name] = verdict
        if verdict != KILLED:
            print(f"  {verdict}: {name}", file=sys.stderr, flush=True)
    return said


def held(killed: int, judged: int) -> bool:
    """Say whether enough of the mutants that are another program are killed."""
    return killed >= RATE * judged


def main(arguments: Sequence[str]) -> int:
    """Judge each group, print the counts, and what survived without a reason."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("python", metavar="PYTHON")
    parser.add_argument("groups", nargs="*", metavar="GROUP", choices=[*GROUPS, []])
    parser.add_argument("--sample", type=int, default=100, metavar="N", help="so many of each group")
    parser.add_argument("--only", default="", metavar="TEXT", help="of modules whose path holds it")
    parser.add_argument("--kept", action="store_true", help="take the last answer to which test calls what")
    parser.add_argument("--record", action="store_true", help="keep the counts for the page of what is covered")
    given = parser.parse_args(arguments)
    load()
    faults = 0
    for name in given.groups or GROUPS:
        group = GROUPS[name]
        mutants = possible(given.python, [each for each in group.files(ROOT, group.modules) if given.only in each])
        found = surveyed(name, group, kept=given.kept)
        begun = time.monotonic()
        names = {each.name(ROOT): each for each in mutants}
        files = {each.module for each in mutants}
        listed = [each for each in reasons() if each.partition(":")[0] in files]
        drawn = [*names][: given.sample]
        said = judged(group, {each: names[each] for each in [*drawn, *listed] if each in names}, found)
        seconds = (time.monotonic() - begun) / max(len(said), 1)
        counts = Counter(said[each] for each in drawn)
        left = [each for each in drawn if said[each] != KILLED and each not in reasons()]
        explained = len(drawn) - counts[KILLED] - len(left)
        wrong = list(idle(listed, names, [each for each, verdict in said.items() if verdict == KILLED]))
        told = ", ".join(f"{count} {said}" for said, count in counts.most_common())
        print(f"{name}: {len(names)} possible, {len(drawn)} tried: {told}; {seconds:.2f} s each")
        print("".join(f"  unexplained: {each}\n" for each in left), end="")
        print("".join(f"  {each}\n" for each in wrong), end="", flush=True)
        faults += len(wrong) + (not held(counts[KILLED], len(drawn) - explained))
        if given.record:
            row = {"possible": len(names), "tried": len(drawn), "killed": counts[KILLED], "explained": explained}
            tried.record(ROOT, "mutants", name, row)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
