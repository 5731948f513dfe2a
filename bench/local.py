"""What the local run costs: boot to ready against the bare emulators, and a busy night of 1,800 completions."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from bench.figures import note
from ops.local import days, processes
from ops.local.judgement import came, differences
from ops.local.replay import Player
from ops.local.system import running
from ops.report.gather import gather

ROOT = Path(__file__).resolve().parents[1]
DAY, LONGEST = "busy", 120.0
"""The night of 600 completions a phase, and the seconds that it may take."""


def bare() -> float:
    """Return seconds until both emulators listen."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, processes.emulators(Path(folder)):
        return time.perf_counter() - began


def main(_: Sequence[str] = ()) -> int:
    if processes.sdk() is None:
        print(f"The emulators are not installed: {processes.HINT}", file=sys.stderr)
        return 2
    floor, plan = bare(), gather(ROOT, "prod")
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, running(plan, Path(folder)) as system:
        boot = time.perf_counter() - began
        print(f"boot to ready {boot:.1f} s, the bare emulators {floor:.1f} s, ratio {boot / floor:.1f}", flush=True)
        note("local", "boot to ready, against the bare emulators", boot, "s", floor=floor)
        zone = ZoneInfo(system.model.manifest.time_zone)
        day = days.load(ROOT, DAY, zone)
        played = Player(system, lambda _: None).play(day)
        wrong = differences(day, came(system, day, played), zone)
    rate = played.messages / played.seconds
    note("local", f"a busy night, {played.messages} completions", played.seconds, "s", limit=LONGEST)
    note("local", "the same, completions a second", rate, "1/s")
    note("local", "completions lost or wrong in it", len(wrong), "", limit=0)
    print(
        f"{played.messages} completions in {played.seconds:.1f} s, {rate:.0f} a second, limit {LONGEST:.0f} s; {len(wrong)} lost or wrong"
    )
    return 0 if not wrong and played.seconds <= LONGEST else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
