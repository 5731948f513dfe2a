"""A terminal is told what is being done, at least every two seconds; a pipe is told nothing."""

from __future__ import annotations

import os
import pty
import re
import resource
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.ops.conftest import Build, written

ROOT = Path(__file__).resolve().parents[2]


def silence(arguments: list[str]) -> tuple[float, str]:
    """Return the longest time without output on a terminal, once there was some, and what was written to it."""
    primary, secondary = pty.openpty()
    process = subprocess.Popen(arguments, cwd=ROOT, stdout=secondary, stderr=secondary)
    os.close(secondary)
    select.select([primary], [], [], 60)
    longest, last, read = 0.0, time.monotonic(), b""
    for chunk in written(primary):
        longest, last = max(longest, time.monotonic() - last), time.monotonic()
        read += chunk
    longest = max(longest, time.monotonic() - last)
    process.wait()
    return longest, read.decode()


SLEEP = 5


@pytest.mark.slow
def test_no_silence_while_a_plan_is_made(project: Build) -> None:
    """Where other work keeps this machine busy, the command waits for the processor: that time is not its silence."""
    root = project(f"import time\ntime.sleep({SLEEP})\ngcp.pubsub.Topic('t', name='one', opts=own)")
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    longest, shown = silence([sys.executable, "-m", "ops", "plan", "--root", str(root)])
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - begun - SLEEP
    worked = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert re.search(r"\r\x1b\[KEvaluating the program, [345] s", shown)
    assert longest * min(1, worked / wall) < 2
    assert ": 2 resources in 0 components" in shown


def test_the_silence_is_measured() -> None:
    longest, _ = silence([sys.executable, "-c", "import time; print('a', flush=True); time.sleep(3); print('b')"])
    assert longest >= 2.9


def test_archives_are_counted_while_they_start() -> None:
    code = "import time\nfrom ops.progress import stage\nwith stage('Starting archives', lambda: '1 of 2 done'): time.sleep(1.5)"
    _, shown = silence([sys.executable, "-c", code])
    assert "Starting archives (1 of 2 done), 1 s" in shown


def test_a_pipe_is_told_nothing(project: Build) -> None:
    root = project("import time\ntime.sleep(2)")
    done = subprocess.run(
        [sys.executable, "-m", "ops", "plan", "--root", str(root)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert done.stdout.startswith("Plan of small, stack prod  in ")
