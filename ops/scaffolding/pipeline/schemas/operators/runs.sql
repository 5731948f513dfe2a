-- What decided about a date of these phases, and when first.
SELECT phase_name AS started_by, MIN(start_time) AS first_started_at
FROM pipeline_name_ops.decisions
WHERE date = @date
GROUP BY started_by
ORDER BY first_started_at
