-- Predictions of the date that were compared with what happened.
SELECT COUNT(*) AS value
FROM nba_predictions.prediction_accuracy
WHERE game_date = @game_date
