CREATE TABLE IF NOT EXISTS nba_orchestration.workflow_decisions (
  decision_id STRING NOT NULL OPTIONS(description="One decision"),
  decision_time TIMESTAMP NOT NULL OPTIONS(description="When it was made"),
  workflow_name STRING NOT NULL OPTIONS(description="Workflow it is about"),
  action STRING NOT NULL OPTIONS(description="What was decided"),
  reason STRING NOT NULL OPTIONS(description="Why"),
  context JSON OPTIONS(description="What the decision was made from"),
  scrapers_triggered ARRAY<STRING> OPTIONS(description="Scrapers that were started"),
  target_games ARRAY<STRING> OPTIONS(description="Games it was made for"),
  next_check_time TIMESTAMP OPTIONS(description="When the controller looks again"),
  priority STRING OPTIONS(description="Urgency of the action"),
  alert_level STRING OPTIONS(description="How loudly it is reported"),
  controller_version STRING OPTIONS(description="Version of the controller"),
  environment STRING OPTIONS(description="Environment of the controller"),
  triggered_by STRING OPTIONS(description="What started the controller"),
  created_at TIMESTAMP OPTIONS(description="When the row was stored")
)
PARTITION BY DATE(decision_time)
CLUSTER BY workflow_name, action, alert_level
OPTIONS(
  description="One row per decision of the workflow controller",
  partition_expiration_days=90
);
