"""Who carries out what was decided: a delivery, the timer's tick, a repetition, the gates, with the function's dependencies."""
