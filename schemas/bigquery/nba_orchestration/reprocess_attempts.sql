CREATE TABLE IF NOT EXISTS nba_orchestration.reprocess_attempts (
  processor_name STRING NOT NULL OPTIONS(description="Processor or boundary that was started again"),
  entity_id STRING NOT NULL OPTIONS(description="What was processed again: a player, a team, or a date"),
  analysis_date DATE NOT NULL OPTIONS(description="Game date the attempt is for"),
  attempt_number INT64 NOT NULL OPTIONS(description="Counts from 1 per processor, entity and date"),
  attempted_at TIMESTAMP NOT NULL OPTIONS(description="When the attempt was made"),
  completeness_pct FLOAT64 OPTIONS(description="How complete the date was then, in percent"),
  skip_reason STRING OPTIONS(description="Why nothing was started, if so"),
  circuit_breaker_tripped BOOL NOT NULL OPTIONS(description="True when this attempt was the last one allowed for now"),
  circuit_breaker_until TIMESTAMP OPTIONS(description="When attempts are allowed again"),
  manual_override_applied BOOL OPTIONS(description="True when a person asked for the attempt"),
  notes STRING OPTIONS(description="Command or function that made the attempt, and its trigger"),
  created_at TIMESTAMP OPTIONS(description="When the row was stored")
)
PARTITION BY analysis_date
CLUSTER BY processor_name, entity_id
OPTIONS(
  description="One row per attempt to process a date again",
  partition_expiration_days=365
);
