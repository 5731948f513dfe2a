-- What functions reported about a date.
SELECT severity, error_type, COUNT(DISTINCT error_id) AS errors, ANY_VALUE(error_message) AS example
FROM pipeline_name_ops.errors
WHERE date = @date
GROUP BY severity, error_type
ORDER BY severity, errors DESC
