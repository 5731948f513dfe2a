"""What publishers send, and the processor it becomes: the table of names in the declaration, and hostile ones
(incident 42)."""

from __future__ import annotations

import pytest
from shared.decisions import names

from tests.functions.views import boundary

CASES = [
    # boundary, name sent, output_table, processor
    ("phase2_to_phase3", "p2_odds_game_lines", None, "p2_odds_game_lines"),
    ("phase2_to_phase3", "BigDataBallPbpProcessor", None, "p2_bigdataball_pbp"),
    ("phase2_to_phase3", "BigdataballPbpProcessor", None, "p2_bigdataball_pbp"),
    ("phase2_to_phase3", "OddsApiGameLinesBatchProcessor", "nba_raw.odds_api_game_lines", "p2_odds_game_lines"),
    ("phase2_to_phase3", "OddsApiPropsBatchProcessor", None, "p2_odds_player_props"),
    ("phase2_to_phase3", "NbacGamebookPlayerStatsProcessor", None, "p2_nbacom_gamebook_pdf"),
    ("phase2_to_phase3", "NbacTeamBoxscoreProcessor", None, "p2_nbacom_boxscores"),
    ("phase2_to_phase3", "P2OddsGameLinesProcessor", None, "p2_odds_game_lines"),
    ("phase3_to_phase4", "PlayerGameSummaryProcessor", None, "player_game_summary"),
    ("phase3_to_phase4", "AsyncUpcomingPlayerGameContextProcessor", None, "upcoming_player_game_context"),
    ("phase3_to_phase4", "AsyncTeamDefenseGameSummaryProcessor", None, "team_defense_game_summary"),
    ("phase3_to_phase4", "Something", "nba_analytics.player_game_summary", "player_game_summary"),
    ("phase3_to_phase4", "Something", "p.nba_analytics.player_game_summary", "player_game_summary"),
    ("phase3_to_phase4", "player_game_summary", "nba_analytics.team_offense_game_summary", "player_game_summary"),
    ("phase4_to_phase5", "MLFeatureStoreProcessor", None, "ml_feature_store"),
    ("phase4_to_phase5", "ml_feature_store_v2", None, "ml_feature_store"),
    ("phase4_to_phase5", "FeatureWriter", "nba_predictions.ml_feature_store_v2", "ml_feature_store"),
    ("phase4_to_phase5", "PlayerDailyCacheProcessor", None, "player_daily_cache"),
    ("phase4_to_phase5", "player_game_summary", None, None),
    ("phase3_to_phase4", "", None, None),
    ("phase3_to_phase4", "_triggered", None, None),
    ("phase3_to_phase4", "Processor", None, None),
    ("phase3_to_phase4", "ПроцессорProcessor", "`", None),
]


@pytest.mark.parametrize(("name", "sent", "table", "expected"), CASES)
def test_normalisation(name: str, sent: str, table: str | None, expected: str | None) -> None:
    assert names.processor(boundary(name).upstream, sent, table) == expected


@pytest.mark.parametrize(
    ("sent", "snake"),
    [
        ("TeamDefenseZoneAnalysisProcessor", "team_defense_zone_analysis"),
        ("AsyncUpcomingTeamGameContextProcessor", "upcoming_team_game_context"),
        ("HTTPServerProcessor", "http_server"),
        ("already_snake", "already_snake"),
    ],
)
def test_snake_case(sent: str, snake: str) -> None:
    assert names.snake_case(sent) == snake
