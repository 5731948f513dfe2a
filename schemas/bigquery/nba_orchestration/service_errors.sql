-- Streamed from the error events of functions and services; delivery is at least once, so count distinct error_id.
CREATE TABLE IF NOT EXISTS nba_orchestration.service_errors (
  error_id STRING NOT NULL OPTIONS(description="One error; repeats of a row carry the same one"),
  service_name STRING NOT NULL OPTIONS(description="Function or service that reported it"),
  error_timestamp TIMESTAMP NOT NULL OPTIONS(description="When it happened"),
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP() OPTIONS(description="When the row was stored"),
  error_type STRING NOT NULL OPTIONS(description="Class of the error"),
  error_category STRING NOT NULL
    OPTIONS(description="no_data_available, upstream_failure, processing_error, timeout, configuration_error or unknown"),
  severity STRING NOT NULL OPTIONS(description="critical, warning or info"),
  error_message STRING NOT NULL OPTIONS(description="What went wrong, with secrets masked"),
  stack_trace STRING OPTIONS(description="Where in the code it went wrong"),
  game_date DATE OPTIONS(description="Game date the work was for"),
  processor_name STRING OPTIONS(description="Processor concerned"),
  phase STRING OPTIONS(description="Phase concerned"),
  correlation_id STRING OPTIONS(description="Run concerned"),
  recovery_attempted BOOL OPTIONS(description="True when the reporter tried to recover"),
  recovery_successful BOOL OPTIONS(description="True when that worked")
)
PARTITION BY DATE(error_timestamp)
CLUSTER BY service_name, error_category, severity
OPTIONS(
  description="One row per error that a function or service reported",
  partition_expiration_days=90,
  labels=[("written-by", "stream")]
);
