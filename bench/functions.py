"""What an orchestrator costs, against the floor of doing the same with the bare libraries, on the emulators.

    python -m bench.functions [--repeats 5] [--messages 300] [--dates 50]

The floor is the functions framework, the Firestore and Pub/Sub clients, and a handler that records a completion in one
Firestore transaction. Both are served by the same framework from a folder of their own; figures are medians and their
ratio, so that a slow machine slows both. Exits 1 where a ratio is above its limit.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from bench.figures import note
from ops.local import processes
from ops.local.cloud import Cloud
from ops.local.processes import PROJECT, FunctionProcess
from tests.emulators.conftest import unpacked, view_of
from tests.emulators.messages import completion, envelope, post

ORCHESTRATOR = "phase2-to-phase3-orchestrator"
ENTRY_POINT = "orchestrate_phase2_to_phase3"
FLOOR = """
import base64, json
import functions_framework
from google.cloud import firestore, pubsub_v1

clients = {}

@firestore.transactional
def record(transaction, reference, name, value):
    present = reference.get(transaction=transaction).to_dict() or {}
    if present:
        transaction.update(reference, {name: value, "_completed_count": len(present) + 1})
    else:
        transaction.set(reference, {name: value, "_completed_count": 1})

@functions_framework.http
def handle(request):
    if not clients:
        clients["firestore"] = firestore.Client()
        clients["pubsub"] = pubsub_v1.PublisherClient()
    message = json.loads(base64.b64decode(request.get_json()["message"]["data"]))
    reference = clients["firestore"].collection("floor").document(message["game_date"])
    record(clients["firestore"].transaction(), reference, message["processor_name"], message)
    return "ok"
"""
MODULES = """
import sys
from functions_framework import create_app
create_app(sys.argv[1], "main.py")
print(len(sys.modules))
"""


@dataclass(frozen=True)
class Comparison:
    """One measure: the engine's, the floor's, and how many times the floor's it may be."""

    name: str
    unit: str
    engine: float
    floor: float
    limit: float

    @property
    def ratio(self) -> float:
        return self.engine / self.floor

    def line(self) -> str:
        verdict = "ok" if self.ratio <= self.limit else "ABOVE"
        return f"{self.name:<34}{self.engine:>10.2f}{self.floor:>10.2f} {self.unit:<8}{self.ratio:>6.2f}  limit {self.limit:.2f}  {verdict}"


def folders(work: Path) -> dict[str, tuple[Path, str]]:
    floor = work / "floor"
    floor.mkdir()
    (floor / "main.py").write_text(FLOOR, encoding="utf-8")
    return {"engine": (unpacked(ORCHESTRATOR, work), ENTRY_POINT), "floor": (floor, "handle")}


def served(work: Path, which: str, environment: Mapping[str, str]) -> FunctionProcess:
    folder, target = FOLDERS[which]
    return FunctionProcess(folder, target, environment, work / f"{which}.log")


FOLDERS: dict[str, tuple[Path, str]] = {}


def event(number: int, day: date) -> bytes:
    names = ("p2_bigdataball_pbp", "p2_odds_game_lines", "p2_odds_player_props", "p2_nbacom_gamebook_pdf")
    message = completion(names[number % 4], day.isoformat(), execution_id=f"execution-{number}")
    return envelope(
        json.dumps(message | {"timestamp": f"2026-01-30T09:{number // 60 % 60:02}:{number % 60:02}Z"}).encode()
    )


def cold_start(function: FunctionProcess, number: int) -> float:
    """Return seconds from the start of the process to the first acknowledged event."""
    started = time.perf_counter()
    function.start()
    status, body = post(function.url, event(number, date(2026, 1, 1) + timedelta(days=number)))
    elapsed = time.perf_counter() - started
    assert status == 200, body
    function.kill()
    return elapsed


def modules(which: str, environment: Mapping[str, str]) -> int:
    folder, target = FOLDERS[which]
    answer = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", MODULES, target],
        cwd=folder,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        check=True,
        text=True,
    )
    return int(answer.stdout.split()[-1])


def worker(function: FunctionProcess) -> int:
    """Return the process that answers: the server's one child."""
    assert function.process is not None
    children = Path(f"/proc/{function.process.pid}/task/{function.process.pid}/children").read_text().split()
    return int(children[0])


def cpu_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_mib(process: int) -> float:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def steady(function: FunctionProcess, messages: int) -> tuple[float, float]:
    """Return milliseconds of processor time per message and peak memory in MiB."""
    function.start()
    day = date(2027, 1, 1)
    for number in range(20):
        post(function.url, event(number, day))
    process = worker(function)
    before = cpu_seconds(process)
    for number in range(messages):
        status, body = post(function.url, event(number, day + timedelta(days=number // 20)))
        assert status == 200, body
    used = cpu_seconds(process) - before
    peak = peak_mib(process)
    function.kill()
    return 1000 * used / messages, peak


def sustained(function: FunctionProcess, cloud: Cloud, dates: int) -> tuple[str, bool]:
    """Push 1,000 completions over the dates; return the figures, and whether nothing was lost or wrong."""
    function.start()
    view = view_of(function)
    names = view["boundaries"]["phase2_to_phase3"]["modes"][0]["expected"]
    days = [(date(2028, 1, 1) + timedelta(days=number)).isoformat() for number in range(dates)]
    copies = 1000 // (len(names) * dates)
    batch = [
        completion(name, day, execution_id=f"{name}-{copy}") for copy in range(copies) for name in names for day in days
    ]
    cloud.pull("nba-phase3-trigger")
    cloud.push("nba-phase2-raw-complete", function.url, "sustained")
    started = time.perf_counter()
    for start in range(0, len(batch), 100):
        cloud.publish("nba-phase2-raw-complete", *batch[start : start + 100])
    lines = -1
    while lines < len(batch) and time.perf_counter() - started < 300:
        time.sleep(0.5)
        text = function.log.read_text()
        lines = text.count('"event": "completion_handled"') + text.count('"event": "trigger_published"')
    elapsed = time.perf_counter() - started
    documents = [cloud.document("phase2_completion", day) for day in days]
    lost = sum(len(names) - sum(not key.startswith("_") for key in document) for document in documents)
    wrong = sum(document.get("_triggered") is not True for document in documents)
    triggers = [json.loads(message.data)["game_date"] for message in cloud.pull("nba-phase3-trigger")]
    wrong += len(set(days) ^ set(triggers))
    busy = function.log.read_text().count('"event": "lease_held"')
    function.kill()
    cloud.delete_subscription("sustained")
    text = f"{len(batch)} completions over {dates} dates in {elapsed:.1f} s ({len(batch) / elapsed:.0f}/s): {lost} lost, {wrong} wrong, {len(triggers)} triggers for {dates} dates, {busy} given back to a lease"
    return text, lost == 0 and wrong == 0


def measured(work: Path, environment: Mapping[str, str], repeats: int, messages: int) -> list[Comparison]:
    starts: dict[str, list[float]] = {"engine": [], "floor": []}
    for number in range(repeats + 1):
        for which, times in starts.items():
            times.append(cold_start(served(work, which, environment), number))
    cold = {which: statistics.median(times[1:]) for which, times in starts.items()}  # the first run compiles
    loaded = {which: modules(which, environment) for which in starts}
    rounds = {which: steady(served(work, which, environment), messages) for which in starts}
    return [
        Comparison("cold start to first acknowledgement", "s", cold["engine"], cold["floor"], 1.25),
        Comparison("modules at start", "", loaded["engine"], loaded["floor"], 1.1),
        Comparison("peak memory", "MiB", rounds["engine"][1], rounds["floor"][1], 1.25),
        Comparison("processor time per completion", "ms", rounds["engine"][0], rounds["floor"][0], 1.5),
    ]


def main(arguments: Sequence[str] = ()) -> int:
    parser = argparse.ArgumentParser(description="What an orchestrator costs, against its floor.")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--messages", type=int, default=300)
    parser.add_argument("--dates", type=int, default=50)
    args = parser.parse_args(arguments)
    if processes.sdk() is None:
        print(f"The emulators are not installed: {processes.HINT}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder, processes.emulators(Path(folder)) as hosts:
        work = Path(folder)
        FOLDERS.update(folders(work))
        environment = {"GCP_PROJECT_ID": PROJECT, "GOOGLE_CLOUD_PROJECT": PROJECT, "ENVIRONMENT": "bench", **hosts}
        cloud = Cloud(hosts, PROJECT)
        for topic in ("nba-phase3-trigger", "nba-phase-executions", "nba-service-errors"):
            cloud.topic(topic)
        print(f"{'':<34}{'engine':>10}{'floor':>10} {'unit':<8}{'ratio':>6}")
        figures = measured(work, environment, args.repeats, args.messages)
        for figure in figures:
            print(figure.line(), flush=True)
            note("functions", figure.name, figure.engine, figure.unit, floor=figure.floor, limit=figure.limit)
        text, sound = sustained(served(work, "engine", environment), cloud, args.dates)
        print(text)
    return 0 if sound and all(figure.ratio <= figure.limit for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
