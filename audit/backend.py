"""The build backend of the audit alone: takes its parts from the checkout that this folder is in, and downloads nothing."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any, NoReturn

SHARED = Path(__file__).resolve().parents[1] / "ops" / "setup" / "backend.py"


def build_wheel(wheel_directory: str, config_settings: object = None, metadata_directory: object = None) -> str:
    """Write the wheel; return its name (PEP 517)."""
    if not SHARED.is_file():
        raise SystemExit(f"The audit is built from a whole checkout, and {SHARED} is not there.")
    return str(_shared().build_audit(wheel_directory))


def build_sdist(sdist_directory: str, config_settings: object = None) -> NoReturn:
    """Refuse (PEP 517): the source is the checkout."""
    raise SystemExit("The source is the checkout; install that folder, or make a wheel of it.")


def _shared() -> Any:
    spec = importlib.util.spec_from_file_location("backend_of_the_checkout", SHARED)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{SHARED} cannot be loaded.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
