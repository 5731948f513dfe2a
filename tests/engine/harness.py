"""Run a Pulumi program under the real engine against the provider twin: no login, no network, nothing left behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.engine.twin.cloud import Cloud
from tests.engine.twin.provider import serving

HOW_TO_GET = "The engine tests need the `pulumi` command and its Python language host on PATH; get both with `curl -fsSL https://get.pulumi.com | sh -s -- --version 3.260.0`."
REAL_PROVIDER = {"GOOGLE_OAUTH_ACCESS_TOKEN": "none"}
"""What the real provider wants before it judges: a token, which opens nothing."""
NO_CHANGES_EXPECTED = 7
POLICY_VIOLATION = 5
_NOT_COPIED = (".git", ".venv", "__pycache__", "tests", "bench", "docs", "build", ".cache", ".*_cache")


def missing() -> list[str]:
    """Return the programs that engine tests need and that are not on PATH."""
    return [name for name in ("pulumi", "pulumi-language-python") if shutil.which(name) is None]


@dataclass(frozen=True)
class Step:
    """What the engine does, or would do, to one resource; `changed` are the differing property paths."""

    op: str
    urn: str
    type: str
    changed: tuple[str, ...]
    inputs: dict[str, Any]

    @property
    def name(self) -> str:
        return self.urn.rpartition("::")[2]


@dataclass(frozen=True)
class Result:
    """The outcome of one `pulumi` command."""

    code: int
    output: str
    steps: tuple[Step, ...] = ()

    @property
    def changes(self) -> dict[str, str]:
        """Return the operation by URN, for each step that changes something in the cloud."""
        quiet = ("same", "read", "refresh")
        return {step.urn: step.op for step in self.steps if step.op not in quiet and not _virtual(step.type)}


def _virtual(type_: str) -> bool:
    """Tell whether a type exists for the engine only: stacks, providers and components."""
    return not type_.startswith("gcp:") or type_.count("/") != 1


@dataclass
class Engine:
    """One stack of a program. `home` holds the copied program, the state, and everything else that a run writes.

    `port` is where the twin listens; without one the real provider on PATH is used, which can only preview.
    """

    home: Path
    stack: str
    cloud: Cloud
    port: int | None
    passphrase: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    deployed: Result | None = None

    def __post_init__(self) -> None:
        (self.home / "state").mkdir(parents=True, exist_ok=True)

    @property
    def program(self) -> Path:
        return self.home / "program"

    def variables(self) -> dict[str, str]:
        """Return the environment of every command: nothing of the caller's Pulumi, and no way out."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("PULUMI_", "GOOGLE_"))}
        return kept | {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "PULUMI_HOME": str(self.home / "pulumi"),
            "PULUMI_BACKEND_URL": (self.home / "state").as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": self.passphrase,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            **({"PULUMI_DEBUG_PROVIDERS": f"gcp:{self.port}"} if self.port else REAL_PROVIDER),
            "PULUMI_DEBUG_COMMANDS": "true",
            "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true",
            "PYTHONDONTWRITEBYTECODE": "1",
            **self.environment,
        }

    def run(self, *arguments: str, events: bool = False, timeout: int = 300) -> Result:
        """Run `pulumi` with these arguments in the program's folder."""
        log = self.home / "events.json"
        log.unlink(missing_ok=True)
        command = ["pulumi", "--non-interactive", "--color=never", "--logtostderr=false", *arguments]
        command += ["--event-log", str(log)] if events else []
        done = subprocess.run(
            command,
            cwd=self.program,
            env=self.variables(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )
        return Result(done.returncode, done.stdout, tuple(_steps(log)) if events else ())

    def create(self) -> None:
        """Make the stack."""
        made = self.run("stack", "init", self.stack)
        assert made.code == 0, made.output

    def preview(self, *arguments: str) -> Result:
        return self.run("preview", "--stack", self.stack, "--diff", *arguments, events=True)

    def up(self, *arguments: str) -> Result:
        return self.run("up", "--stack", self.stack, "--yes", "--skip-preview", *arguments, events=True)

    def refresh(self, *arguments: str) -> Result:
        return self.run("refresh", "--stack", self.stack, "--diff", *arguments, events=True)

    def destroy(self, *arguments: str) -> Result:
        return self.run("destroy", "--stack", self.stack, "--yes", *arguments, events=True)

    def ops(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of the operator's commands on the program and stack."""
        call = [sys.executable, "-m", "ops", command, "--stack", self.stack, "--root", str(self.program), *arguments]
        return subprocess.run(call, env=self.variables(), capture_output=True, text=True, check=False)

    def state(self) -> dict[str, Any]:
        """Return the stack's deployment as stored, secrets encrypted."""
        exported = self.run("stack", "export", "--stack", self.stack)
        assert exported.code == 0, exported.output
        document: dict[str, Any] = json.loads(exported.output)
        return document

    def resources(self) -> dict[str, dict[str, Any]]:
        """Return what the state records, by URN, without stack, providers and components."""
        stored = self.state()["deployment"].get("resources", [])
        return {each["urn"]: each for each in stored if not _virtual(each["type"])}

    def kill_during(self, arguments: Sequence[str], ready: Callable[[], bool], timeout: float = 120) -> None:
        """Start a command and kill its whole process group, as a lost machine does, once `ready` returns true."""
        process = subprocess.Popen(
            ["pulumi", "--non-interactive", *arguments],
            cwd=self.program,
            env=self.variables(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + timeout
        while not ready() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        running = process.poll() is None
        os.killpg(process.pid, signal.SIGKILL) if running else None
        process.wait()
        assert running, "the command ended before the moment at which it was to be killed"


def _steps(log: Path) -> Iterator[Step]:
    if not log.exists():
        return
    for line in log.read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        metadata = event.get("resourcePreEvent", event.get("resOutputsEvent", {})).get("metadata")
        if metadata and ("resourcePreEvent" in event or metadata["op"] == "refresh"):
            yield Step(
                op="replace" if "replac" in metadata["op"] else metadata["op"],
                urn=metadata["urn"],
                type=metadata["type"],
                changed=tuple(sorted(metadata.get("detailedDiff") or metadata.get("diffs") or ())),
                inputs=(metadata.get("new") or {}).get("inputs", {}),
            )


@contextmanager
def engine(program: Path, home: Path, stack: str, *, cloud: Cloud | None = None) -> Iterator[Engine]:
    """Yield an engine for a new stack of a copy of `program`, over a new cloud unless one is given."""
    copy_program(program, home)
    own = cloud or Cloud(home / "cloud.sqlite")
    with serving(own) as port:
        made = Engine(home=home, stack=stack, cloud=own, port=port)
        made.create()
        yield made


def real(program: Path, home: Path, stack: str) -> Engine:
    """Return an engine for a new stack of a copy of `program`, with the real provider and no cloud at all."""
    copy_program(program, home)
    made = Engine(home=home, stack=stack, cloud=Cloud(home / "cloud.sqlite"), port=None)
    made.create()
    return made


def copy_program(program: Path, home: Path) -> None:
    """Copy a program below `home`, with this environment where programs look for theirs."""
    home.mkdir(parents=True, exist_ok=True)
    shutil.copytree(program, home / "program", ignore=shutil.ignore_patterns(*_NOT_COPIED), symlinks=True)
    for folder in (home, home / "program"):  # where a program and one in a subfolder look for it
        (folder / ".venv").symlink_to(sys.prefix)


@contextmanager
def fork(source: Engine, home: Path) -> Iterator[Engine]:
    """Yield an engine that goes on from the program, state and cloud of `source`, independently of it."""
    for part in ("program", "state", "pulumi"):
        shutil.copytree(source.home / part, home / part, symlinks=True)
    cloud = source.cloud.copy(home / "cloud.sqlite")
    with serving(cloud) as port:
        yield Engine(
            home=home,
            stack=source.stack,
            cloud=cloud,
            port=port,
            passphrase=source.passphrase,
            environment=dict(source.environment),
        )
