-- Games of the date that have player rows, in percent of the games on the schedule. A date without games is no value,
-- which blocks: completions for a date without games, or a schedule that is not loaded, want a person.
SELECT SAFE_DIVIDE(100.0 * COUNT(summarised.game_id), COUNT(scheduled.game_id)) AS value
FROM (
  SELECT DISTINCT game_id
  FROM nba_raw.v_nbac_schedule_latest
  WHERE game_date = @date
) AS scheduled
LEFT JOIN (
  SELECT DISTINCT game_id
  FROM nba_analytics.player_game_summary
  WHERE game_date = @date
) AS summarised
  ON summarised.game_id = scheduled.game_id
