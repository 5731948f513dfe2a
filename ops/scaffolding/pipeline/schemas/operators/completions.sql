-- What a phase completed for a date; each run once, though streams repeat rows.
SELECT processor_name, status, record_count, correlation_id, execution_id, completed_at, metadata
FROM pipeline_name_ops.completions
WHERE phase = @phase AND date = @date
QUALIFY ROW_NUMBER() OVER (PARTITION BY processor_name, execution_id, status ORDER BY accepted_at) = 1
ORDER BY completed_at
