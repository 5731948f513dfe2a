-- Owned elsewhere; only the columns this pipeline relies on.
CREATE TABLE IF NOT EXISTS nba_raw.v_nbac_schedule_latest (
  game_date DATE NOT NULL OPTIONS(description="Date of the game"),
  game_id STRING NOT NULL OPTIONS(description="Game"),
  game_status INT64 OPTIONS(description="1 scheduled, 2 in progress, 3 final"),
  home_team_tricode STRING OPTIONS(description="Home team"),
  away_team_tricode STRING OPTIONS(description="Visiting team")
)
OPTIONS(
  description="The schedule, one row per game as last published"
);
