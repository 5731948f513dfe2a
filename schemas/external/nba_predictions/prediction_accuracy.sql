-- Owned elsewhere; only the columns this pipeline relies on.
CREATE TABLE IF NOT EXISTS nba_predictions.prediction_accuracy (
  game_date DATE NOT NULL OPTIONS(description="Date of the game"),
  game_id STRING OPTIONS(description="Game"),
  player_lookup STRING NOT NULL OPTIONS(description="Player"),
  system_id STRING OPTIONS(description="System that predicted"),
  prediction_correct BOOL OPTIONS(description="True when the recommendation was right"),
  graded_at TIMESTAMP OPTIONS(description="When it was compared")
)
OPTIONS(
  description="Predictions compared with what happened"
);
