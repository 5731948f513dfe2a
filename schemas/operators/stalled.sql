-- Phases that started, went silent and are not done.
SELECT game_date AS date, phase, idle_minutes
FROM nba_orchestration.stalled_phases
ORDER BY date, phase
