-- What functions reported about a date.
SELECT
  severity,
  error_type,
  COUNT(DISTINCT error_id) AS errors,
  MAX(error_timestamp) AS latest_at,
  ANY_VALUE(error_message) AS example
FROM nba_orchestration.service_errors
WHERE game_date = @date
GROUP BY severity, error_type
ORDER BY severity, errors DESC
