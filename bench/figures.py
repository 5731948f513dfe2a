"""What measurements found, as values: printed in one table at the end, written as JSON, and kept in docs/figures.md.

    python -m bench [NAME...] [--json FILE] [--record]

A ratio says more than a time on a machine that does other things too: what it is a ratio to was measured in the same run.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ops.terminal import columns

ROOT = Path(__file__).resolve().parents[1]
RECORD, PAGE = ROOT / "docs" / "figures.json", ROOT / "docs" / "figures.md"


@dataclass(frozen=True)
class Figure:
    """One thing that was measured.

    Attributes:
        measurement: the module of this package that measured it.
        name: what it is of.
        value: the figure, in `unit`.
        floor: the same of what the figure is compared with, in the same unit and run, or None.
        limit: how often the floor, or what value where there is none, it should be at most, or None.
    """

    measurement: str
    name: str
    value: float
    unit: str
    floor: float | None = None
    limit: float | None = None

    @property
    def ratio(self) -> float | None:
        """Return how many times the floor the figure is."""
        return None if not self.floor else self.value / self.floor

    @property
    def above(self) -> bool:
        """Return whether it is more than it should be."""
        compared = self.value if self.ratio is None else self.ratio
        return self.limit is not None and compared > self.limit

    def row(self) -> tuple[str, ...]:
        """Return the figure in words, for a table."""
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        limit = "" if self.limit is None else f"{self.limit:g}"
        return self.measurement, self.name, f"{self.value:,.4g}", self.unit, ratio, limit, "above" if self.above else ""


HEADER = ("Measurement", "Figure", "Value", "Unit", "Ratio", "Limit", "")
noted: list[Figure] = []
"""What this process has measured so far."""


def note(
    measurement: str, name: str, value: float, unit: str, *, floor: float | None = None, limit: float | None = None
) -> None:
    """Keep a figure for the table at the end."""
    noted.append(Figure(measurement, name, value, unit, floor, limit))


def table(figures: Iterable[Figure]) -> str:
    """Return the figures as a table for a terminal."""
    return "\n".join(columns([HEADER, *(each.row() for each in figures)], right=(2, 4, 5)))


def document(figures: Iterable[Figure]) -> dict[str, Any]:
    """Return the figures with the machine and the commit that they were measured on."""
    head = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    at = f"{datetime.now(UTC).date().isoformat()}, {head.stdout.strip()}"
    return {
        "machine": f"{os.cpu_count()} processors, {platform.machine()}, Python {platform.python_version()}",
        "figures": [asdict(each) | {"at": at} for each in figures],
    }


def merged(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was recorded with what was measured now in place of the same measurements."""
    again = {each["measurement"] for each in now["figures"]}
    kept = [each for each in before.get("figures", ()) if each["measurement"] not in again]
    return {**now, "figures": sorted([*kept, *now["figures"]], key=lambda each: str(each["measurement"]))}


def page(recorded: Mapping[str, Any]) -> str:
    """Return the page of the recorded figures."""
    rows = []
    for each in recorded["figures"]:
        *told, above = Figure(**{key: value for key, value in each.items() if key != "at"}).row()
        rows.append((*told, above, str(each["at"])))
    lines = [
        "# Figures",
        "",
        f"{recorded['machine']}. Written by `python -m bench --record`; nobody types it.",
        "A ratio is to the floor that the measurement names, in the same run.",
        "",
        f"| {' | '.join(HEADER[:-1])} | | Measured |",
        "|---|---|--:|---|--:|--:|---|---|",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]
    return "\n".join(lines) + "\n"


def record(figures: Iterable[Figure]) -> None:
    """Write what was measured to `docs/`, beside what other runs measured."""
    before = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}
    found = merged(before, document(figures))
    RECORD.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page(found), encoding="utf-8")
