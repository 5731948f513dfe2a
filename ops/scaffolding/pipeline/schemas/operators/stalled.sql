-- Phases of which something is complete, and nothing more came for two hours, in the last two days.
SELECT date, phase, TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), MAX(completed_at), MINUTE) AS idle_minutes
FROM pipeline_name_ops.completions
WHERE date >= DATE_SUB(CURRENT_DATE('UTC'), INTERVAL 2 DAY)
GROUP BY date, phase
HAVING COUNTIF(status = 'failed') > 0 AND MAX(completed_at) < TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 2 HOUR)
ORDER BY date, phase
