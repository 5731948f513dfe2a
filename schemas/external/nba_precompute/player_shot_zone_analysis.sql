-- Owned elsewhere; only the columns this pipeline relies on.
CREATE TABLE IF NOT EXISTS nba_precompute.player_shot_zone_analysis (
  analysis_date DATE NOT NULL OPTIONS(description="Game date the analysis is for"),
  player_lookup STRING NOT NULL OPTIONS(description="Player")
)
OPTIONS(
  description="Where on the court a player shoots from"
);
