"""Run the measurements: every module beside this one with a `main()`, or those named."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Sequence

import bench


def main(names: Sequence[str]) -> int:
    """Run each measurement in turn; 2 where a name is none."""
    known = [found.name for found in pkgutil.iter_modules(bench.__path__) if not found.name.startswith("_")]
    if unknown := [name for name in names if name not in known]:
        print(f"There is no measurement {', '.join(unknown)}; there are: {', '.join(known)}.", file=sys.stderr)
        return 2
    for name in names or known:
        module = importlib.import_module(f"bench.{name}")
        if hasattr(module, "main"):
            module.main()
            print()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
