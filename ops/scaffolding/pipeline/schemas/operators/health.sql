-- Each processor's last success and recent failures, in the last month.
SELECT
  phase,
  processor_name,
  TRUE AS is_expected,
  MAX(IF(status IN ('success', 'partial'), completed_at, NULL)) AS last_success_at,
  COUNTIF(status = 'failed' AND completed_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 24 HOUR)) AS failures_24h,
  IF(MAX_BY(status, completed_at) = 'failed', 'UNHEALTHY', 'HEALTHY') AS state
FROM pipeline_name_ops.completions
WHERE date >= DATE_SUB(CURRENT_DATE('UTC'), INTERVAL 30 DAY)
GROUP BY phase, processor_name
ORDER BY phase, processor_name
