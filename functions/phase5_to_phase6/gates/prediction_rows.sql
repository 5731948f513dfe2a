-- Predictions stored for the date.
SELECT COUNT(*) AS value
FROM nba_predictions.player_prop_predictions
WHERE game_date = @date
