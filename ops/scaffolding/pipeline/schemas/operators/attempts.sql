-- How often a boundary's date was started again.
SELECT IFNULL(MAX(attempt), 0) AS attempts
FROM pipeline_name_ops.attempts
WHERE boundary = @boundary AND date = @date
