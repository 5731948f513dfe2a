"""`python -m tests.fuzz [--inputs N] [READER…]`: gives N inputs to the readers of outside text; keeps and prints what fails."""

from __future__ import annotations

import argparse
import base64
import hashlib
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from ops import tried
from tests.functions.conftest import ROOT
from tests.fuzz.inputs import mutated
from tests.fuzz.readers import READERS
from tests.fuzz.trial import fault

KEPT = Path(__file__).parent / "kept"


def main(arguments: Sequence[str]) -> int:
    """Try the readers in turn; 1 where an input is a fault."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("readers", nargs="*", metavar="READER")
    parser.add_argument("--inputs", type=int, default=100_000, metavar="N", help="so many, over all readers")
    parser.add_argument(
        "--record", action="store_true", help="keep the counts in docs/ for the page of what is covered"
    )
    given = parser.parse_args(arguments)
    chosen = [each for each in READERS if not given.readers or each.name in given.readers]
    failed = 0
    for reader in chosen:
        begun, count, faults = time.monotonic(), given.inputs // len(chosen), dict[str, bytes]()
        for number in range(count):
            content = mutated(reader.begin(), reader.name, number)
            if why := fault(reader, content):
                faults.setdefault(why.partition(": ")[0], content)
        seconds = round(time.monotonic() - begun, 1)
        failed += len(faults)
        if given.record:
            tried.record(ROOT, "fuzz", reader.name, {"inputs": count, "faults": len(faults)})
        print(f"{reader.name:14} {count:7} inputs {seconds:7} s  {len(faults)} kinds of fault", flush=True)
        for why, content in faults.items():
            path = KEPT / reader.name / hashlib.sha256(content).hexdigest()[:16]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(base64.encodebytes(content).decode("ascii"), encoding="ascii")
            print(f"  {why}  {path.relative_to(ROOT)}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
