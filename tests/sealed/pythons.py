"""The Pythons of this machine that the lock is for, each with the pip that it bundles. Standard library only."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ASK = "import ensurepip, platform; print(platform.python_version(), ensurepip.version())"


@dataclass(frozen=True, order=True)
class Python:
    """An interpreter: its version as numbers, the pip that a new environment of it gets, and where it is."""

    numbers: tuple[int, ...]
    pip: str
    path: Path

    @property
    def version(self) -> str:
        """The version as text."""
        return ".".join(map(str, self.numbers))


def pythons() -> list[Python]:
    """Return one interpreter per version and bundled pip: those on PATH, the system's, and those that pyenv keeps."""
    bounds = re.search(
        r'requires-python = ">=3\.(\d+),<3\.(\d+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    )
    assert bounds is not None
    names = [f"python3.{minor}" for minor in range(int(bounds[1]), int(bounds[2]))]
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    paths = [shutil.which(name, path=path) for name in names for path in (os.environ.get("PATH"), os.defpath)]
    paths += [str(path) for name in names for path in sorted(kept.glob(f"*/bin/{name}"))]
    found: dict[tuple[str, str], Python] = {}
    for path in filter(None, paths):
        said = subprocess.run((path, "-I", "-c", ASK), capture_output=True, text=True, check=False).stdout.split()
        if len(said) == 2:
            numbers = tuple(int(part) for part in re.findall(r"\d+", said[0])[:3])
            found.setdefault((said[0], said[1]), Python(numbers, said[1], Path(path).resolve()))
    return sorted(found.values())
