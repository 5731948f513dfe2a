-- What functions reported about a date.
SELECT
  severity,
  error_type,
  COUNT(DISTINCT error_id) AS errors,
  MAX(error_timestamp) AS latest_at,
  ANY_VALUE(error_message) AS example
FROM ${errors}
WHERE ${date_field} = @date
GROUP BY severity, error_type
ORDER BY severity, errors DESC
