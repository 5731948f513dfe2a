-- A silent day leaves no trace in our own tables, so its date comes from the schedule of games.
CREATE OR REPLACE VIEW nba_orchestration.missing_phase_executions (
  game_date OPTIONS(description="Past game date, at most 30 days ago, with games or with completions"),
  boundary OPTIONS(description="Boundary that never triggered the next phase for the date"),
  upstream OPTIONS(description="Phase whose completions it counts"),
  expected_count OPTIONS(description="Processors expected of a past date; 0 for a batch phase"),
  completed_count OPTIONS(description="Expected processors that completed, or 1 where a batch phase did"),
  missing_processors OPTIONS(description="Expected processors that did not complete"),
  last_status OPTIONS(description="What the boundary last decided: blocked, failed, or NULL for nothing"),
  last_decided_at OPTIONS(description="When that was")
)
OPTIONS(description="Boundaries of past game dates that never triggered")
AS
WITH boundaries AS (
  SELECT boundary, upstream FROM ${boundaries}
),
expected AS (
  SELECT phase, processor_name FROM ${expected_processors}
),
dates AS (
  SELECT game_date FROM nba_raw.v_nbac_schedule_latest
  WHERE game_date >= DATE_SUB(CURRENT_DATE(${time_zone}), INTERVAL 30 DAY)
    AND game_date < CURRENT_DATE(${time_zone})
  UNION DISTINCT
  SELECT game_date FROM nba_orchestration.phase_completions
  WHERE game_date >= DATE_SUB(CURRENT_DATE(${time_zone}), INTERVAL 30 DAY)
    AND game_date < CURRENT_DATE(${time_zone})
),
completed AS (
  SELECT DISTINCT game_date, phase, processor_name
  FROM nba_orchestration.phase_completions
  WHERE status IN ('success', 'partial')
    AND game_date >= DATE_SUB(CURRENT_DATE(${time_zone}), INTERVAL 30 DAY)
),
progress AS (
  SELECT
    dates.game_date,
    boundaries.boundary,
    boundaries.upstream,
    COUNT(expected.processor_name) AS expected_count,
    COUNTIF(expected.processor_name IS NOT NULL AND completed.processor_name IS NOT NULL) AS completed_count,
    ARRAY_AGG(
      IF(expected.processor_name IS NOT NULL AND completed.processor_name IS NULL, expected.processor_name, NULL)
      IGNORE NULLS ORDER BY expected.processor_name
    ) AS missing_processors
  FROM dates
  CROSS JOIN boundaries
  LEFT JOIN expected ON expected.phase = boundaries.upstream
  LEFT JOIN completed
    ON completed.game_date = dates.game_date
    AND completed.phase = expected.phase
    AND completed.processor_name = expected.processor_name
  GROUP BY dates.game_date, boundaries.boundary, boundaries.upstream
),
batches AS (
  SELECT game_date, phase, COUNT(DISTINCT processor_name) AS processors FROM completed GROUP BY game_date, phase
),
decisions AS (
  SELECT
    game_date,
    phase_name,
    COUNTIF(status IN ('complete', 'partial', 'deadline_exceeded')) AS triggered,
    MAX_BY(status, execution_timestamp) AS last_status,
    MAX(execution_timestamp) AS last_decided_at
  FROM nba_orchestration.phase_execution_log
  WHERE game_date >= DATE_SUB(CURRENT_DATE(${time_zone}), INTERVAL 30 DAY)
  GROUP BY game_date, phase_name
)
SELECT
  progress.game_date,
  progress.boundary,
  progress.upstream,
  progress.expected_count,
  IF(progress.expected_count = 0 AND batches.processors > 0, 1, progress.completed_count) AS completed_count,
  progress.missing_processors,
  decisions.last_status,
  decisions.last_decided_at
FROM progress
LEFT JOIN batches ON batches.game_date = progress.game_date AND batches.phase = progress.upstream
LEFT JOIN decisions
  ON decisions.game_date = progress.game_date AND decisions.phase_name = progress.boundary
WHERE COALESCE(decisions.triggered, 0) = 0;
