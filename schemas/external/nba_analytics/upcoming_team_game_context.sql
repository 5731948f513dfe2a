-- Owned elsewhere; only the columns this pipeline relies on.
CREATE TABLE IF NOT EXISTS nba_analytics.upcoming_team_game_context (
  game_date DATE NOT NULL OPTIONS(description="Date of the game"),
  game_id STRING OPTIONS(description="Game"),
  team_abbr STRING OPTIONS(description="Team")
)
OPTIONS(
  description="What is known of a team before a game"
);
