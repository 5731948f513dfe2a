"""Write the locks: what the functions install, exactly and by hash, and what only installing it tells; on demand our own.

Not part of a plan: needs a package index and `uv`. No lock names an index, so they install from any mirror.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from analysis.python.distribution_names import names_of
from analysis.python.syntax import PythonVersion
from blueprint.archive.distributions import (
    DIRECT,
    LOCK,
    METADATA,
    NAMES,
    Pin,
    direct_requirements,
    dump_metadata,
    dump_names,
    normalise,
    platform_of,
    read_lock,
)
from blueprint.archive.model import Distribution
from blueprint.loader import load_manifest
from ops.arguments import add_root_argument
from ops.invocation import CODE
from ops.setup.build import PROGRAM, TOOLS
from ops.setup.pins import pin


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_root_argument(parser)
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions instead of keeping pins")
    parser.add_argument("--environment", action="store_true", help=f"pin {PROGRAM} and {TOOLS} first")


def run(args: argparse.Namespace) -> int:
    """Write the two lock files of the functions for the declared runtime; versions are those that the tests run with."""
    root, functions = args.root.resolve(), Path("functions")
    if args.environment:
        pin(CODE, upgrade=args.upgrade)
    python = load_manifest(root).python
    options = ("--quiet", "--generate-hashes", "--no-header", "--no-strip-extras", *_target(python))
    upgrade = ("--upgrade",) if args.upgrade else ()
    known = [option for name in (PROGRAM, TOOLS) for option in ("-c", os.path.relpath(CODE / name, root))]
    files = (str(functions / DIRECT), *known, "-o", str(functions / LOCK))
    _uv(root, "pip", "compile", *options, *upgrade, *files)
    _write_metadata(root / functions, python)
    return 0


def _target(python: PythonVersion) -> tuple[str, ...]:
    return ("--python-version", f"{python[0]}.{python[1]}", "--python-platform", platform_of(python))


def _uv(root: Path, *arguments: str) -> None:
    subprocess.run((sys.executable, "-m", "uv", *arguments), cwd=root, check=True, stdout=subprocess.DEVNULL)


def _write_metadata(folder: Path, python: PythonVersion) -> None:
    """Write down which files of the lock fit the target, what only an installation tells, and the names in it."""
    lock_text = (folder / LOCK).read_text(encoding="utf-8")
    direct = direct_requirements((folder / DIRECT).read_text(encoding="utf-8"), python)
    pins = read_lock(lock_text)
    with tempfile.TemporaryDirectory() as scratch:
        pylock, site = Path(scratch) / "pylock.toml", Path(scratch) / "site"
        fitting = ("--quiet", "--format", "pylock.toml", "--no-deps", *_target(python))
        _uv(folder, "pip", "compile", *fitting, LOCK, "-o", str(pylock))
        files = fitting_files(pylock.read_text(encoding="utf-8"), pins)
        options = ("--quiet", "--target", str(site), *_target(python), "--require-hashes", "--no-deps")
        _uv(folder, "pip", "install", *options, "-r", LOCK)
        distributions = [_describe(site, info, pins, direct) for info in sorted(site.glob("*.dist-info"))]
        names = names_of(site, sorted({module for each in distributions for module in each.modules}), python)
    (folder / METADATA).write_text(dump_metadata(lock_text, python, distributions, files), encoding="utf-8")
    (folder / NAMES).write_text(dump_names(lock_text, names), encoding="utf-8")


def fitting_files(pylock: str, pins: Mapping[str, Pin]) -> dict[str, dict[str, str]]:
    """Return, per distribution, name → hash of the wheels that a `pylock.toml` for one target lists, else of the sdist.

    Only files whose hash the pin has: an index may hold files that were added since.
    """
    found: dict[str, dict[str, str]] = {}
    for package in tomllib.loads(pylock)["packages"]:
        name = normalise(package["name"])
        sources = [package["sdist"]] if "sdist" in package else []
        for files in (package.get("wheels", []), sources):
            known = {_file_name(file): f"sha256:{file['hashes']['sha256']}" for file in files}
            fitting = {file: value for file, value in known.items() if value in pins[name].hashes}
            found[name] = found.get(name) or fitting
    return found


def _file_name(file: Mapping[str, Any]) -> str:
    return str(file.get("name") or unquote(PurePosixPath(urlsplit(file.get("url") or file["path"]).path).name))


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
        installed_bytes=installed_bytes(site, files),
        import_modules=_import_cost(site, modules) if name in direct else None,
        direct=name in direct,
        extras=pins[name].extras,
    )


def installed_bytes(site: Path, files: Iterable[str]) -> int:
    """Return the size of the files that an installation took from the distribution.

    What an installer writes itself is left out, since it differs from one machine to the next: the scripts begin with the
    path of an interpreter, and `RECORD` holds their sizes.
    """
    taken = [site / file for file in files if not file.startswith(("bin/", "../")) and not file.endswith("/RECORD")]
    return sum(file.stat().st_size for file in taken if file.is_file())


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
