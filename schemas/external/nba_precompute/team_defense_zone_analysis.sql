-- Owned elsewhere; only the columns this pipeline relies on.
CREATE TABLE IF NOT EXISTS nba_precompute.team_defense_zone_analysis (
  analysis_date DATE NOT NULL OPTIONS(description="Game date the analysis is for"),
  team_abbr STRING OPTIONS(description="Team")
)
OPTIONS(
  description="How a team defends each zone of the court"
);
