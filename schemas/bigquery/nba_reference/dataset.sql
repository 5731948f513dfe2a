CREATE SCHEMA IF NOT EXISTS nba_reference
OPTIONS(description="Reference data and the run history of every processor");
