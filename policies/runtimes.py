"""When each language runtime of Cloud Run functions ends; the dates are data in `runtimes.yaml`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import yaml


@dataclass(frozen=True)
class Runtime:
    """One language runtime: `deprecated` is the end of its support, `decommissioned` the end of deploying on it."""

    name: str
    deprecated: date
    decommissioned: date


@cache
def runtimes() -> dict[str, Runtime]:
    """Return every known runtime by its id, for example `python311`."""
    content = yaml.safe_load((Path(__file__).parent / "runtimes.yaml").read_text(encoding="utf-8"))
    return {name: Runtime(name, **dates) for name, dates in content.items()}
