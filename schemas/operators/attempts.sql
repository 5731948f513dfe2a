-- How often a boundary's date was started again, by a function or a person.
SELECT IFNULL(MAX(attempt_number), 0) AS attempts
FROM nba_orchestration.reprocess_attempts
WHERE processor_name = @boundary AND entity_id = @date_text AND analysis_date = @date
