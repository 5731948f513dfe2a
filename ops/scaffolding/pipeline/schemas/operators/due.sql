-- What a date's work is for: here every date has work.
SELECT 1 AS number, 'date' AS thing, TRUE AS is_known
