-- What started a phase's runs for a date, and when first. No table of a new pipeline records that, so nothing is told; where
-- your services keep a history of their runs, ask it here, and call those that a trigger began 'orchestrator'.
SELECT phase_name AS started_by, MIN(start_time) AS first_started_at
FROM pipeline_name_ops.decisions
WHERE date = @date AND FALSE
GROUP BY started_by
