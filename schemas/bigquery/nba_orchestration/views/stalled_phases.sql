-- A phase starts with its trigger or its first completion, whichever is seen first; fallback schedules start
-- phases without a trigger.
CREATE OR REPLACE VIEW nba_orchestration.stalled_phases (
  game_date OPTIONS(description="Game date, at most 7 days ago"),
  phase OPTIONS(description="Phase that started and went silent before its boundary triggered"),
  boundary OPTIONS(description="Boundary that waits for it"),
  started_at OPTIONS(description="When the phase was triggered, or first completed something"),
  last_activity_at OPTIONS(description="When it was last triggered or last completed something"),
  idle_minutes OPTIONS(description="Minutes since then, at least 30"),
  completed_processors OPTIONS(description="Distinct processors that completed")
)
OPTIONS(description="Phases that started, did nothing for 30 minutes and are not done")
AS
WITH boundaries AS (
  SELECT boundary, upstream, downstream FROM ${boundaries}
),
decisions AS (
  SELECT
    boundaries.boundary,
    boundaries.downstream,
    log.game_date,
    log.execution_timestamp
  FROM nba_orchestration.phase_execution_log AS log
  JOIN boundaries ON boundaries.boundary = log.phase_name
  WHERE log.status IN ('complete', 'partial', 'deadline_exceeded')
    AND log.game_date >= DATE_SUB(CURRENT_DATE(${time_zone}), INTERVAL 7 DAY)
),
events AS (
  SELECT game_date, phase, completed_at AS happened_at, IF(status IN ('success', 'partial'), processor_name, NULL) AS completed
  FROM nba_orchestration.phase_completions
  WHERE game_date >= DATE_SUB(CURRENT_DATE(${time_zone}), INTERVAL 7 DAY)
  UNION ALL
  SELECT game_date, downstream AS phase, execution_timestamp AS happened_at, CAST(NULL AS STRING) AS completed
  FROM decisions
  WHERE downstream IS NOT NULL
),
activity AS (
  SELECT
    game_date,
    phase,
    MIN(happened_at) AS started_at,
    MAX(happened_at) AS last_activity_at,
    COUNT(DISTINCT completed) AS completed_processors
  FROM events
  GROUP BY game_date, phase
),
triggered AS (
  SELECT DISTINCT boundary, game_date FROM decisions
)
SELECT
  activity.game_date,
  activity.phase,
  boundaries.boundary,
  activity.started_at,
  activity.last_activity_at,
  TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), activity.last_activity_at, MINUTE) AS idle_minutes,
  activity.completed_processors
FROM activity
JOIN boundaries ON boundaries.upstream = activity.phase
LEFT JOIN triggered
  ON triggered.boundary = boundaries.boundary AND triggered.game_date = activity.game_date
WHERE triggered.boundary IS NULL
  AND activity.last_activity_at < TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 30 MINUTE);
