"""What fails in BigQuery fails in its emulator too, and it tells the time of the run, whichever call asks."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

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


TOLD = datetime(2026, 1, 29, 3, 30, tzinfo=UTC)


@pytest.mark.parametrize("call", ["query", "query_and_wait"])
def test_a_query_takes_the_run_for_the_present(system: System, call: str) -> None:
    def asked(sql: str) -> list[dict[str, Any]]:
        rows = getattr(system.warehouse.client, call)(sql)
        return [dict(row.items()) for row in (rows.result() if call == "query" else rows)]

    machine = asked("SELECT CURRENT_TIMESTAMP() AS now")[0]["now"]
    assert abs((datetime.now(UTC) - machine).total_seconds()) < 60, "before a day is played it is the machine's"
    system.warehouse.tell(TOLD)
    sql = "SELECT CURRENT_TIMESTAMP() AS now, CURRENT_DATE() AS utc, CURRENT_DATE('America/New_York') AS there"
    assert asked(sql) == [{"now": TOLD, "utc": date(2026, 1, 29), "there": date(2026, 1, 28)}]
    assert asked("SELECT 'CURRENT_DATE' AS text") == [{"text": "CURRENT_DATE"}]
    with pytest.raises(BadRequest):
        asked("SELECT CURRENT_TIMESTAMP( AS now")
