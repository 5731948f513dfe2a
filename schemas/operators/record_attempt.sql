-- One attempt by a person; written before anything is published.
INSERT INTO nba_orchestration.reprocess_attempts (
  processor_name,
  entity_id,
  analysis_date,
  attempt_number,
  attempted_at,
  circuit_breaker_tripped,
  manual_override_applied,
  notes,
  created_at
)
VALUES (
  @boundary,
  @date_text,
  @date,
  @attempt,
  CURRENT_TIMESTAMP(),
  FALSE,
  TRUE,
  @notes,
  CURRENT_TIMESTAMP()
)
