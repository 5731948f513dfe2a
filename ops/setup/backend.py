"""The build backend that `pyproject.toml` names: installs the checkout itself, so that `ops` is a command anywhere in it.

It needs nothing and downloads nothing. A checkout is used where it is; no wheel of it exists to be published.
"""

from __future__ import annotations

import base64
import hashlib
import tomllib
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[2]


def build_editable(wheel_directory: str, config_settings: object = None, metadata_directory: object = None) -> str:
    """Write a wheel that makes this checkout importable and its scripts commands; return its name (PEP 660)."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    distribution = f"{project['name'].replace('-', '_')}-{project['version']}"
    name, info = f"{distribution}-py3-none-any.whl", f"{distribution}.dist-info"
    files = {
        f"{project['name'].replace('-', '_')}.pth": f"{ROOT}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\nSummary: {project['description']}\nRequires-Python: {project['requires-python']}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: ops\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": _entry_points(project["scripts"]),
    }
    files[f"{info}/RECORD"] = "".join([*map(_row, files, files.values()), f"{info}/RECORD,,\n"])
    with zipfile.ZipFile(Path(wheel_directory) / name, "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)
    return name


def build_wheel(wheel_directory: str, config_settings: object = None, metadata_directory: object = None) -> NoReturn:
    """Refuse (PEP 517): the program is its checkout."""
    raise SystemExit("The program runs from its checkout; install that with `pip install --no-deps --editable .`.")


build_sdist = build_wheel


def _entry_points(scripts: Mapping[str, str]) -> str:
    return "[console_scripts]\n" + "".join(f"{name} = {target}\n" for name, target in scripts.items())


def _row(path: str, text: str) -> str:
    data = text.encode()
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
    return f"{path},sha256={digest},{len(data)}\n"
