"""The build backend that `pyproject.toml` names: installs the checkout itself, or makes a wheel for other pipelines.

It needs nothing and downloads nothing. Installed from the checkout, `ops` is a command anywhere in it. The wheel holds the
tool, the components, the policy pack and the functions' engine, which archives of other pipelines are made with.
"""

from __future__ import annotations

import base64
import hashlib
import tomllib
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).resolve().parents[2]


AUDIT = ROOT / "audit"
AUDIT_PARTS = (
    *("analysis/__init__.py", "analysis/audit", "analysis/cache.py", "analysis/files.py", "analysis/python"),
    *("blueprint/__init__.py", "blueprint/findings.py"),
    *("ops/__init__.py", "ops/__main__.py", "ops/answers.py", "ops/arguments.py", "ops/audit.py", "ops/commands.py"),
    *("ops/environment.py", "ops/exitcodes.py", "ops/findings.py", "ops/invocation.py", "ops/progress.py"),
    "ops/terminal.py",
)
"""What the audit alone consists of, in a folder of its own so that it takes no common name in the place it is installed to."""
PARTS = ("analysis", "blueprint", "components", "functions/shared", "ops", "policies", "provider")
"""The folders of a wheel."""
LOCKED = ("requirements.in", "requirements.lock", "distributions.json", "names.txt")
FILES = {**{f"functions/{name}": f"functions/{name}" for name in LOCKED}, "requirements.txt": "ops/requirements.txt"}
"""Files of the checkout beside them, and where they are in a wheel."""


def build_editable(wheel_directory: str, config_settings: object = None, metadata_directory: object = None) -> str:
    """Write a wheel that makes this checkout importable and its scripts commands; return its name (PEP 660)."""
    name = _project()["name"].replace("-", "_")
    return _write(Path(wheel_directory), {f"{name}.pth": f"{ROOT}\n".encode()})


def build_wheel(wheel_directory: str, config_settings: object = None, metadata_directory: object = None) -> str:
    """Write a wheel of everything that another pipeline needs; return its name (PEP 517)."""
    files = {target: (ROOT / source).read_bytes() for source, target in FILES.items()}
    for part in PARTS:
        for path in sorted((ROOT / part).rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                files[path.relative_to(ROOT).as_posix()] = path.read_bytes()
    return _write(Path(wheel_directory), files)


def build_audit(wheel_directory: str) -> str:
    """Write the wheel of the audit alone, which needs nothing of Pulumi; return its name."""
    folder = "audit_functions"
    files = {f"{folder}/__init__.py": (AUDIT / "command.py").read_bytes()}
    for part in AUDIT_PARTS:
        for path in [ROOT / part] if part.endswith(".py") else sorted((ROOT / part).rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                files[f"{folder}/{path.relative_to(ROOT).as_posix()}"] = path.read_bytes()
    return _write(Path(wheel_directory), files, AUDIT)


def build_sdist(sdist_directory: str, config_settings: object = None) -> NoReturn:
    """Refuse (PEP 517): the source is the checkout."""
    raise SystemExit("The source is the checkout; install that, or make a wheel of it with `pip wheel --no-deps .`.")


def _project(folder: Path = ROOT) -> Any:
    return tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def _write(folder: Path, files: dict[str, bytes], described: Path = ROOT) -> str:
    project = _project(described)
    distribution = f"{project['name'].replace('-', '_')}-{project['version']}"
    info = f"{distribution}.dist-info"
    needs = "".join(f"Requires-Dist: {each}\n" for each in project["dependencies"])
    texts = {
        "METADATA": f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\nSummary: {project['description']}\nRequires-Python: {project['requires-python']}\n{needs}",
        "WHEEL": "Wheel-Version: 1.0\nGenerator: ops\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "entry_points.txt": _entry_points(project["scripts"]),
    }
    files |= {f"{info}/{name}": text.encode() for name, text in texts.items()}
    files[f"{info}/RECORD"] = "".join([*map(_row, files, files.values()), f"{info}/RECORD,,\n"]).encode()
    name = f"{distribution}-py3-none-any.whl"
    with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as wheel:
        for path, data in files.items():
            wheel.writestr(zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0)), data)
    return name


def _entry_points(scripts: Mapping[str, str]) -> str:
    return "[console_scripts]\n" + "".join(f"{name} = {target}\n" for name, target in scripts.items())


def _row(path: str, data: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
    return f"{path},sha256={digest},{len(data)}\n"
