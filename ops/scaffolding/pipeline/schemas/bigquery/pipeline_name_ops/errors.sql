CREATE TABLE IF NOT EXISTS pipeline_name_ops.errors (
  error_id STRING NOT NULL OPTIONS(description="One error; repeats of a row carry the same one"),
  service_name STRING NOT NULL OPTIONS(description="Who reports it"),
  error_timestamp TIMESTAMP NOT NULL OPTIONS(description="When it happened"),
  error_type STRING NOT NULL OPTIONS(description="Class of the error"),
  error_category STRING NOT NULL OPTIONS(description="What kind of failure it is"),
  severity STRING NOT NULL OPTIONS(description="critical, warning or info"),
  error_message STRING NOT NULL OPTIONS(description="What went wrong"),
  date DATE OPTIONS(description="Date concerned"),
  correlation_id STRING OPTIONS(description="Flow concerned")
)
PARTITION BY DATE(error_timestamp)
CLUSTER BY service_name, severity
OPTIONS(description="One row per error that a function reports", partition_expiration_days=400, labels=[("written-by", "stream")]);
