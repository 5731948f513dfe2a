-- Player rows of the date with minutes, in percent of all. No rows at all is no value, which blocks.
SELECT SAFE_DIVIDE(100.0 * COUNTIF(minutes_played IS NOT NULL), COUNT(*)) AS value
FROM nba_analytics.player_game_summary
WHERE game_date = @date
