-- A processor that never ran has no row in any table: the expected names come from the declaration.
CREATE OR REPLACE VIEW nba_orchestration.pipeline_health (
  phase OPTIONS(description="Phase of the processor"),
  processor_name OPTIONS(description="Processor"),
  is_expected OPTIONS(description="False for a name that the declaration does not expect"),
  is_critical OPTIONS(description="True when the next phase cannot start without it"),
  last_success_at OPTIONS(description="When it last ended with success or partial, within 30 days"),
  last_completed_at OPTIONS(description="When it last ended, however it ended, within 30 days"),
  last_status OPTIONS(description="How it last ended"),
  failures_24h OPTIONS(description="Distinct executions that failed in the last 24 hours"),
  state OPTIONS(description="HEALTHY, DEGRADED (failed within 24 h, then succeeded), UNHEALTHY (failed last), STALE (no success for 36 h) or NEVER_RAN (nothing for 30 days)")
)
OPTIONS(description="Health per phase and processor, now")
AS
WITH expected AS (
  SELECT phase, processor_name, critical FROM ${expected_processors}
),
seen AS (
  SELECT
    phase,
    processor_name,
    MAX(IF(status IN ('success', 'partial'), completed_at, NULL)) AS last_success_at,
    MAX(IF(status = 'failed', completed_at, NULL)) AS last_failure_at,
    MAX(completed_at) AS last_completed_at,
    MAX_BY(status, completed_at) AS last_status,
    COUNT(DISTINCT IF(
      status = 'failed' AND completed_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 24 HOUR),
      COALESCE(execution_id, CAST(completed_at AS STRING)),
      NULL
    )) AS failures_24h
  FROM nba_orchestration.phase_completions
  WHERE completed_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 30 DAY)
  GROUP BY phase, processor_name
),
known AS (
  SELECT phase, processor_name, TRUE AS is_expected, critical FROM expected
  UNION ALL
  SELECT seen.phase, seen.processor_name, FALSE AS is_expected, FALSE AS critical
  FROM seen
  LEFT JOIN expected ON expected.phase = seen.phase AND expected.processor_name = seen.processor_name
  WHERE expected.processor_name IS NULL
)
SELECT
  known.phase,
  known.processor_name,
  known.is_expected,
  known.critical AS is_critical,
  seen.last_success_at,
  seen.last_completed_at,
  seen.last_status,
  COALESCE(seen.failures_24h, 0) AS failures_24h,
  CASE
    WHEN seen.last_completed_at IS NULL THEN 'NEVER_RAN'
    WHEN seen.failures_24h > 0 AND (seen.last_success_at IS NULL OR seen.last_success_at < seen.last_failure_at)
      THEN 'UNHEALTHY'
    WHEN seen.last_success_at IS NULL
      OR seen.last_success_at < TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 36 HOUR) THEN 'STALE'
    WHEN seen.failures_24h > 0 THEN 'DEGRADED'
    ELSE 'HEALTHY'
  END AS state
FROM known
LEFT JOIN seen ON seen.phase = known.phase AND seen.processor_name = known.processor_name;
