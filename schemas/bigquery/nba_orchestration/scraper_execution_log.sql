CREATE TABLE IF NOT EXISTS nba_orchestration.scraper_execution_log (
  execution_id STRING NOT NULL OPTIONS(description="One run of the scraper"),
  scraper_name STRING NOT NULL OPTIONS(description="Scraper that ran"),
  workflow STRING OPTIONS(description="Workflow that asked for the run"),
  game_date DATE OPTIONS(description="Game date the run was for"),
  status STRING NOT NULL OPTIONS(description="success, no_data or failed"),
  triggered_at TIMESTAMP NOT NULL OPTIONS(description="When the run started"),
  completed_at TIMESTAMP OPTIONS(description="When the run ended"),
  duration_seconds FLOAT64 OPTIONS(description="How long the run took, in seconds"),
  source STRING NOT NULL OPTIONS(description="What started the run"),
  environment STRING OPTIONS(description="Environment the run belongs to"),
  triggered_by STRING OPTIONS(description="Person or job that started the run"),
  gcs_path STRING OPTIONS(description="Object the raw data was stored in"),
  data_summary JSON OPTIONS(description="Counts of what was fetched"),
  error_type STRING OPTIONS(description="Class of the error, if it failed"),
  error_message STRING OPTIONS(description="Text of the error, if it failed"),
  retry_count INT64 OPTIONS(description="Attempts before this one"),
  recovery BOOL OPTIONS(description="True when the run repairs an earlier failure"),
  run_id STRING OPTIONS(description="Run of the workflow"),
  opts JSON OPTIONS(description="Options the scraper was called with"),
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP() OPTIONS(description="When the row was stored")
)
PARTITION BY DATE(triggered_at)
CLUSTER BY scraper_name, workflow, status, source
OPTIONS(
  description="One row per run of a scraper",
  partition_expiration_days=90
);
