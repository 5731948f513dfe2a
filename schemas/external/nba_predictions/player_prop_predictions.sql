-- Owned elsewhere; only the columns this pipeline relies on.
CREATE TABLE IF NOT EXISTS nba_predictions.player_prop_predictions (
  prediction_id STRING NOT NULL OPTIONS(description="One prediction"),
  game_date DATE NOT NULL OPTIONS(description="Date of the game"),
  game_id STRING OPTIONS(description="Game"),
  player_lookup STRING NOT NULL OPTIONS(description="Player"),
  system_id STRING OPTIONS(description="System that predicted"),
  is_active BOOL OPTIONS(description="False once a later prediction replaces it"),
  created_at TIMESTAMP OPTIONS(description="When it was made")
)
OPTIONS(
  description="Predictions of a player's points"
);
