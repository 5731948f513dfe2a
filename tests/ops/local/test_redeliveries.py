"""What is refused waits twice as long each time, up to the longest, and belongs into the dead letter after its last attempt."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ops.local.declared import Subscription
from ops.local.redeliveries import Redeliveries

START = datetime(2026, 1, 29, tzinfo=UTC)
DECLARED = Subscription("s", "t", 60, back_off=(10, 60), dead_letter="s--dead-letter", attempts=5)


def test_it_waits_longer_each_time_and_not_for_ever() -> None:
    waiting, at, pauses = Redeliveries[str](), START, []
    while waiting.refused(DECLARED, ("s", "1"), at, "a message"):
        until = waiting.first()
        assert until is not None
        assert waiting.per_subscription() == {"s": 1}
        assert waiting.waits(("s", "1"), until - timedelta(seconds=1))
        assert waiting.due(until - timedelta(seconds=1)) == []
        assert waiting.due(until) == [(("s", "1"), "a message")]
        assert not waiting.waits(("s", "1"), at)
        pauses.append((until - at).total_seconds())
        at = until
    assert pauses == [10, 20, 40, 60]
    assert waiting.first() is None


def test_what_begins_anew_has_no_past() -> None:
    waiting = Redeliveries[str]()
    for _ in range(4):
        assert waiting.refused(DECLARED, ("s", "1"), START, "a message")
    waiting.clear()
    assert waiting.first() is None
    assert waiting.refused(DECLARED, ("s", "1"), START, "a message")
    assert waiting.first() == START + timedelta(seconds=10)
