"""`python -m tests.gauntlet [PART…] [--sample N]`: judges generated mutations, prints a table, writes JSON; 1 on survivors."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from ops import tried
from tests.gauntlet.corpus import corpus
from tests.gauntlet.judge import UNEXPLAINED, Judge, Outcome
from tests.gauntlet.mutation import sample
from tests.incidents.cases import ROOT

WRITTEN = ROOT / "build" / "gauntlet"
EVERY = 1_000_000


def main(arguments: Sequence[str]) -> int:
    """Judge the parts that are named, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m tests.gauntlet", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART")
    parser.add_argument("--sample", type=int, default=EVERY, metavar="N", help="so many of each kind, in each part")
    parser.add_argument(
        "--record", action="store_true", help="keep the counts in docs/ for the page of what is covered"
    )
    given = parser.parse_args(arguments)
    WRITTEN.mkdir(parents=True, exist_ok=True)
    unexplained = 0
    with tempfile.TemporaryDirectory() as folder:
        judge = Judge(Path(folder))
        for name, mutations in corpus(judge).items():
            if given.parts and name not in given.parts:
                continue
            begun = time.monotonic()
            outcomes = [mutations[each]() for each in sample(mutations, given.sample)]
            seconds = time.monotonic() - begun
            print(f"{name}: {len(outcomes)} of {len(mutations)} mutations in {seconds:.0f} s", flush=True)
            print("\n".join(table(outcomes)), flush=True)
            for each in outcomes:
                if each.verdict in UNEXPLAINED:
                    unexplained += 1
                    print(f"  {each.verdict}: {each.mutation}  {each.by} {each.said}", flush=True)
            content = {"part": name, "seconds": seconds, "outcomes": [each.as_json() for each in outcomes]}
            (WRITTEN / f"{name}.json").write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
            if given.record:
                tried.record(ROOT, "gauntlet", name, {"possible": len(mutations), "kinds": counted(outcomes)})
    return 1 if unexplained else 0


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
