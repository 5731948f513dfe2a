"""Say what this machine has and lacks, what each thing is for, and how to get it.

Three answers: there, absent, not known. It needs nothing but Python, so that it speaks where nothing else works. Exit code 0
when what every command needs is there, 1 when it is not, 4 when that cannot be told; the rest is for single commands.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Final, Literal

from ops import environment, exitcodes
from ops.arguments import add_json_argument
from ops.findings import FindingsReport, write
from ops.invocation import CODE
from ops.progress import stage
from ops.terminal import Style, style_for

State = Literal["there", "absent", "not known"]
SECONDS: Final = 20
"""How long a program may take to say what it is."""
LOCKS: Final = ("requirements.txt", "requirements-tools.txt")


@dataclass(frozen=True)
class ToolState:
    """What is known of one thing: `purpose` says what it is for, `get` how to get it where it is not there."""

    name: str
    state: State
    detail: str
    purpose: str
    get: str = ""
    needed: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Look at everything and say it."""
    with stage("Looking at this machine"), ThreadPoolExecutor(len(LOOKS)) as pool:
        answers = [each for found in pool.map(lambda look: list(look()), LOOKS) for each in found]
    content = {"checks": [asdict(each) for each in answers]}
    write(args.format, FindingsReport("doctor", CODE, ()), content, _lines(answers, style_for()))
    needed = {each.state for each in answers if each.needed}
    return exitcodes.REFUSED if "absent" in needed else exitcodes.UNKNOWN if "not known" in needed else exitcodes.SOUND


def _lines(answers: list[ToolState], style: Style) -> Iterator[str]:
    signs = {"there": style.tick, "absent": style.cross, "not known": style.paint("?", "yellow", "bold")}
    width = max(len(each.name) for each in answers)
    for each in answers:
        state = "" if each.state == "there" else f"{each.state}: " if each.detail else each.state
        yield f"{signs[each.state]} {each.name.ljust(width)}  {state}{each.detail}".rstrip()
        if each.state != "there":
            indent = " " * (width + 4)
            yield f"{indent}{style.paint(f'for {each.purpose}', 'dim')}"
            yield f"{indent}{each.get}"
    absent = sum(each.state == "absent" for each in answers)
    unknown = sum(each.state == "not known" for each in answers)
    yield ""
    yield f"{len(answers) - absent - unknown} there, {absent} absent, {unknown} not known."


def python() -> Iterator[ToolState]:
    """Look at the Python that runs this."""
    version = ".".join(map(str, sys.version_info[:3]))
    known = re.search(r'requires-python = ">=3\.(\d+),<3\.(\d+)"', _text("pyproject.toml"))
    fits = known is not None and int(known[1]) <= sys.version_info[1] < int(known[2])
    get = "Install a Python from 3.11 to 3.14 and name it: `make setup PYTHON=python3.13`."
    yield ToolState("Python", "there" if fits else "absent", version, "everything", get, needed=True)


def packages() -> Iterator[ToolState]:
    """Compare the environment with the locks."""
    names = (("environment", "every command", True), ("tools of the tests", "`make test` and `make lint`", False))
    for lock, (name, purpose, needed) in zip(LOCKS, names, strict=True):
        get = "Run `make setup`, which builds or repairs it."
        sites = list((environment.FOLDER / "lib").glob("python*/site-packages"))
        if len(sites) != 1:
            yield ToolState(name, "absent", f"{environment.FOLDER.name} is not built", purpose, get, needed)
            continue
        found = {_normal(each.name): each.version for each in metadata.distributions(path=[str(sites[0])])}
        wrong = [
            f"{pin} {found.get(pin, 'is absent')}, locked {version}"
            for pin, (version, always) in pins(_text(lock)).items()
            if (always or pin in found) and found.get(pin) != version
        ]
        detail = f"differs from {lock}: {'; '.join(wrong[:3])}" if wrong else f"exactly {lock}"
        yield ToolState(name, "absent" if wrong else "there", detail, purpose, get, needed)


def pins(lock: str) -> Mapping[str, tuple[str, bool]]:
    """Return name → version of a lock, and whether it is installed on every machine."""
    rows = re.finditer(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)([^\\\n]*)", lock, re.MULTILINE)
    return {_normal(row[1]): (row[2], not row[3].strip()) for row in rows}


def index() -> Iterator[ToolState]:
    """Ask the index of packages for one of the lock, as pip is set up to."""
    said = _said(sys.executable, "-m", "pip", "--disable-pip-version-check", "index", "versions", "cronsim")
    get = "Let pip name an index that this machine reaches; `pip config list` shows what it names now."
    missing = said is not None and "No module named pip" in said[1]
    state: State = "not known" if said is None or missing else "there" if said[0] == 0 else "absent"
    detail = "answers" if state == "there" else "pip cannot be asked" if state == "not known" else "does not answer"
    yield ToolState("index of packages", state, detail, "building the environment", get)


def programs() -> Iterator[ToolState]:
    """Look for what is run by name."""
    apt = "Install it with the system's packages, on Debian `apt-get install {}`."
    yield _program("git", ("git",), ("--version",), "comparing commits and releasing", apt.format("git"))
    yield _program("make", ("make",), ("--version",), "the commands of the Makefile", apt.format("make"))
    yield _program("promtool", ("promtool",), ("--version",), "testing alert rules", apt.format("prometheus"))
    browsers = ("chromium", "chromium-browser", "google-chrome")
    yield _program("browser", browsers, ("--version",), "looking at rendered pages", apt.format("chromium"))
    java = _program("Java", ("java",), ("-version",), "the emulators", apt.format("default-jre-headless"))
    yield java


def pulumi() -> Iterator[ToolState]:
    """Look for the engine's command, what it runs programs and providers with, and whether it is logged in."""
    pinned = dict(re.findall(r'"(pulumi(?:-gcp)?)==([\d.]+)"', _text("pyproject.toml")))
    get = f"Get it with `curl -fsSL https://get.pulumi.com | sh -s -- --version {pinned.get('pulumi', '')}`."
    cli = _program("Pulumi CLI", ("pulumi",), ("version",), "preview, release, drift", get)
    yield cli
    home = Path(os.environ.get("PULUMI_HOME", Path.home() / ".pulumi"))
    host = shutil.which("pulumi-language-python", path=f"{os.environ.get('PATH', '')}{os.pathsep}{home / 'bin'}")
    yield ToolState("its Python host", "there" if host else "absent", host or "", "preview, release, drift", get)
    version = pinned.get("pulumi-gcp", "")
    plugin = home / "plugins" / f"resource-gcp-v{version}"
    there = shutil.which("pulumi-resource-gcp") or (str(plugin) if plugin.is_dir() else "")
    get = f"Get it with `pulumi plugin install resource gcp {version}`; where it cannot be downloaded, add `--file` and the path of one."
    yield ToolState("provider plugin", "there" if there else "absent", there, "preview, release, drift", get)
    said = _said("pulumi", "whoami", "--non-interactive") if cli.state == "there" else None
    state: State = "not known" if said is None else "there" if said[0] == 0 else "absent"
    detail = "" if state == "there" else "the CLI did not say" if said is None else "logged in to no backend"
    yield ToolState(
        "state backend", state, detail, "preview, release, drift", "Log in with `pulumi login gs://BUCKET`."
    )


def google() -> Iterator[ToolState]:
    """Look for the Google Cloud CLI, its emulators, and a login; files are looked for, never read."""
    command = shutil.which("gcloud")
    get = "Install the Google Cloud CLI from https://cloud.google.com/sdk/docs/install."
    yield ToolState("gcloud", "there" if command else "absent", command or "", "emulators and logging in", get)
    for component in ("cloud-firestore-emulator", "pubsub-emulator"):
        platform = Path(command).resolve().parents[1] / "platform" if command else None
        known = platform is not None and platform.is_dir()
        there = known and platform is not None and (platform / component).is_dir()
        state: State = "there" if there else "absent" if known or not command else "not known"
        get = f"Install it with `gcloud components install beta {component}`."
        yield ToolState(component, state, "", "`make emulators`", get)
    config = Path(os.environ.get("CLOUDSDK_CONFIG", Path.home() / ".config" / "gcloud"))
    file = Path(os.environ.get("GOOGLE_APPLICATION_CREDENTIALS", config / "application_default_credentials.json"))
    state = "there" if file.is_file() else "not known" if _on_google() else "absent"
    get = "Log in with `gcloud auth application-default login`."
    yield ToolState("Google login", state, "", "validate, repair, redrive, verify", get)


LOOKS: Final[tuple[Callable[[], Iterator[ToolState]], ...]] = (python, packages, index, programs, pulumi, google)


def _program(name: str, commands: tuple[str, ...], ask: tuple[str, ...], purpose: str, get: str) -> ToolState:
    found = next((path for command in commands if (path := shutil.which(command))), None)
    if found is None:
        return ToolState(name, "absent", "", purpose, get)
    said = _said(found, *ask)
    if said is None or said[0] != 0:
        return ToolState(name, "not known", f"{found} does not say what it is", purpose, get)
    return ToolState(name, "there", (said[1].strip().splitlines() or [found])[0][:60], purpose, get)


def _said(*command: str) -> tuple[int, str] | None:
    """Return the exit code of a program and what it printed, or None where it cannot be asked."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=SECONDS, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.returncode, done.stdout or done.stderr


def _on_google() -> bool:
    """Return whether this is a machine of Google's, which has a login without a file."""
    try:
        return "Google" in Path("/sys/class/dmi/id/product_name").read_text(encoding="utf-8")
    except OSError:
        return False


def _text(name: str) -> str:
    try:
        return (CODE / name).read_text(encoding="utf-8")
    except OSError:
        return ""


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
