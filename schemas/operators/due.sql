-- What a date's work is for: its games. A schedule without a single row says nothing of any date.
SELECT
  COUNT(DISTINCT IF(game_date = @date, game_id, NULL)) AS number,
  'game' AS thing,
  COUNT(*) > 0 AS is_known
FROM nba_raw.v_nbac_schedule_latest
