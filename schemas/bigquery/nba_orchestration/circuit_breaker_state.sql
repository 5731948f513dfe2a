CREATE TABLE IF NOT EXISTS nba_orchestration.circuit_breaker_state (
  processor_name STRING NOT NULL OPTIONS(description="Processor the breaker guards"),
  state STRING NOT NULL OPTIONS(description="closed, open or half_open"),
  failure_count INT64 DEFAULT 0 NOT NULL OPTIONS(description="Failures in a row"),
  success_count INT64 DEFAULT 0 NOT NULL OPTIONS(description="Successes in a row"),
  last_failure TIMESTAMP OPTIONS(description="When it last failed"),
  last_success TIMESTAMP OPTIONS(description="When it last succeeded"),
  opened_at TIMESTAMP OPTIONS(description="When the breaker opened"),
  half_opened_at TIMESTAMP OPTIONS(description="When the breaker last let a trial through"),
  updated_at TIMESTAMP NOT NULL OPTIONS(description="When the row was written"),
  last_error_message STRING OPTIONS(description="Text of the last error"),
  last_error_type STRING OPTIONS(description="Class of the last error"),
  failure_history ARRAY<STRUCT<
    failed_at TIMESTAMP OPTIONS(description="When it failed"),
    error_message STRING OPTIONS(description="Text of the error"),
    error_type STRING OPTIONS(description="Class of the error")
  >>
    OPTIONS(description="The latest failures, oldest first"),
  threshold INT64 OPTIONS(description="Failures in a row that open the breaker"),
  timeout_seconds INT64 OPTIONS(description="Seconds the breaker stays open"),
  half_open_max_calls INT64 OPTIONS(description="Trials let through while half open")
)
CLUSTER BY processor_name, state
OPTIONS(
  description="One row per processor: whether its circuit breaker lets work through"
);
