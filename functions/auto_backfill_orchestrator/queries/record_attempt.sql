-- One attempt; written before the trigger is published, so that a crash can never exceed a limit.
INSERT INTO nba_orchestration.reprocess_attempts (
  processor_name,
  entity_id,
  analysis_date,
  attempt_number,
  attempted_at,
  completeness_pct,
  circuit_breaker_tripped,
  circuit_breaker_until,
  manual_override_applied,
  notes,
  created_at
)
VALUES (
  @boundary,
  @entity,
  @game_date,
  @attempt,
  CURRENT_TIMESTAMP(),
  @completeness,
  @tripped,
  TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL @cool_down SECOND),
  FALSE,
  @notes,
  CURRENT_TIMESTAMP()
)
