"""The proof of an alert: cases in which it must fire and cases in which it must stay silent.

Cases are data beside the catalogue, one file per kind of alert in `cases/`, so that a contract can refuse an alert
that has none. A metric alert names scenarios, `cases/scenarios/*.yaml`: what the platform's metrics show, minute by
minute. A log alert names entries of `cases/entries.yaml`. This module reads them; `replay` makes series of scenarios.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from blueprint.grammar import parse_duration

FOLDER = Path(__file__).parent / "cases"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Fires:
    """A case in which the alert fires: on an entry, or in a scenario `within` so long after `after`.

    Both are durations such as `35m`; `within` may be `{noticed_within}`, a value of the alert.
    """

    name: str
    after: str = "0m"
    within: str = "0m"


@dataclass(frozen=True)
class Cases:
    """The cases of one kind; `silent` are names of scenarios or entries."""

    fires: tuple[Fires, ...] = ()
    silent: tuple[str, ...] = ()


RECORDED = int(datetime(2026, 1, 29, tzinfo=UTC).timestamp())
"""The day of the recorded outage, on which a scenario begins that names no other."""


@dataclass(frozen=True)
class Scenario:
    """What the platform shows over `length` minutes: `signals` maps a signal to its values, one per minute.

    `start` is when it begins, in seconds since 1970; `attempts` is how many minutes scheduled jobs run, None for all;
    `step` is minutes between evaluations, more than one only for long quiet ones.
    """

    name: str
    story: str
    length: int
    signals: Mapping[str, Any]
    start: int = RECORDED
    attempts: int | None = None
    step: int = 1


def minutes(text: str) -> int:
    """Return the minutes of `35m` or `2h`; raises ValueError for anything else."""
    found = parse_duration(text)
    if found is None:
        raise ValueError(f"{text!r} is no duration such as 35m")
    return found // 60


def _read(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), _LOADER)


@functools.cache
def load(kind: str, folder: Path = FOLDER) -> Cases:
    """Return the cases of a kind of alert; none where it has no file."""
    path = folder / f"{kind}.yaml"
    if not path.is_file():
        return Cases()
    data = _read(path)
    return Cases(tuple(Fires(**case) for case in data["fires"]), tuple(data["silent"]))


@functools.cache
def scenarios(folder: Path = FOLDER) -> Mapping[str, Scenario]:
    """Return every scenario by name."""
    found = {}
    for path in sorted((folder / "scenarios").glob("*.yaml")):
        data = _read(path)
        attempts = data.pop("attempts", None)
        if start := data.pop("start", None):
            data["start"] = int(datetime(start.year, start.month, start.day, tzinfo=UTC).timestamp())
        found[path.stem] = Scenario(
            name=path.stem,
            length=minutes(data.pop("length")),
            attempts=minutes(attempts) if attempts else None,
            **data,
        )
    return found


@functools.cache
def signals(folder: Path = FOLDER) -> Mapping[str, Mapping[str, Any]]:
    """Return what each signal of a scenario is on the platform: metric and labels."""
    found: Mapping[str, Mapping[str, Any]] = _read(folder / "signals.yaml")
    return found


@functools.cache
def entries(folder: Path = FOLDER) -> Mapping[str, Mapping[str, Any]]:
    """Return the recorded log entries by name, with `{names}` where the alert's values stand."""
    found: Mapping[str, Mapping[str, Any]] = _read(folder / "entries.yaml")
    return found


def filled(template: Any, values: Mapping[str, str]) -> Any:
    """Return an entry or labels with `{names}` replaced by the alert's values; raises KeyError for an unknown one."""
    if isinstance(template, str):
        return template.format_map(values)
    if isinstance(template, Mapping):
        return {filled(key, values): filled(value, values) for key, value in template.items()}
    if isinstance(template, list):
        return [filled(item, values) for item in template]
    return template
