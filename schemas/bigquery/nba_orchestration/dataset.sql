CREATE SCHEMA IF NOT EXISTS nba_orchestration
OPTIONS(description="What the orchestration of the phases decided, saw and failed at");
