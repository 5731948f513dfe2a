-- Streamed from the completion topics themselves, so the record exists even when an orchestrator is down. Delivery
-- is at least once: count distinct execution_id.
CREATE TABLE IF NOT EXISTS nba_orchestration.phase_completions (
  phase STRING NOT NULL OPTIONS(description="Phase of the processor: phase2, phase3, phase4 or phase5"),
  game_date DATE NOT NULL OPTIONS(description="Game date the work is for, not the day it ran"),
  processor_name STRING NOT NULL OPTIONS(description="Processor, under its normalised name where that is known"),
  status STRING NOT NULL
    OPTIONS(description="success, partial, no_data or failed; only the first two count as complete"),
  record_count INT64 OPTIONS(description="Records the processor wrote"),
  correlation_id STRING
    OPTIONS(description="Run this completion belongs to; the execution id where the message has none"),
  execution_id STRING OPTIONS(description="One execution of the processor; repeats of a row carry the same one"),
  completed_at TIMESTAMP NOT NULL OPTIONS(description="When the processor finished, by its own clock"),
  is_incremental BOOL OPTIONS(description="True when only changed entities were processed"),
  entities_changed ARRAY<STRING> OPTIONS(description="Identifiers of the players or teams an incremental run changed"),
  metadata JSON OPTIONS(description="The message's metadata as it was sent"),
  inserted_at TIMESTAMP NOT NULL OPTIONS(description="When Pub/Sub accepted the message")
)
PARTITION BY game_date
CLUSTER BY phase, processor_name
OPTIONS(
  description="One row per completion message of a processor",
  labels=[("written-by", "stream")]
);
