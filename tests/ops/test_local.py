"""`ops local` as a person meets it: what it says at once, that nothing of it stays, and that it knows no pipeline."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.__main__ import guarded
from ops.local import processes
from tests.ops.local.conftest import ROOT

PARCELS = ROOT / "tests/pipelines/parcels"
needs_emulators = pytest.mark.skipif(processes.sdk() is None, reason=processes.HINT)


def test_a_day_that_is_not_there_is_told_before_anything_starts(capsys: pytest.CaptureFixture[str]) -> None:
    began = time.monotonic()
    assert guarded(["local", "--replay", "healthy", "--root", str(ROOT)]) == 1
    assert time.monotonic() - began < 5
    said = capsys.readouterr().err
    assert "There is no day 'healthy'" in said
    assert "overnight" in said
    assert "Starting" not in said


def test_a_machine_without_emulators_gets_one_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "sdk", lambda: None)
    assert guarded(["local", "--root", str(ROOT)]) == 1
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert "gcloud components install" in said[0]


@needs_emulators
@pytest.mark.emulator
@pytest.mark.slow
def test_another_pipeline_runs_and_plays_its_day_which_a_page_shows(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    run, page = tmp_path / "run.json", tmp_path / "report.html"
    whose = ["--root", str(PARCELS), "--stack", "live"]
    code = guarded(["local", "--replay", "a_round", "--output", str(run), *whose])
    shown = capsys.readouterr().out
    assert code == 0, shown
    assert "intake_to_sorting 2026-03-02: 2 of 2; triggered, all_in" in shown
    assert "As it must be: 2 triggers, 5 rows, 0 dead letters." in shown
    assert guarded(["report", "--run", str(run), "--output", str(page), *whose]) == 0
    told = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.read_text(encoding="utf-8")))
    assert "As it must be: 2 triggers, 5 rows, 0 dead letters." in told
    assert "intake_to_sorting triggered 2026-03-02 all_in messages 1" in told
    assert "intake_to_sorting 2 of 2 2026-03-0" in told


def below(process: int) -> set[int]:
    """Return every process that a process started, and those that they started."""
    found: set[int] = set()
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{process}/task").iterdir():
            for child in map(int, (task / "children").read_text().split()):
                found |= {child, *below(child)}
    return found


def alive(process: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return False


@needs_emulators
@pytest.mark.emulator
@pytest.mark.slow
@pytest.mark.parametrize(
    ("pipeline", "stack", "day", "says"),
    [
        ("meters", "pune", "an_hour", "As it must be: 2 triggers, 9 rows, 0 dead letters."),
        ("orders", "sul", "a_batch", "As it must be: 4 triggers, 13 rows, 0 dead letters."),
    ],
)
def test_pipelines_of_hours_and_of_batches_play_theirs(
    pipeline: str, stack: str, day: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    root = ROOT / "tests/pipelines" / pipeline
    code = guarded(["local", "--replay", day, "--root", str(root), "--stack", stack])
    shown = capsys.readouterr().out
    assert code == 0, shown
    assert says in shown
    assert "cannot be judged here" in shown


@contextlib.contextmanager
def begun(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start a local run of the second pipeline, and yield its process and what it said until it was ready."""
    # A shell starts what it leaves in the background with Ctrl-C ignored, and so would be what is started here.
    heard = ["env", "--default-signal=INT"]
    command = [*heard, sys.executable, "-m", "ops", "local", "--root", str(PARCELS), "--stack", "live"]
    environment = {**os.environ, "TMPDIR": str(folder)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if "Ctrl-C ends it" in line:
                break
        try:
            yield process, "".join(said)
        finally:
            process.kill()


def answers(said: str) -> set[str]:
    """Ask the page whose address a local run said; return the ports of that run."""
    address = re.search(r"Its page: (http://127\.0\.0\.1:\d+/)", said)
    assert address is not None
    with urllib.request.urlopen(f"{address[1]}state", timeout=20) as answer:
        assert json.load(answer)["busy"] == ""
    return set(re.findall(r":(\d{4,5})", said))


@needs_emulators
@pytest.mark.emulator
@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=["ctrl-c", "ended", "killed"])
def test_nothing_stays_however_it_ends_but_one_that_runs_beside_it(how: signal.Signals, tmp_path: Path) -> None:
    own, other = tmp_path / "own", tmp_path / "other"
    own.mkdir()
    other.mkdir()
    with contextlib.ExitStack() as stack:
        beside = stack.enter_context(begun(other))[1] if how == signal.SIGINT else None
        with begun(own) as (process, said):
            children = below(process.pid)
            assert len(children) >= 6, "two emulators, the warehouse, three functions"
            assert beside is None or not answers(said) & answers(beside)
            process.send_signal(how)
            code = process.wait(60)
        assert code == {signal.SIGINT: 0, signal.SIGTERM: 143, signal.SIGKILL: -9}[how], said
        end = time.monotonic() + 20
        while any(map(alive, children)) and time.monotonic() < end:
            time.sleep(0.1)
        assert [each for each in children if alive(each)] == []
        if how != signal.SIGKILL:
            assert [path.name for path in own.iterdir() if path.name.startswith("local-run-")] == []
        if beside is not None:
            answers(beside)
