CREATE TABLE IF NOT EXISTS orders_ops.journal (
  kind STRING NOT NULL OPTIONS(description="done, decision or failure"),
  order_batch STRING OPTIONS(description="Which batch it was about"),
  name STRING NOT NULL OPTIONS(description="Who reports it"),
  status STRING NOT NULL OPTIONS(description="How it ended"),
  happened_at TIMESTAMP NOT NULL OPTIONS(description="When it happened")
)
PARTITION BY DATE(happened_at)
CLUSTER BY kind, name
OPTIONS(description="One row per thing that happened", partition_expiration_days=400, labels=[("written-by", "stream")]);
