-- Decisions are delivered at least once: equal ones are one.
CREATE OR REPLACE VIEW nba_orchestration.execution_gaps (
  game_date OPTIONS(description="Game date of both decisions"),
  previous_phase_name OPTIONS(description="Boundary of the earlier decision"),
  phase_name OPTIONS(description="Boundary of the later decision"),
  previous_at OPTIONS(description="When the earlier decision was made"),
  execution_timestamp OPTIONS(description="When the later decision was made"),
  gap_minutes OPTIONS(description="Minutes between the two"),
  severity OPTIONS(description="OK up to 15 minutes, WARNING up to 30, CRITICAL above")
)
OPTIONS(description="Time between consecutive decisions for a game date")
AS
WITH decisions AS (
  SELECT DISTINCT game_date, phase_name, execution_timestamp
  FROM nba_orchestration.phase_execution_log
),
paired AS (
  SELECT
    game_date,
    phase_name,
    execution_timestamp,
    LAG(phase_name) OVER (PARTITION BY game_date ORDER BY execution_timestamp, phase_name) AS previous_phase_name,
    LAG(execution_timestamp) OVER (PARTITION BY game_date ORDER BY execution_timestamp, phase_name) AS previous_at
  FROM decisions
),
measured AS (
  SELECT
    game_date,
    previous_phase_name,
    phase_name,
    previous_at,
    execution_timestamp,
    TIMESTAMP_DIFF(execution_timestamp, previous_at, SECOND) / 60 AS gap_minutes
  FROM paired
  WHERE previous_at IS NOT NULL
)
SELECT
  game_date,
  previous_phase_name,
  phase_name,
  previous_at,
  execution_timestamp,
  gap_minutes,
  CASE WHEN gap_minutes <= 15 THEN 'OK' WHEN gap_minutes <= 30 THEN 'WARNING' ELSE 'CRITICAL' END AS severity
FROM measured;
