-- What a phase completed for a date, as the stream recorded it; each execution once, though streams repeat rows.
SELECT
  processor_name,
  status,
  record_count,
  correlation_id,
  execution_id,
  completed_at,
  is_incremental,
  entities_changed,
  metadata
FROM nba_orchestration.phase_completions
WHERE phase = @phase AND game_date = @date
QUALIFY ROW_NUMBER() OVER (PARTITION BY processor_name, execution_id, status ORDER BY inserted_at) = 1
ORDER BY completed_at
