"""Collect the facts of yesterday's games, and send the verdict. What cannot be looked at is itself critical."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from shared.decisions import document as doc
from shared.decisions.effects import Unavailable
from shared.decisions.rules import mode_of
from shared.google.bigquery import Warehouse
from shared.orchestration import runner
from shared.orchestration.dependencies import Dependencies
from shared.orchestration.warehouse import warehouse_of
from shared.reports import logs, slack
from verdict import Facts, Standing, level, sections, sentence, standing, waiting

_QUERIES = Path(__file__).with_name("queries")
_GAMES = _QUERIES.joinpath("games.sql").read_text("utf-8")
_PREDICTIONS = _QUERIES.joinpath("predictions.sql").read_text("utf-8")
_GRADING = _QUERIES.joinpath("grading.sql").read_text("utf-8")
_OPEN_ERRORS = _QUERIES.joinpath("open_errors.sql").read_text("utf-8")


def run(dependencies: Dependencies, webhook: str) -> dict[str, Any]:
    """Send the summary of the last complete date; raises `Unavailable` where Slack does not take it."""
    now = datetime.now(UTC)
    yesterday = now.astimezone(dependencies.view.zone).date() - timedelta(days=1)
    facts = collect(dependencies, yesterday, now)
    verdict = sentence(facts, dependencies.view.title)
    logs.log("INFO", "health_verdict", verdict, verdict=level(facts), game_date=facts.game_date)
    slack.post(
        webhook,
        slack.message(verdict, sections(facts), f"{dependencies.settings.environment}, {now:%Y-%m-%d %H:%M} UTC"),
    )
    return {"verdict": level(facts), "game_date": facts.game_date, "problems": list(facts.problems), "failures": []}


def collect(dependencies: Dependencies, day: date, now: datetime) -> Facts:
    """Return what can be found about the date, and which checks could not be made."""
    warehouse = warehouse_of(dependencies)
    problems: list[str] = []
    errors = _rows(warehouse, problems, "open errors", _OPEN_ERRORS)
    return Facts(
        game_date=day.isoformat(),
        games=_value(warehouse, problems, "games", _GAMES, day),
        predictions=_value(warehouse, problems, "predictions", _PREDICTIONS, day),
        graded=_value(warehouse, problems, "grading", _GRADING, day),
        errors=tuple(sorted(errors, key=lambda row: (str(row["severity"]), str(row["error_type"])))),
        standings=tuple(_standings(dependencies, problems, day.isoformat(), now)),
        problems=tuple(problems),
    )


def _standings(dependencies: Dependencies, problems: list[str], game_date: str, now: datetime) -> list[Standing]:
    found = []
    untriggered: dict[str, str] = {}  # a phase that nothing started, and the boundary that should have
    for boundary in dependencies.view.boundaries.values():
        with runner.apart(dependencies, boundary, game_date, problems):
            document = dependencies.store.read(boundary.upstream.collection, game_date).document
            if boundary.downstream and not (document or {}).get(doc.TRIGGERED):
                untriggered[boundary.downstream.name] = boundary.name
            if not document and boundary.upstream.name in untriggered:
                found.append(waiting(boundary, untriggered[boundary.upstream.name]))
                continue
            mode = mode_of(boundary, game_date, now, dependencies.view.zone)
            found.append(standing(boundary, mode, game_date, document))
    return found


def _value(warehouse: Warehouse, problems: list[str], what: str, sql: str, day: date) -> int | None:
    rows = _rows(warehouse, problems, what, sql, game_date=day)
    return int(rows[0]["value"]) if rows else None


def _rows(warehouse: Warehouse, problems: list[str], what: str, sql: str, **parameters: Any) -> list[dict[str, Any]]:
    try:
        return warehouse.rows(sql, **parameters)
    except Unavailable as failure:
        problems.append(f"{what}: {failure}")
        return []
