-- Games on the schedule for the date.
SELECT COUNT(DISTINCT game_id) AS value
FROM nba_raw.v_nbac_schedule_latest
WHERE game_date = @game_date
