-- What there is of a date and what lacks: games without a prediction, predictions never compared with what happened.
WITH games AS (
  SELECT DISTINCT game_id
  FROM nba_raw.v_nbac_schedule_latest
  WHERE game_date = @date
),
predictions AS (
  SELECT DISTINCT game_id, player_lookup, COALESCE(system_id, '') AS system_id
  FROM nba_predictions.player_prop_predictions
  WHERE game_date = @date AND COALESCE(is_active, TRUE)
),
grades AS (
  SELECT DISTINCT player_lookup, COALESCE(system_id, '') AS system_id
  FROM nba_predictions.prediction_accuracy
  WHERE game_date = @date
),
predicted AS (
  SELECT games.game_id, COUNT(predictions.player_lookup) AS predictions
  FROM games
  LEFT JOIN predictions ON predictions.game_id = games.game_id
  GROUP BY games.game_id
),
graded AS (
  SELECT predictions.player_lookup, predictions.system_id, COUNT(grades.player_lookup) AS grades
  FROM predictions
  LEFT JOIN grades ON grades.player_lookup = predictions.player_lookup AND grades.system_id = predictions.system_id
  GROUP BY predictions.player_lookup, predictions.system_id
)
SELECT
  'predictions' AS title,
  IFNULL(SUM(predictions), 0) AS number,
  COUNTIF(predictions = 0) AS gaps,
  'games without a prediction' AS gap
FROM predicted
UNION ALL
SELECT
  'graded' AS title,
  COUNTIF(grades > 0) AS number,
  COUNTIF(grades = 0) AS gaps,
  'predictions not graded' AS gap
FROM graded
