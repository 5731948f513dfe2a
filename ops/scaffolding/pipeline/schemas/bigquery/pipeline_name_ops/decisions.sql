CREATE TABLE IF NOT EXISTS pipeline_name_ops.decisions (
  execution_timestamp TIMESTAMP NOT NULL OPTIONS(description="When it was decided"),
  phase_name STRING NOT NULL OPTIONS(description="Boundary that was decided"),
  date DATE NOT NULL OPTIONS(description="Date the work is for"),
  correlation_id STRING OPTIONS(description="One flow through the phases"),
  start_time TIMESTAMP NOT NULL OPTIONS(description="When the handling began"),
  duration_seconds FLOAT64 NOT NULL OPTIONS(description="How long it took, in seconds"),
  status STRING NOT NULL OPTIONS(description="complete, partial, deadline_exceeded, blocked or failed"),
  metadata JSON OPTIONS(description="Mode, reason, missing processors, gates")
)
PARTITION BY date
CLUSTER BY phase_name, status
OPTIONS(description="One row per decision about a date", labels=[("written-by", "stream")]);
