"""What a command on a machine that has nothing sees: an empty home, the interpreter's and the system's folders, the index.

Standard library only, and nothing of the project but the names of pip's settings: it runs before anything is installed.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ops.setup.build import WHERE
from tests.sealed.pythons import Python

SYSTEM = ("/usr/sbin", "/usr/bin", "/sbin", "/bin")
TOOLS = {
    "CLI": ("pulumi", "pulumi-language-python"),
    "provider": ("pulumi-resource-gcp",),
    "emulators": ("gcloud", "java"),
    "promtool": ("promtool",),
    "browser": ("chromium",),
}
"""The optional tools, one by one, each by the programs without which it is not there."""
LONGEST = 2700.0
"""Seconds that a command may take before it counts as one that does not end: the whole suite takes half of it."""
NETWORK = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


def tools() -> dict[str, Path]:
    """Return the folder of each program of an optional tool that this machine has whole."""
    found: dict[str, Path] = {}
    for programs in TOOLS.values():
        paths = {program: shutil.which(program) for program in programs}
        found |= {program: Path(path).parent for program, path in paths.items() if path and all(paths.values())}
    return found


def absent() -> list[str]:
    """Return the optional tools that this machine lacks, with what is missing of each."""
    missing = {name: [each for each in programs if not shutil.which(each)] for name, programs in TOOLS.items()}
    return [f"{name} ({', '.join(programs)})" for name, programs in missing.items() if programs]


@dataclass(frozen=True)
class Seal:
    """A clean clone, an empty home and one Python; `folders` are those of optional tools."""

    clone: Path
    home: Path
    python: Python
    folders: Sequence[Path] = ()

    def variables(self) -> dict[str, str]:
        """Return the whole environment of a command."""
        kept = {key: value for key, value in os.environ.items() if WHERE.fullmatch(key) or key.upper() in NETWORK}
        ours = Path(os.environ.get("XDG_CONFIG_HOME", Path.home() / ".config")) / "pip" / "pip.conf"
        if ours.exists():
            kept.setdefault("PIP_CONFIG_FILE", str(ours))
        path = dict.fromkeys([str(self.python.path.parent), *SYSTEM, *map(str, self.folders)])
        return kept | {"HOME": str(self.home), "PATH": os.pathsep.join(path), **self._chosen()}

    def _chosen(self) -> Mapping[str, str]:
        """Name the Python where its folder does not call it python3."""
        first = self.python.path.parent / "python3"
        return {} if first.exists() and first.resolve() == self.python.path else {"PYTHON": str(self.python.path)}

    def run(self, command: str, log: Path, **more: str) -> int:
        """Run a line of shell in the clone, write what it says to `log`, and return its exit code; 124 if it does not end."""
        with log.open("w", encoding="utf-8") as words:
            process = subprocess.Popen(
                ("bash", "-c", command),
                cwd=self.clone,
                env=self.variables() | more,
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # so that what it started ends with it
            )
            try:
                return process.wait(LONGEST)
            except subprocess.TimeoutExpired:
                words.write(f"\nIt did not end within {LONGEST:g} s.\n")
                return 124
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()


def sealed(root: Path, folder: Path, python: Python, folders: Sequence[Path] = ()) -> Seal:
    """Clone what `root` has committed into `folder`, beside an empty home."""
    home, clone = folder / "home", folder / "clone"
    home.mkdir(parents=True)
    command = ("git", "clone", "--quiet", "--no-hardlinks", str(root), str(clone))
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return Seal(clone, home, python, folders)
