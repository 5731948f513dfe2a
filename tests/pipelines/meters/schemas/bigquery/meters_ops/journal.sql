CREATE TABLE IF NOT EXISTS meters_ops.journal (
  kind STRING NOT NULL OPTIONS(description="done, decision or failure"),
  hour STRING OPTIONS(description="Which hour it was about, in UTC"),
  name STRING NOT NULL OPTIONS(description="Who reports it"),
  status STRING NOT NULL OPTIONS(description="How it ended"),
  happened_at TIMESTAMP NOT NULL OPTIONS(description="When it happened")
)
PARTITION BY DATE(happened_at)
CLUSTER BY kind, name
OPTIONS(description="One row per thing that happened", partition_expiration_days=30, labels=[("written-by", "stream")]);
