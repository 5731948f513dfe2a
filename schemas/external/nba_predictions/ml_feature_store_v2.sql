-- Owned elsewhere; only the columns this pipeline relies on.
CREATE TABLE IF NOT EXISTS nba_predictions.ml_feature_store_v2 (
  game_date DATE NOT NULL OPTIONS(description="Date of the game"),
  game_id STRING OPTIONS(description="Game"),
  player_lookup STRING NOT NULL OPTIONS(description="Player"),
  is_production_ready BOOL OPTIONS(description="True when no feature of the row is missing")
)
OPTIONS(
  description="Features of a player for the prediction of a game"
);
