-- No code here writes it: Firestore's documents hold this state and the views report it. It is declared so that what
-- exists stays described and protected.
CREATE TABLE IF NOT EXISTS nba_orchestration.phase_completion_status (
  phase STRING NOT NULL OPTIONS(description="Phase: phase2, phase3, phase4 or phase5"),
  game_date DATE NOT NULL OPTIONS(description="Game date the work is for, not the day it ran"),
  completed_count INT64 NOT NULL OPTIONS(description="Expected processors that completed"),
  expected_count INT64 NOT NULL OPTIONS(description="Processors expected in the date's mode"),
  completed_processors ARRAY<STRING> OPTIONS(description="Names of the expected processors that completed"),
  missing_processors ARRAY<STRING> OPTIONS(description="Names of the expected processors that did not"),
  is_triggered BOOL NOT NULL OPTIONS(description="True once the next phase's trigger is published, never before"),
  triggered_at TIMESTAMP OPTIONS(description="When the trigger was published"),
  trigger_reason STRING OPTIONS(description="Rule that was met"),
  mode STRING OPTIONS(description="overnight, same_day, tomorrow or any"),
  first_completion_at TIMESTAMP OPTIONS(description="When the first completion arrived; deadlines count from here"),
  last_completion_at TIMESTAMP OPTIONS(description="When the latest completion arrived"),
  updated_at TIMESTAMP NOT NULL OPTIONS(description="When the row was written")
)
OPTIONS(
  description="One row per phase and game date: how complete it is and whether it was triggered"
);
