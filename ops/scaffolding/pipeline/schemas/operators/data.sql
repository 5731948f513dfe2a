-- How much there is of a date, and how much of it lacks something: here completions that wrote no record.
SELECT
  'completions' AS title,
  COUNT(DISTINCT execution_id) AS number,
  COUNTIF(record_count = 0) AS gaps,
  'completions without a record' AS gap
FROM pipeline_name_ops.completions
WHERE date = @date
