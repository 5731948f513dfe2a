"""The recorded classes of failure, what covers each, and the cases that recreate them: what pages, drills and tests read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

INCIDENTS: Final = "docs/incidents.yaml"
CASES: Final = "tests/incidents/cases.yaml"


@dataclass(frozen=True)
class Incident:
    """One class of failure; `before` and `after` say on which side of a deployment it can be caught."""

    number: int
    what: str
    mechanism: str
    before: bool
    after: bool


@dataclass(frozen=True)
class Cover:
    """Something that prevents, reports or tests: its sort, id, sentence and the incidents it names."""

    sort: str
    id: str
    title: str
    incidents: tuple[int, ...]


def incidents(root: Path) -> tuple[Incident, ...]:
    """Return the recorded classes of failure; a project without the file has none."""
    found = records(root, INCIDENTS)
    return tuple(Incident(number, **fields) for number, fields in found["incidents"].items()) if found else ()


def records(root: Path, file: str = CASES) -> Any:
    """Return what a YAML file of the project records, by default the recreated failures; nothing where it is not there."""
    import yaml

    path = root / file
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else []
