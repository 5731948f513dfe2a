-- The latest run of each processor and date. A row without a flag counts as one that was not set.
SELECT data_date, phase, processor_name, status
FROM nba_reference.processor_run_history
WHERE data_date BETWEEN @first AND @last
  AND NOT COALESCE(skipped, FALSE)
  AND NOT COALESCE(test_mode, FALSE)
QUALIFY ROW_NUMBER() OVER (PARTITION BY data_date, processor_name ORDER BY started_at DESC) = 1
