-- Written by Pub/Sub at least once for each message: count distinct execution_id.
CREATE TABLE IF NOT EXISTS pipeline_name_ops.completions (
  phase STRING NOT NULL OPTIONS(description="Phase of the processor"),
  date DATE NOT NULL OPTIONS(description="Date the work is for"),
  processor_name STRING NOT NULL OPTIONS(description="Who finished"),
  status STRING NOT NULL OPTIONS(description="success, partial, no_data or failed; only the first two count"),
  record_count INT64 OPTIONS(description="Records written"),
  correlation_id STRING OPTIONS(description="One flow through the phases"),
  execution_id STRING OPTIONS(description="One run of the processor"),
  completed_at TIMESTAMP NOT NULL OPTIONS(description="When it finished, by its own clock"),
  metadata JSON OPTIONS(description="The message's metadata as it was sent"),
  accepted_at TIMESTAMP NOT NULL OPTIONS(description="When Pub/Sub accepted the message")
)
PARTITION BY date
CLUSTER BY phase, processor_name
OPTIONS(description="One row per completion of a processor", labels=[("written-by", "stream")]);
