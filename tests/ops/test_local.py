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


@contextlib.contextmanager
def begun(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start a local run of the second pipeline, and yield its process and what it said until it was ready."""
    command = [sys.executable, "-m", "ops", "local", "--root", str(PARCELS), "--stack", "live"]
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


@needs_emulators
@pytest.mark.emulator
@pytest.mark.slow
def test_a_second_one_runs_beside_the_first_and_after_it(tmp_path: Path) -> None:
    def page(said: str) -> str:
        found = re.search(r"Its page: (http://127\.0\.0\.1:\d+/)", said)
        assert found is not None
        address = found[1]
        with urllib.request.urlopen(f"{address}state", timeout=20) as answer:
            assert json.load(answer)["busy"] == ""
        return address

    with begun(tmp_path) as (_, second):
        with begun(tmp_path) as (first, said):
            assert page(said) != page(second)
            ports = [set(re.findall(r":(\d{4,5})", each)) for each in (said, second)]
            assert not ports[0] & ports[1]
            first.send_signal(signal.SIGINT)
            assert first.wait(60) == 0
        page(second)
        assert len([path for path in tmp_path.iterdir() if path.name.startswith("local-run-")]) == 1


@needs_emulators
@pytest.mark.emulator
@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=["ctrl-c", "ended", "killed"])
def test_nothing_stays_however_it_ends(how: signal.Signals, tmp_path: Path) -> None:
    with begun(tmp_path) as (process, said):
        children = below(process.pid)
        assert len(children) >= 6, "two emulators, the warehouse, three functions"
        process.send_signal(how)
        code = process.wait(60)
    assert code == {signal.SIGINT: 0, signal.SIGTERM: 143, signal.SIGKILL: -9}[how], said
    end = time.monotonic() + 20
    while any(map(alive, children)) and time.monotonic() < end:
        time.sleep(0.1)
    assert [each for each in children if alive(each)] == []
    if how != signal.SIGKILL:
        assert [path.name for path in tmp_path.iterdir() if path.name.startswith("local-run-")] == []
