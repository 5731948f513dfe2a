"""How long a plan difference takes: with commits never seen, with the base known as in daily work, and with both known.

Compared with one offline plan, in processor time (wall time depends on what else the machine does).
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from bench.figures import note
from bench.plan import CACHE, ROOT, measure
from ops.terminal import columns

_TOLERANT = """
import runpy, sys
try:
    runpy.run_module("ops", run_name="__main__")
except SystemExit as end:
    sys.exit(end.code not in (0, 3))
"""


def main() -> None:
    """Print the table, of the two newest commits."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "clone"
        subprocess.run(["git", "clone", "--quiet", "--local", str(ROOT), str(root)], check=True)
        if CACHE.is_dir():
            shutil.copytree(CACHE, root / ".cache", ignore=shutil.ignore_patterns("trees", "archives"))
        plan = measure(["-m", "ops", "plan", "--no-acceptance", "--root", str(root)])
        pair = ["HEAD~1", "HEAD"]
        rows = [("neither commit known", _difference(root, *pair))]
        for kept in (root / ".cache" / "trees").glob("*.json"):
            kept.unlink()
        _difference(root, "HEAD~1", "HEAD~1")
        rows += [("base known", _difference(root, *pair)), ("both known", _difference(root, *pair))]
    lines = [("Plan difference", "wall s", "processor s", "plans")]
    for name, cost in rows:
        note("diff", f"difference of two commits, {name}, against a plan", cost[1], "processor s", floor=plan.cpu)
        lines.append((name, f"{cost[0]:.2f}", f"{cost[1]:.2f}", f"{cost[1] / plan.cpu:.1f}"))
    print("\n".join(columns(lines, right=(1, 2, 3))))


def _difference(root: Path, base: str, head: str) -> tuple[float, float]:
    cost = measure(["-c", _TOLERANT, "diff", base, head, "--root", str(root)])
    return cost.wall, cost.cpu
