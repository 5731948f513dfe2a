-- Owned elsewhere; only the columns this pipeline relies on.
CREATE TABLE IF NOT EXISTS nba_analytics.upcoming_player_game_context (
  game_date DATE NOT NULL OPTIONS(description="Date of the game"),
  game_id STRING OPTIONS(description="Game"),
  player_lookup STRING NOT NULL OPTIONS(description="Player"),
  team_abbr STRING OPTIONS(description="Team of the player")
)
OPTIONS(
  description="What is known of a player before a game"
);
