"""Run the measurements: every module beside this one with a `main()`, or those named."""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import sys
from collections.abc import Sequence
from pathlib import Path

import bench
from bench import figures


def main(arguments: Sequence[str] | None = None) -> int:
    """Run each measurement in turn and print every figure once more in one table; 1 where one failed, 2 where a name is none."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="measure this only")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    parser.add_argument("--record", action="store_true", help="write them to docs/figures.json and docs/figures.md")
    args = parser.parse_args(arguments)
    known = [found.name for found in pkgutil.iter_modules(bench.__path__) if not found.name.startswith("_")]
    if unknown := [name for name in args.names if name not in known]:
        print(f"There is no measurement {', '.join(unknown)}; there are: {', '.join(known)}.", file=sys.stderr)
        return 2
    failed = []
    for name in args.names or known:
        module = importlib.import_module(f"bench.{name}")
        if hasattr(module, "main"):
            failed += [name] if module.main() else []
            print()
        if args.record:  # at once: what fails later takes nothing away
            figures.record(figures.noted)
    print(figures.table(figures.noted))
    if args.json:
        args.json.write_text(json.dumps(figures.document(figures.noted), indent=1) + "\n", encoding="utf-8")
    if failed:
        print(f"Not measured, or not as it must be: {', '.join(failed)}.", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
