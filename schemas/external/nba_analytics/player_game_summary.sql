-- Owned elsewhere; only the columns this pipeline relies on.
CREATE TABLE IF NOT EXISTS nba_analytics.player_game_summary (
  game_date DATE NOT NULL OPTIONS(description="Date of the game"),
  game_id STRING OPTIONS(description="Game"),
  player_lookup STRING NOT NULL OPTIONS(description="Player"),
  team_abbr STRING OPTIONS(description="Team of the player"),
  minutes_played FLOAT64 OPTIONS(description="Minutes on the court; NULL while the box score is incomplete")
)
OPTIONS(
  description="What a player did in a game"
);
