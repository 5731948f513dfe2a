CREATE TABLE IF NOT EXISTS pipeline_name_ops.attempts (
  boundary STRING NOT NULL OPTIONS(description="Boundary that was started again"),
  date DATE NOT NULL OPTIONS(description="Date the attempt is for"),
  attempt INT64 NOT NULL OPTIONS(description="Counts from 1 per boundary and date"),
  tried_at TIMESTAMP NOT NULL OPTIONS(description="When"),
  notes STRING OPTIONS(description="Who, and why")
)
PARTITION BY date
CLUSTER BY boundary
OPTIONS(description="One row per attempt of a person to start a date again");
