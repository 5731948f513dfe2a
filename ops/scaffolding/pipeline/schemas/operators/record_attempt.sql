-- One attempt by a person; written before anything is published.
INSERT INTO pipeline_name_ops.attempts (boundary, date, attempt, tried_at, notes)
VALUES (@boundary, @date, @attempt, CURRENT_TIMESTAMP(), @notes)
