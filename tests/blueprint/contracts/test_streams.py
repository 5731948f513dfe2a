"""A stream translates names alone, so that a name means one processor in all phases that it takes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.blueprint.contracts.test_wiring import checked, judged

ALIASES = "aliases: [PlayerDailyCacheProcessor]"


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("", ""),
        (", PlayerDailyCacheJob", ""),
        (
            ", PlayerGameSummaryProcessor",
            "'PlayerGameSummaryProcessor' stands for 'player_game_summary' in phase 'phase3'",
        ),
    ],
)
def test_a_name_of_two_processors_is_refused(project: Path, more: str, says: str) -> None:
    result = judged(checked(project, (ALIASES, f"{ALIASES[:-1]}{more}]")), "streams-map")
    assert [says in finding.message for finding in result.findings] == ([True] if says else [])
