-- Each processor's last success and recent failures; one that never ran is a row too.
SELECT phase, processor_name, is_expected, last_success_at, failures_24h, state
FROM nba_orchestration.pipeline_health
ORDER BY phase, processor_name
