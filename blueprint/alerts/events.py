"""The events that functions write to their structured logs and that log alerts wait for.

Each is one line of JSON on standard output: `severity`, at WARNING or above, `message`, `event` (a name of these), and
`boundary` or the upstream `phase`, the date (under the pipeline's `date_field`) and `correlation_id` where known; on
the platform they stand under `jsonPayload`.
A test runs the functions' own code and holds that they write each of these, so that no alert waits for an event that
nobody writes.
"""

from __future__ import annotations

DEADLINE_PASSED = "deadline_passed"
"""A date is open and the boundary's deadline has passed since its first completion."""
GATE_BLOCKED = "gate_blocked"
"""A gate kept a complete date from being triggered; it is retried."""
TRIGGER_WITHOUT_EFFECT = "trigger_without_effect"
"""A date was triggered, and no completion of the next phase arrived in time."""
UNKNOWN_PROCESSOR = "unknown_processor"
"""A completion names a processor that no mode expects; it is recorded, never counted."""
MESSAGE_REFUSED = "bad_message"
"""A message does not fit its contract; it is kept with the reason and acknowledged."""
GATE_WARNING = "gate_warning"
"""A gate passed with a value that is reported."""
EVENT_LOST = "event_not_published"
"""An event could not be published; this line is its only copy."""
MESSAGE_IN_LOG = "dead_letter_in_log"
"""A message could not be kept in the dead letter; this line is its only copy."""
NEEDS_REPAIR = "dependency_unavailable"
"""A dependency does not do its part; where `permanent` is set, somebody has to change something first."""
SWEEP_GOES_ON = "sweep_goes_on"
"""More dates of a boundary are open than one run of its timer has time for."""
