"""What fails in BigQuery fails in its emulator too, whichever call asks."""

from __future__ import annotations

import pytest
from google.api_core.exceptions import BadRequest, NotFound

from ops.local.system import System

TABLE = "nba_analytics.team_offense_game_summary"


def test_a_table_that_is_gone_is_not_one_that_is_empty(system: System) -> None:
    asked = f"SELECT COUNT(*) AS there FROM `{system.warehouse.project}.{TABLE}`"
    ask = system.warehouse.client.query_and_wait
    assert [row["there"] for row in ask(asked)] == [0]
    system.warehouse.drop(TABLE)
    with pytest.raises(NotFound, match="team_offense_game_summary"):
        ask(asked)
    with pytest.raises(BadRequest):
        ask("SELECT nothing_like_it FROM UNNEST([1]) AS x")
    system.begin_anew()
    assert [row["there"] for row in ask(asked)] == [0]
