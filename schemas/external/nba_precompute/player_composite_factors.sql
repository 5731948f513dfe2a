-- Owned elsewhere; only the columns this pipeline relies on.
CREATE TABLE IF NOT EXISTS nba_precompute.player_composite_factors (
  game_date DATE NOT NULL OPTIONS(description="Date of the game"),
  game_id STRING OPTIONS(description="Game"),
  player_lookup STRING NOT NULL OPTIONS(description="Player")
)
OPTIONS(
  description="Fatigue, matchup and pace of a player in a game"
);
