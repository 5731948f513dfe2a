-- Rows may be delivered twice, so executions are counted, not rows.
CREATE OR REPLACE VIEW nba_orchestration.processor_completions (
  game_date OPTIONS(description="Game date the work is for"),
  phase OPTIONS(description="Phase of the processor"),
  processor_name OPTIONS(description="Processor"),
  is_expected OPTIONS(description="False for a name that the declaration does not expect"),
  executions OPTIONS(description="Distinct executions"),
  complete_executions OPTIONS(description="Those that ended with success or partial"),
  failed_executions OPTIONS(description="Those that failed"),
  no_data_executions OPTIONS(description="Those that found no data"),
  redelivered_rows OPTIONS(description="Rows beyond one per execution"),
  records OPTIONS(description="Records of the latest complete execution"),
  first_completed_at OPTIONS(description="When the first execution ended"),
  last_completed_at OPTIONS(description="When the latest execution ended"),
  last_status OPTIONS(description="How the latest execution ended")
)
OPTIONS(description="Completions per processor and game date")
AS
WITH expected AS (
  SELECT phase, processor_name FROM ${expected_processors}
),
numbered AS (
  SELECT
    game_date,
    phase,
    processor_name,
    status,
    record_count,
    completed_at,
    COALESCE(execution_id, CAST(completed_at AS STRING)) AS execution,
    ROW_NUMBER() OVER (
      PARTITION BY game_date, phase, processor_name, COALESCE(execution_id, CAST(completed_at AS STRING))
      ORDER BY completed_at DESC, inserted_at DESC
    ) AS copy
  FROM nba_orchestration.phase_completions
),
counted AS (
  SELECT
    game_date,
    phase,
    processor_name,
    COUNTIF(copy = 1) AS executions,
    COUNTIF(copy = 1 AND status IN ('success', 'partial')) AS complete_executions,
    COUNTIF(copy = 1 AND status = 'failed') AS failed_executions,
    COUNTIF(copy = 1 AND status = 'no_data') AS no_data_executions,
    COUNTIF(copy > 1) AS redelivered_rows,
    MAX_BY(record_count, IF(status IN ('success', 'partial'), completed_at, NULL)) AS records,
    MIN(completed_at) AS first_completed_at,
    MAX(completed_at) AS last_completed_at,
    MAX_BY(status, completed_at) AS last_status
  FROM numbered
  GROUP BY game_date, phase, processor_name
)
SELECT
  counted.game_date,
  counted.phase,
  counted.processor_name,
  expected.processor_name IS NOT NULL AS is_expected,
  counted.executions,
  counted.complete_executions,
  counted.failed_executions,
  counted.no_data_executions,
  counted.redelivered_rows,
  counted.records,
  counted.first_completed_at,
  counted.last_completed_at,
  counted.last_status
FROM counted
LEFT JOIN expected
  ON expected.phase = counted.phase AND expected.processor_name = counted.processor_name;
