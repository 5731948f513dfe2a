-- Owned elsewhere; only the columns this pipeline relies on.
CREATE TABLE IF NOT EXISTS nba_precompute.player_daily_cache (
  cache_date DATE NOT NULL OPTIONS(description="Game date the row is for; this table has no game_date"),
  player_lookup STRING NOT NULL OPTIONS(description="Player")
)
OPTIONS(
  description="What predictions need of a player, once a day"
);
