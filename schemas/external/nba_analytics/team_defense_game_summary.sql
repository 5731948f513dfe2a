-- Owned elsewhere; only the columns this pipeline relies on.
CREATE TABLE IF NOT EXISTS nba_analytics.team_defense_game_summary (
  game_date DATE NOT NULL OPTIONS(description="Date of the game"),
  game_id STRING OPTIONS(description="Game"),
  team_abbr STRING OPTIONS(description="Team")
)
OPTIONS(
  description="How a team defended in a game"
);
