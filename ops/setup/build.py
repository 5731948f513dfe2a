"""Keep `.venv` exactly what the lock says: nothing is resolved, only wheels are taken, each by its hash.

A record inside `.venv` is written when everything is installed and taken away before anything changes. Without a fitting
record (interrupted, made by something else, for another lock, place or interpreter) the environment is built anew.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NoReturn

from ops.progress import stage

PROGRAM, TOOLS = "requirements.txt", "requirements-tools.txt"
GROUPS = {"program": (PROGRAM,), "tools": (PROGRAM, TOOLS)}
EXACTLY = ("--no-deps", "--require-hashes", "--only-binary", ":all:", "--no-compile")
QUIETLY = ("--no-input", "--disable-pip-version-check", "--progress-bar", "off")
WHERE = re.compile(
    r"PIP_(?:(?:EXTRA_)?INDEX_URL|FIND_LINKS|NO_INDEX|TRUSTED_HOST|(?:CLIENT_)?CERT|PROXY|(?:NO_)?CACHE_DIR|CONFIG_FILE|(?:DEFAULT_)?TIMEOUT|RETRIES|KEYRING_PROVIDER)"
)
"""The settings of pip that say where packages come from. Others, which would change what is installed, are not passed on."""


@dataclass(frozen=True)
class BuildRecord:
    """What an environment was built of, and what that left in it."""

    python: str
    root: str
    locks: dict[str, str]
    installed: list[str]


def main(root: Path, arguments: Sequence[str]) -> None:
    """Build or repair the environment for a group of requirements; say nothing when it is ready."""
    parser = argparse.ArgumentParser(prog="python3 -m ops.setup", description=__doc__)
    parser.add_argument("group", choices=GROUPS, help="what is needed: to plan and operate, or to test and develop too")
    parser.add_argument("--this-python", action="store_true", help="refuse an environment of another Python")
    given = parser.parse_args(arguments)
    try:
        with _alone(root):
            ensure(root / ".venv", root, GROUPS[given.group], this_python=given.this_python)
    except OSError as error:
        _stop(f"The environment cannot be built: {error.filename}: {(error.strerror or str(error)).lower()}.")


def ensure(venv: Path, root: Path, files: Sequence[str], *, this_python: bool = False) -> None:
    """Install what `files` pin, unless it is there already."""
    locks = {name: hashlib.sha256((root / name).read_bytes()).hexdigest() for name in files}
    record = _fitting(venv, root, locks, this_python)
    if record and locks.keys() <= record.locks.keys():
        return
    if venv.is_symlink():
        _stop(f"{venv} is a link to an environment that lacks what {files[-1]} pins. Remove the link and try again.")
    if record is None:
        _create(venv)
    _record_file(venv).unlink(missing_ok=True)
    _install(venv, root, [name for name in files if record is None or name not in record.locks])
    _pip(venv, root, "--no-deps", "--editable", str(root), what="Set-up: making `ops` a command")
    _write(venv, root, locks)


def _fitting(venv: Path, root: Path, locks: dict[str, str], this_python: bool) -> BuildRecord | None:
    """Return the record of an environment that works and can be used or added to, or nothing."""
    try:
        record = BuildRecord(**json.loads(_record_file(venv).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    site = _site(venv)
    right = (
        (venv.is_symlink() or record.root == str(root))
        and all(record.locks.get(name, digest) == digest for name, digest in locks.items())
        and record.python == _version(venv)
        and not (this_python and record.python != sys.version)
        and all((site / info / "RECORD").is_file() for info in record.installed)
    )
    return record if right else None


def _version(venv: Path) -> str | None:
    """Return the version of the environment's interpreter; nothing where it vanished or does not start."""
    command = (venv / "bin" / "python", "-I", "-c", "import sys; print(sys.version)")
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.removesuffix("\n")
    except (OSError, subprocess.CalledProcessError):
        return None


def _create(venv: Path) -> None:
    with stage(f"Set-up: making .venv with Python {sys.version.split()[0]}"):
        shutil.rmtree(venv, ignore_errors=True)
        command = (sys.executable, "-I", "-m", "venv", str(venv))
        made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode:
        _stop(
            f"{(made.stdout + made.stderr).strip()}\n{sys.executable} cannot make an environment; its words are above."
        )


def _install(venv: Path, root: Path, files: Sequence[str]) -> None:
    rows = sum(len(re.findall(r"(?m)^\w", (root / name).read_text(encoding="utf-8"))) for name in files)
    wanted = [option for name in files for option in ("--requirement", name)]
    _pip(
        venv,
        root,
        *EXACTLY,
        *wanted,
        what=f"Set-up: installing the {rows} packages of {' and '.join(files)}",
        rows=rows,
    )


def _pip(venv: Path, root: Path, *arguments: str, what: str, rows: int = 0) -> None:
    """Run pip with nothing of this machine's settings but where packages come from."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "PYTHON"))}
    environment |= {key: value for key, value in os.environ.items() if WHERE.fullmatch(key)}
    log = root / ".cache" / "setup.log"
    before = len(_installed(venv))

    def detail() -> str:
        fetched = log.read_text(encoding="utf-8", errors="replace").count("\nCollecting ") if rows else 0
        there = len(_installed(venv)) - before
        return f"{there} of {rows} installed" if there > 0 and rows else f"{fetched} fetched" if fetched else ""

    with log.open("w", encoding="utf-8") as words, stage(what, detail):
        command = (str(venv / "bin" / "python"), "-I", "-m", "pip", "install", *QUIETLY, *arguments)
        code = subprocess.run(
            command, cwd=root, env=environment, stdout=words, stderr=subprocess.STDOUT, check=False
        ).returncode
    if code:
        errors = re.findall(r"(?m)^ *ERROR: .*", log.read_text(encoding="utf-8", errors="replace"))
        said = "\n".join(line.strip()[:300] for line in errors[-5:])
        _stop(
            f"{said}\nThe environment is not built: pip could not install exactly what the lock says, from where this machine's settings of pip say that packages come from. Its whole output is in {log.relative_to(root)}."
        )


def _installed(venv: Path) -> list[str]:
    return sorted(info.parent.name for info in _site(venv).glob("*.dist-info/RECORD"))


def _site(venv: Path) -> Path:
    return next((venv / "lib").glob("python3*/site-packages"), venv)


def _record_file(venv: Path) -> Path:
    return venv / "built.json"


def _write(venv: Path, root: Path, locks: dict[str, str]) -> None:
    own = [info for info in _installed(venv) if not info.startswith("pip-")]
    text = json.dumps(asdict(BuildRecord(_version(venv) or "", str(root), locks, own)))
    unfinished = venv / "built.part"
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(_record_file(venv))


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Wait until no other process builds this environment."""
    (root / ".cache").mkdir(exist_ok=True)
    with (root / ".cache" / "setup.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _stop(message: str) -> NoReturn:
    sys.exit(message.strip())
