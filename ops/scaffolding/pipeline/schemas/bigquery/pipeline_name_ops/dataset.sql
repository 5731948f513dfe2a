CREATE SCHEMA IF NOT EXISTS pipeline_name_ops
OPTIONS(description="What happened in pipeline_name");
