-- Attempts made so far, per boundary and date.
SELECT processor_name, analysis_date, MAX(attempt_number) AS attempts, MAX(attempted_at) AS last_attempted_at
FROM nba_orchestration.reprocess_attempts
WHERE analysis_date BETWEEN @first AND @last
GROUP BY processor_name, analysis_date
