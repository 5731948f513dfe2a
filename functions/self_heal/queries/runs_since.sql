-- Runs of a phase for a date that started after its trigger: the first sign that the trigger had an effect.
SELECT COUNT(*) AS runs
FROM nba_reference.processor_run_history
WHERE data_date = @game_date
  AND started_at >= @since
  AND (phase IN UNNEST(@phases) OR processor_name IN UNNEST(@processors))
