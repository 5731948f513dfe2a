"""Proof that an archive runs: unpacked alone, in a clean interpreter with only its requirements, it starts and answers.

The static analysis says that nothing is missing; this says that what is there works together: the installed
versions, the grammar of the runtime, the entry point under functions-framework, the paths that a start and a first
event take. No user code is imported in this process. What was accepted is remembered by content.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from io import BytesIO
from pathlib import Path

from analysis.cache import Cache
from analysis.python.file_tree import digest
from analysis.python.syntax import PythonVersion
from blueprint.archive.model import Archive, Signature
from blueprint.findings import Finding, Location

RULE = "archive-acceptance"
WAITING = 30
"""Seconds that clients may wait for a world that is not there, whatever the machine."""
TIMES = 40
"""How often an empty function could start in the time that a function has to start and answer its samples."""
UNMEASURED = 240
"""Seconds that the platform gives a start: what an empty function gets here, too."""
SLOW = 3.0
"""Seconds from which a machine is called slow: an empty function starts in less than one."""
_EMPTY = "def empty(request):\n    return 'ok'\n"
NOWHERE = "127.0.0.1:9"
"""An address where nothing listens (the discard port): a client fails there at once instead of looking for keys."""
WITHOUT_NETWORK = (("unshare", "--net"), ("unshare", "--net", "--map-root-user"))
"""Ways to start a program without any network; which of them a machine permits is tried."""

# Raised by code that is not all there; anything else may be the missing world outside.
_FAULTS = "Attribute FileNotFound Import ModuleNotFound Name NotImplemented Syntax Type UnboundLocal".replace(" ", "|")
_INCOMPLETE = re.compile(rf"\b((?:{_FAULTS})Error): ([^\"\\\n]{{0,300}})")
_DRIVER = Path(__file__).with_name("driver.py")


@dataclass(frozen=True)
class Sample:
    """A request that the function must cope with, and the statuses that say so.

    Attributes:
        name: what it stands for, for messages.
        method, path, body, headers: the request.
        statuses: answers that prove it was handled; empty accepts any, as long as no code is missing.
    """

    name: str
    method: str = "POST"
    path: str = "/"
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    statuses: tuple[int, ...] = ()


@dataclass(frozen=True)
class ArchiveTrial:
    """An archive and how the platform would run it; `place` is where findings point, memory is in bytes.

    `requirements` stand in for the archive's own on a machine that cannot install the platform's files.
    """

    archive: Archive
    entry_point: str
    signature: Signature
    environment: Mapping[str, str]
    samples: tuple[Sample, ...]
    place: Location
    memory: int | None = None
    requirements: str | None = None


@dataclass(frozen=True)
class Acceptance:
    """What came of it: findings, and of a start its loaded modules, peak memory in bytes and seconds."""

    findings: tuple[Finding, ...]
    modules: int = 0
    memory: int = 0
    seconds: float = 0.0


def accept(candidate: ArchiveTrial, *, target_python: PythonVersion, folder: Path, cache: Cache) -> Acceptance:
    """Start an archive, send it its samples, and return what came of it.

    Args:
        candidate: the archive and how it runs.
        target_python: the runtime's version; an interpreter of it must be installed.
        folder: where environments are kept, one per set of requirements.
        cache: remembers what was accepted; refusals are tried again.
    """
    known = remembered(candidate, target_python=target_python, cache=cache)
    if known is not None:
        return known
    interpreter = find_python(target_python)
    if interpreter is None:
        version = f"{target_python[0]}.{target_python[1]}"
        message = f"No Python {version} is installed to try the archives with. Install it, or pass --no-acceptance."
        return _refused(candidate, message)
    try:
        python = environment(interpreter, candidate.requirements or candidate.archive.requirements, folder)
    except subprocess.CalledProcessError as error:
        last = (error.stderr or "").strip().splitlines()[-1:] or ["no reason given"]
        return _refused(
            candidate, f"The requirements of '{candidate.archive.function}' do not install: {_told(last[0])}"
        )
    accepted = _run(candidate, python)
    if not accepted.findings:
        figures = {name: value for name, value in asdict(accepted).items() if name != "findings"}
        cache.put("accepted", _key(candidate, target_python), json.dumps(figures).encode())
    return accepted


def remembered(candidate: ArchiveTrial, *, target_python: PythonVersion, cache: Cache) -> Acceptance | None:
    """Return what came of the same archive, run the same way, if it was accepted before."""
    known = cache.get("accepted", _key(candidate, target_python))
    return None if known is None else Acceptance((), **json.loads(known))


def _key(candidate: ArchiveTrial, target: PythonVersion) -> str:
    code = digest(_DRIVER.read_bytes() + Path(__file__).read_bytes())
    parts: list[object] = [
        code,
        without_network(),
        target,
        candidate.archive.sha256,
        candidate.entry_point,
        candidate.signature,
        candidate.memory,
    ]
    parts += [dict(candidate.environment), [asdict(sample) for sample in candidate.samples]]
    return digest(json.dumps(parts, sort_keys=True).encode())


def _refused(candidate: ArchiveTrial, message: str) -> Acceptance:
    return Acceptance((Finding(RULE, message, candidate.place),))


def find_python(target: PythonVersion) -> str | None:
    """Return an interpreter of the version `target`: this one, one on PATH, or one that pyenv keeps."""
    if sys.version_info[:2] == target:
        return sys.executable
    name = f"python{target[0]}.{target[1]}"
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [
        shutil.which(name),
        *(str(each) for each in sorted(kept.glob(f"{target[0]}.{target[1]}.*/bin/{name}"))),
    ]
    return next((each for each in candidates if each and _works(each)), None)


def _works(interpreter: str) -> bool:
    return subprocess.run((interpreter, "-c", ""), capture_output=True, check=False).returncode == 0


def environment(interpreter: str, requirements: str, folder: Path) -> Path:
    """Return the interpreter of an environment that holds exactly `requirements`; made once, then reused."""
    home = (folder / digest(f"{interpreter} {requirements}".encode())[:24]).absolute()
    python = home / "bin" / "python"
    if (home / "complete").exists():
        return python
    shutil.rmtree(home, ignore_errors=True)
    home.parent.mkdir(parents=True, exist_ok=True)
    _quietly(interpreter, "-I", "-m", "venv", "--without-pip", str(home))
    pip = (sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check")
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "requirements.txt"
        file.write_text(requirements, encoding="utf-8")
        options = ("--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:", "--no-compile")
        _quietly(*pip, "install", *options, "-r", str(file))
    _quietly(*pip, "check")
    (home / "complete").touch()
    return python


def _quietly(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)


def _run(candidate: ArchiveTrial, python: Path) -> Acceptance:
    with tempfile.TemporaryDirectory() as scratch:
        with zipfile.ZipFile(BytesIO(candidate.archive.content)) as archive:
            archive.extractall(scratch)
        order = {
            "target": candidate.entry_point,
            "signature": "cloudevent" if candidate.signature == "cloud_event" else "http",
            "samples": [asdict(sample) for sample in candidate.samples],
        }
        bare = bare_start(python)
        try:
            return _judged(candidate, _drive(python, scratch, order, candidate.environment, _limit(bare)))
        except subprocess.TimeoutExpired:
            again = max(bare, _bare_start(python))  # the machine may have become slower since
        limit = _limit(again)
        try:
            if again > 1.5 * bare:
                return _judged(candidate, _drive(python, scratch, order, candidate.environment, limit))
        except subprocess.TimeoutExpired:
            pass
    slow = f" This machine is slow now: an empty function took {again:.1f} s to start." if again >= SLOW else ""
    message = f"'{candidate.archive.function}' did not start and answer within {limit:.0f} s, in which an empty function starts {TIMES} times here.{slow}"
    return _refused(candidate, message)


def _limit(bare: float) -> float:
    return WAITING + TIMES * bare


@functools.cache
def bare_start(python: Path) -> float:
    """Return the seconds in which an empty function starts and answers in an environment, measured once in this run."""
    return _bare_start(python)


def _bare_start(python: Path) -> float:
    order = {"target": "empty", "signature": "http", "samples": [asdict(Sample("empty"))]}
    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / "main.py").write_text(_EMPTY, encoding="utf-8")
        begun = time.monotonic()
        with contextlib.suppress(subprocess.TimeoutExpired):
            _drive(python, scratch, order, {}, UNMEASURED)
        return time.monotonic() - begun


@functools.cache
def without_network() -> tuple[str, ...]:
    """Return the command in front of another one that takes the network away; empty where the machine permits none.

    Then the driver refuses what goes through Python's sockets, which is not all: a library of C may have its own.
    """
    for command in WITHOUT_NETWORK:
        with contextlib.suppress(OSError):
            if subprocess.run((*command, "true"), capture_output=True, check=False).returncode == 0:
                return command
    return ()


def _drive(
    python: Path, folder: str, order: Mapping[str, object], environment: Mapping[str, str], limit: float
) -> subprocess.CompletedProcess[str]:
    """Run the driver on the function in `folder`, without a network; raises `subprocess.TimeoutExpired`.

    Where the environment names emulators, the network is left: samples are to be handled with them.
    """
    beside_emulators = any(name.endswith("_EMULATOR_HOST") and at != NOWHERE for name, at in environment.items())
    alone = () if beside_emulators else without_network()
    return subprocess.run(
        (*alone, str(python), "-I", str(_DRIVER)),
        input=json.dumps({**order, "refuse_sockets": not alone and not beside_emulators}),
        env={"PATH": os.defpath, "HOME": folder, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONTZPATH": "", **environment},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=limit,
        check=False,
    )


def _judged(candidate: ArchiveTrial, result: subprocess.CompletedProcess[str]) -> Acceptance:
    name = candidate.archive.function
    reports = [json.loads(line) for line in result.stdout.splitlines() if line.startswith('{"accept')]
    started = next((report for report in reports if report["accept"] == "started"), None)
    if started is None:
        reason = result.stderr.strip().splitlines()[-1:] or ["it ended without a word"]
        return _refused(candidate, f"'{name}' does not start in a clean interpreter: {_told(reason[0][:500])}")
    answers = {report["sample"]: report for report in reports if report["accept"] == "answered"}
    messages = [
        f"'{name}' calls out to {call['to']} while it starts ({call['at']}): where that does not answer, no instance starts. Call at the first use instead."
        for call in started["calls"]
    ]
    messages += _sample_messages(candidate, answers, result.stderr)
    if candidate.memory and started["memory"] > 0.8 * candidate.memory:
        used, limit = started["memory"] >> 20, candidate.memory >> 20
        messages.append(
            f"'{name}' needs {used} MiB to start, of the {limit} MiB it gets. Give it more, or import less."
        )
    findings = tuple(Finding(RULE, message, candidate.place) for message in messages)
    return Acceptance(findings, started["modules"], started["memory"], started["seconds"])


def _sample_messages(candidate: ArchiveTrial, answers: Mapping[str, Mapping[str, object]], log: str) -> Iterable[str]:
    name = candidate.archive.function
    for sample in candidate.samples:
        answer = answers.get(sample.name)
        if answer is None:
            yield f"'{name}' ended while it handled the sample '{sample.name}'."
        elif sample.statuses and answer["status"] not in sample.statuses:
            wanted = " or ".join(map(str, sample.statuses))
            yield f"'{name}' answers {answer['status']}, not {wanted}, to the sample '{sample.name}': {_told(str(answer['body']))}"
    for kind, text in dict.fromkeys(_INCOMPLETE.findall(log)):
        yield f"'{name}' raises {kind} while it handles its samples: {_told(text)}"


def _told(text: str) -> str:
    """Return what another program said as the end of a sentence of ours."""
    return f"{text.strip().rstrip('.') or 'nothing'}."
