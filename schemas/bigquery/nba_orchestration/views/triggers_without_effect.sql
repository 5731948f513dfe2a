-- A trigger was once published for months to a topic nobody read, and every run said "complete".
-- What counts is a completion of the next phase after the trigger; one before it was started by something else.
CREATE OR REPLACE VIEW nba_orchestration.triggers_without_effect (
  game_date OPTIONS(description="Game date, at most 7 days ago"),
  boundary OPTIONS(description="Boundary that triggered"),
  downstream OPTIONS(description="Phase that should have started"),
  triggered_at OPTIONS(description="When the trigger was first published"),
  waiting_minutes OPTIONS(description="Minutes since then"),
  completed_before_trigger OPTIONS(description="Processors of that phase that completed earlier, started by something else"),
  started_by OPTIONS(description="What started the runs of that date since the trigger, by the run history")
)
OPTIONS(description="Triggers after which the next phase never completed anything")
AS
WITH boundaries AS (
  SELECT boundary, downstream FROM ${boundaries} WHERE downstream IS NOT NULL
),
triggers AS (
  SELECT
    log.game_date,
    boundaries.boundary,
    boundaries.downstream,
    MIN(log.execution_timestamp) AS triggered_at
  FROM nba_orchestration.phase_execution_log AS log
  JOIN boundaries ON boundaries.boundary = log.phase_name
  WHERE log.status IN ('complete', 'partial', 'deadline_exceeded')
    AND log.game_date >= DATE_SUB(CURRENT_DATE(${time_zone}), INTERVAL 7 DAY)
  GROUP BY log.game_date, boundaries.boundary, boundaries.downstream
),
effects AS (
  SELECT
    triggers.game_date,
    triggers.boundary,
    COUNTIF(completions.completed_at >= triggers.triggered_at) AS completed_after,
    COUNT(DISTINCT IF(completions.completed_at < triggers.triggered_at, completions.processor_name, NULL))
      AS completed_before
  FROM triggers
  LEFT JOIN nba_orchestration.phase_completions AS completions
    ON completions.game_date = triggers.game_date AND completions.phase = triggers.downstream
  GROUP BY triggers.game_date, triggers.boundary
),
sources AS (
  SELECT DISTINCT triggers.game_date, triggers.boundary, history.trigger_source
  FROM triggers
  JOIN nba_reference.processor_run_history AS history
    ON history.data_date = triggers.game_date
    AND history.phase = triggers.downstream
    AND history.started_at >= triggers.triggered_at
  WHERE history.trigger_source IS NOT NULL
),
runs AS (
  SELECT game_date, boundary, ARRAY_AGG(trigger_source ORDER BY trigger_source) AS started_by
  FROM sources
  GROUP BY game_date, boundary
)
SELECT
  triggers.game_date,
  triggers.boundary,
  triggers.downstream,
  triggers.triggered_at,
  TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), triggers.triggered_at, MINUTE) AS waiting_minutes,
  effects.completed_before AS completed_before_trigger,
  runs.started_by
FROM triggers
JOIN effects ON effects.game_date = triggers.game_date AND effects.boundary = triggers.boundary
LEFT JOIN runs ON runs.game_date = triggers.game_date AND runs.boundary = triggers.boundary
WHERE effects.completed_after = 0
  AND triggers.triggered_at
    < TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL ${downstream_start_minutes} MINUTE);
