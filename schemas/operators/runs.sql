-- What started a phase's runs for a date: the orchestrator, or a fallback that would hide that it is down.
SELECT
  IFNULL(trigger_source, 'unknown') AS started_by,
  MIN(started_at) AS first_started_at,
  COUNT(DISTINCT run_id) AS runs
FROM nba_reference.processor_run_history
WHERE data_date = @date
  AND (phase IN UNNEST(@phases) OR processor_name IN UNNEST(@processors))
GROUP BY started_by
ORDER BY first_started_at
