CREATE SCHEMA IF NOT EXISTS meters_ops
OPTIONS(description="What happened to meters");
