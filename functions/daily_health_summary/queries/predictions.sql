-- Predictions stored for the date that no later one replaced.
SELECT COUNT(*) AS value
FROM nba_predictions.player_prop_predictions
WHERE game_date = @game_date AND COALESCE(is_active, TRUE)
