"""How healthy a date is, and the message that says so: pure, from facts to text.

The words and their order are what operators look at: a one-sentence verdict, then per boundary its state and details,
then the data, then what to do, each action with one concrete command.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.decisions import document as doc
from shared.declaration.types import Mode
from shared.declaration.view import Boundary
from shared.reports.slack import escape

LEVELS = ("HEALTHY", "WARNING", "CRITICAL")
NOTHING_DUE = "NOTHING DUE"
"""The verdict on a date without work, in the word of `ops status`: nothing was due, so nothing is claimed to be well."""
FEW = 0.6
"""Below this share of the expected processors an untriggered date is critical: 0 to 2 of 5."""
DEAD_LETTERS = frozenset({"bad_message", "unknown_processor"})


@dataclass(frozen=True, slots=True)
class Standing:
    """How a boundary stands for a date."""

    boundary: str
    level: str
    line: str
    action: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What was found; `problems` are queries that failed, which makes the verdict critical by itself."""

    game_date: str
    games: int | None
    predictions: int | None
    graded: int | None
    errors: tuple[Mapping[str, Any], ...]
    standings: tuple[Standing, ...]
    problems: tuple[str, ...] = field(default=())


def waiting(boundary: Boundary, before: str) -> Standing:
    """Return how a boundary stands of which nothing is recorded because the one `before` it triggered nothing."""
    return Standing(boundary.name, NOTHING_DUE, escape(f"waits for {before}"))


def standing(boundary: Boundary, mode: Mode, game_date: str, document: doc.Document | None) -> Standing:
    """Return how the boundary stands for the date: x of n, the missing names, triggered or not, when and why."""
    document = document or {}
    expected = mode.expected or tuple(sorted(doc.completed(document))) or ("batch",)
    present = [name for name in expected if name in doc.completed(document)]
    missing = [name for name in expected if name not in present]
    triggered = bool(document.get(doc.TRIGGERED))
    if triggered:
        level = "WARNING" if missing or document.get(doc.TRIGGER_PARTIAL) else "HEALTHY"
        state = f"triggered {_clock(document.get(doc.TRIGGERED_AT))} ({document.get(doc.TRIGGER_REASON)})"
    else:
        stuck = not missing or bool(document.get(doc.BLOCKED))  # complete, and still the next phase was not started
        level = "WARNING" if len(present) >= FEW * len(expected) and not stuck else "CRITICAL"
        state = "*not triggered*"
    blocks = doc.record(document.get(doc.BLOCKED)).get("gates") if not triggered else None
    details = [f"{len(present)} of {len(expected)}, mode {mode.name}, {state}"]
    details += [f"missing: {', '.join(missing)}"] if missing else []
    details += (
        [f"failed: {', '.join(sorted(doc.record(document.get(doc.FAILED))))}"] if document.get(doc.FAILED) else []
    )
    details += [f"blocked: {'; '.join(str(doc.record(gate).get('detail')) for gate in blocks)}"] if blocks else []
    action = None if level == "HEALTHY" else f"python -m ops validate {game_date} --boundary {boundary.name}"
    return Standing(boundary.name, level, escape("; ".join(details)), action)


def level(facts: Facts) -> str:
    """Return the verdict's word."""
    if facts.problems:
        return "CRITICAL"
    if facts.games == 0:
        return "WARNING" if facts.errors else NOTHING_DUE
    levels = [standing.level for standing in facts.standings if standing.level != NOTHING_DUE]
    if facts.predictions == 0:
        levels.append("CRITICAL")
    if facts.graded == 0 or any(row["severity"] == "critical" for row in facts.errors):
        levels.append("WARNING")
    return max(levels, key=LEVELS.index, default="HEALTHY")


def sentence(facts: Facts, title: str) -> str:
    """Return the verdict in one sentence."""
    word = level(facts)
    if facts.problems:
        return f"{word}: {title}, {facts.game_date}: {len(facts.problems)} checks could not be made"
    if facts.games == 0:
        return f"{word}: {title}, {facts.game_date}: no games"
    bad = [standing.boundary for standing in facts.standings if standing.level not in ("HEALTHY", NOTHING_DUE)]
    return f"{word}: {title}, {facts.game_date}: " + (f"look at {', '.join(bad)}" if bad else "every phase was started")


def sections(facts: Facts) -> list[str]:
    """Return the message's sections in Slack markdown."""
    marks = {"HEALTHY": ":large_green_circle:", "WARNING": ":large_yellow_circle:", "CRITICAL": ":red_circle:"}
    marks[NOTHING_DUE] = ":white_circle:"
    rows = [f"{marks[one.level]} *{one.boundary}* – {one.line}" for one in facts.standings]
    numbers = [("games", facts.games), ("predictions", facts.predictions), ("graded", facts.graded)]
    data = " · ".join(f"{name} {'unknown' if value is None else value}" for name, value in numbers)
    letters = sum(row["errors"] for row in facts.errors if row["error_type"] in DEAD_LETTERS)
    others = ", ".join(f"{row['errors']} {row['error_type']} ({row['severity']})" for row in facts.errors)
    due = level(facts) not in ("HEALTHY", NOTHING_DUE)
    overview = [f"python -m ops status {facts.game_date}"] if due else []
    commands = [*overview, *(one.action for one in facts.standings if one.action and facts.games != 0)]
    return [
        "\n".join(f":red_circle: *could not check* {escape(problem)}" for problem in facts.problems),
        "*Boundary / status / details*\n" + "\n".join(rows),
        f"*Data*: {data}",
        f"*Last 24 h*: dead letters {letters}; errors: {escape(others) or 'none'}",
        "*Do*\n" + "\n".join(f"{n}. `{command}`" for n, command in enumerate(commands, start=1)) if commands else "",
    ]


def _clock(value: Any) -> str:
    return f"{value:%Y-%m-%d %H:%M} UTC" if isinstance(value, datetime) else "at an unknown time"
