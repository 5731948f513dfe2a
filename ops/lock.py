"""Write the lock of the functions: what they install, exactly and by hash, and what only installing it tells.

Not part of a plan: needs a package index and `uv`. The lock names no index, so it installs from any mirror.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from blueprint.archive.distributions import (
    DIRECT,
    LOCK,
    METADATA,
    Pin,
    direct_requirements,
    dump_metadata,
    normalise,
    read_lock,
)
from blueprint.archive.model import Distribution

_PLATFORM = ("--python-platform", "x86_64-manylinux_2_28")
_TESTED = "requirements-dev.lock"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--python", default="3.11", help="Python version of the functions' runtime (default: 3.11)")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions instead of keeping pins")


def run(args: argparse.Namespace) -> int:
    """Write the two lock files of the functions; versions are those that the tests run with."""
    root, functions = Path.cwd(), Path("functions")
    options = ("--quiet", "--generate-hashes", "--no-header", "--python-version", args.python, *_PLATFORM)
    upgrade = ("--upgrade",) if args.upgrade else ()
    files = (str(functions / DIRECT), "-c", _TESTED, "-o", str(functions / LOCK))
    _uv(root, "pip", "compile", *options, *upgrade, *files)
    _write_metadata(root / functions, args.python)
    return 0


def _uv(root: Path, *arguments: str) -> None:
    subprocess.run((sys.executable, "-m", "uv", *arguments), cwd=root, check=True, stdout=subprocess.DEVNULL)


def _write_metadata(folder: Path, python: str) -> None:
    """Install the lock into a scratch folder and write down what only an installation tells."""
    lock_text = (folder / LOCK).read_text(encoding="utf-8")
    direct = direct_requirements((folder / DIRECT).read_text(encoding="utf-8"))
    pins = read_lock(lock_text)
    with tempfile.TemporaryDirectory() as scratch:
        options = ("--target", scratch, "--python-version", python, *_PLATFORM, "--require-hashes", "--no-deps")
        _uv(folder, "pip", "install", "--quiet", *options, "-r", LOCK)
        distributions = [
            _describe(Path(scratch), info, pins, direct) for info in sorted(Path(scratch).glob("*.dist-info"))
        ]
    (folder / METADATA).write_text(dump_metadata(lock_text, distributions), encoding="utf-8")


def _describe(site: Path, info: Path, pins: dict[str, Pin], direct: Iterable[str]) -> Distribution:
    name = normalise(info.name.removesuffix(".dist-info").rpartition("-")[0])
    rows = (info / "RECORD").read_text(encoding="utf-8").splitlines()
    files = [row.rsplit(",", 2)[0].strip('"') for row in rows]
    modules = tuple(sorted(set(provided_modules(files))))
    return Distribution(
        name=name,
        version=pins[name].version,
        modules=modules,
        requires=tuple(sorted(other for other, pin in pins.items() if name in pin.needed_by)),
        installed_bytes=sum((site / file).stat().st_size for file in files if (site / file).is_file()),
        import_modules=_import_cost(site, modules) if name in direct else None,
        direct=name in direct,
    )


def provided_modules(files: Iterable[str]) -> Iterator[str]:
    """Yield the shortest dotted names that `files` of a distribution make importable.

    A folder without `__init__.py` is a namespace that other distributions share, so it is not a name itself.
    """
    sources = [file for file in files if file.endswith((".py", ".so")) and ".." not in file]
    packages = {os.path.dirname(file) for file in sources if file.endswith("/__init__.py")}
    for file in sources:
        parts = file.split("/")
        above = ["/".join(parts[:count]) for count in range(1, len(parts))]
        package = next((folder for folder in above if folder in packages), None)
        module = package or file.partition(".")[0]
        if all(part.isidentifier() for part in module.split("/")):
            yield module.replace("/", ".")


def _import_cost(site: Path, modules: tuple[str, ...]) -> int | None:
    """Return how many modules the most expensive of `modules` loads in a clean interpreter."""
    script = (
        "import sys, importlib; n = len(sys.modules); importlib.import_module(sys.argv[1]); print(len(sys.modules) - n)"
    )
    costs = []
    for module in modules:
        command = (sys.executable, "-c", script, module)
        environment = {"PYTHONPATH": str(site), "PATH": os.environ.get("PATH", "")}
        result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=site)
        if result.returncode == 0:
            costs.append(int(result.stdout.split()[-1]))
    return max(costs, default=None)
