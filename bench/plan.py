"""How long a plan takes: against the floor, with cold and warm caches, and for each of many functions.

The floor is a process that imports the same parts of the SDK and registers as many bare resources. Processor time is
what is compared (wall time depends on what else the machine does); both are printed, the best of a few runs.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench._generated import generate
from bench.figures import note
from ops.terminal import columns

ROOT = Path(__file__).resolve().parents[1]
RUNS = 3
SIZES = (7, 70, 700)
CACHE = ROOT / ".cache"


@dataclass(frozen=True)
class Cost:
    """What one process took: seconds of wall and processor time, and its peak memory in MB."""

    wall: float
    cpu: float
    memory: float


def measure(arguments: list[str], given: bytes = b"", environment: dict[str, str] | None = None) -> Cost:
    """Run a command of this Python in the project and return what it cost; raises where it fails."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}  # as users have it
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**kept, **(environment or {})},
    )
    assert process.stdin is not None
    assert process.stderr is not None
    process.stdin.write(given)
    process.stdin.close()
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(arguments)} failed:\n{errors.decode()[-2000:]}")
    kilobytes = usage.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    return Cost(wall, usage.ru_utime + usage.ru_stime, kilobytes / 1024)


def best(arguments: list[str], given: bytes = b"", *, cold: bool = False) -> Cost:
    """Return the cheapest of a few runs, each with empty caches where `cold`."""
    costs = []
    for _ in range(RUNS):
        if cold:
            shutil.rmtree(CACHE, ignore_errors=True)
        costs.append(measure(arguments, given))
    return Cost(min(c.wall for c in costs), min(c.cpu for c in costs), min(c.memory for c in costs))


def against_the_floor() -> None:
    """Print the plan of prod beside the floor."""
    plan = ["-m", "ops", "plan", "--no-acceptance"]
    listed = subprocess.run([sys.executable, *plan, "--json"], cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    resources = [(r["type"], r["name"]) for r in json.loads(listed)["resources"] if r["type"].startswith("gcp:")]
    floor = best(["-m", "bench._floor"], json.dumps(resources).encode())
    cold, warm = best(plan, cold=True), best(plan)
    rows = [("", "wall s", "cpu s", "ratio", "target", "memory MB")]
    for name, cost, target in (
        ("floor", floor, ""),
        ("plan, cold caches", cold, "2.0"),
        ("plan, warm caches", warm, "1.3"),
    ):
        ratio = f"{cost.cpu / floor.cpu:.2f}"
        if target:
            note(
                "plan", f"{name}, against bare resources", cost.cpu, "processor s", floor=floor.cpu, limit=float(target)
            )
        rows.append((name, f"{cost.wall:.2f}", f"{cost.cpu:.2f}", ratio, target, f"{cost.memory:.0f}"))
    print(f"Plan of prod: {len(resources)} resources\n")
    print("\n".join(columns(rows, right=(1, 2, 3, 4, 5))))


def for_each_function() -> None:
    """Print the cost of a plan for each of many generated functions, above that of an empty plan's process."""
    rows = [("functions", "resources", "wall s", "cpu s", "cpu ms each", "growth", "target", "memory MB")]
    base = measure(["-m", "ops", "--help"])
    first = 0.0
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            root = generate(Path(folder) / "project", size)
            command = ["-m", "ops", "plan", "--no-acceptance", "--root", str(root), "--stack", "live"]
            filled = subprocess.run([sys.executable, *command, "--json"], cwd=ROOT, stdout=subprocess.PIPE, check=True)
            count = len(json.loads(filled.stdout)["resources"])
            cost = measure(command)
        each = (cost.cpu - base.cpu) / size
        first = first or each
        note(
            "plan",
            f"each of {size} generated functions, against the first size",
            each * 1000,
            "processor ms",
            floor=first * 1000,
            limit=1.2,
        )
        note("plan", f"memory of a plan of {size} functions", cost.memory, "MB", limit=1500)
        rows.append((
            str(size), f"{count:,}", f"{cost.wall:.1f}", f"{cost.cpu:.1f}", f"{each * 1000:.0f}",
            f"{each / first - 1:+.0%}", "+20%", f"{cost.memory:.0f}",
        ))  # fmt: skip
    print("Generated functions, each with its topics, subscription, dead letter, grants and alerts\n")
    print("\n".join(columns(rows, right=tuple(range(8)))))


def main() -> None:
    """Print both tables."""
    against_the_floor()
    print()
    for_each_function()


if __name__ == "__main__":
    main()
