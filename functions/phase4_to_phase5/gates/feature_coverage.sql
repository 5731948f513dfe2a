-- Players of the date with a complete feature row, in percent of the players expected to play. No expected players is
-- no value, which blocks.
SELECT SAFE_DIVIDE(100.0 * COUNT(ready.player_lookup), COUNT(expected.player_lookup)) AS value
FROM (
  SELECT DISTINCT player_lookup
  FROM nba_analytics.upcoming_player_game_context
  WHERE game_date = @date
) AS expected
LEFT JOIN (
  SELECT DISTINCT player_lookup
  FROM nba_predictions.ml_feature_store_v2
  WHERE game_date = @date AND is_production_ready
) AS ready
  ON ready.player_lookup = expected.player_lookup
