"""How long `make preview` takes from a fresh clone: set-up, plan and acceptance, each with nothing of the ones before warm.

An empty home, the interpreter that runs this, and the package index as this machine is set to it. Processor time of the children
counts the compiling of pip and the starts of archives; wall time depends on the index and on what else the machine does.
"""

from __future__ import annotations

import resource
import tempfile
import time
from pathlib import Path

from bench.figures import note
from ops.terminal import columns
from tests.sealed.pythons import pythons
from tests.sealed.seal import Seal, sealed

ROOT = Path(__file__).resolve().parents[1]
STEPS = (
    ("set-up", "make program"),
    ("plan, cold", ".venv/bin/python -m ops plan --no-acceptance"),
    ("acceptance, with a warm plan", "make preview"),
    ("everything again, warm", "make preview"),
)


def spent(seal: Seal, command: str, log: Path) -> tuple[float, float]:
    """Run a command in the clone; return its seconds of wall and processor time. Raises where it fails."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    if seal.run(command, log):
        raise RuntimeError(f"{command} failed:\n{log.read_text(encoding='utf-8', errors='replace')[-2000:]}")
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print a table of one run with the lowest Python that is here."""
    python = pythons()[0]
    rows = [("", "wall s", "cpu s")]
    with tempfile.TemporaryDirectory() as folder:
        seal = sealed(ROOT, Path(folder) / "seal", python)
        costs = [(name, *spent(seal, command, Path(folder) / "log")) for name, command in STEPS]
    fresh = costs[:3]
    for name, wall, _ in costs:
        note("first", f"`make preview`: {name}", wall, "s")
    note("first", "`make preview` from a fresh clone", sum(cost[1] for cost in fresh), "s")
    rows += [(name, f"{wall:.1f}", f"{cpu:.1f}") for name, wall, cpu in costs]
    rows.append(("fresh, together", f"{sum(cost[1] for cost in fresh):.1f}", f"{sum(cost[2] for cost in fresh):.1f}"))
    print(f"`make preview` from a fresh clone, Python {python.version} with pip {python.pip}\n")
    print("\n".join(columns(rows, right=(1, 2))))


if __name__ == "__main__":
    main()
