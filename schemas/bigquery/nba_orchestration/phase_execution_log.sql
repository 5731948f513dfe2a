-- Streamed from the execution events of the orchestrators; delivery is at least once, so count distinct rows.
CREATE TABLE IF NOT EXISTS nba_orchestration.phase_execution_log (
  execution_timestamp TIMESTAMP NOT NULL OPTIONS(description="When the orchestrator decided"),
  phase_name STRING NOT NULL OPTIONS(description="Boundary that was decided, such as phase3_to_phase4"),
  game_date DATE NOT NULL OPTIONS(description="Game date the work is for, not the day it ran"),
  correlation_id STRING OPTIONS(description="Run that the deciding completion belongs to"),
  start_time TIMESTAMP NOT NULL OPTIONS(description="When the handling of the message began"),
  duration_seconds FLOAT64 NOT NULL OPTIONS(description="How long the handling took, in seconds"),
  games_processed INT64 OPTIONS(description="Games covered, where a gate counted them"),
  status STRING NOT NULL OPTIONS(description="complete, partial, deadline_exceeded, blocked or failed"),
  metadata JSON OPTIONS(description="Mode, reason, missing processors, gate results and what started the run"),
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP() OPTIONS(description="When the row was stored")
)
PARTITION BY game_date
CLUSTER BY phase_name, status, execution_timestamp
OPTIONS(
  description="One row per decision of an orchestrator about a date",
  partition_expiration_days=90,
  labels=[("written-by", "stream")]
);
