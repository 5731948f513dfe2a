-- Errors of the last day without a successful recovery; delivery is at least once, so each id counts once.
SELECT severity, error_type, COUNT(DISTINCT error_id) AS errors
FROM nba_orchestration.service_errors
WHERE error_timestamp >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 24 HOUR)
  AND NOT COALESCE(recovery_successful, FALSE)
GROUP BY severity, error_type
