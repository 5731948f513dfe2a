"""Messages that were refused and wait for another attempt: how long, how often, and when there is none any more."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from ops.local.declared import Subscription

What = TypeVar("What")
Key = tuple[str, str]
"""A subscription and the id of a message."""


@dataclass(frozen=True)
class Delivery:
    """One attempt to deliver a message: when, by the run's clock, and what was answered; 0 where nobody answered."""

    at: datetime
    subscription: str
    message_id: str
    status: int
    seconds: float = 0.0

    @property
    def acknowledged(self) -> bool:
        """Return whether the message is done."""
        return 200 <= self.status < 300


class Redeliveries(Generic[What]):
    """Keeps what is needed to try again, until its time has come; each time twice as long, as the platform does."""

    def __init__(self) -> None:
        self._attempts: Counter[Key] = Counter()
        self._waiting: dict[Key, tuple[datetime, What]] = {}
        self._lock = threading.Lock()

    def refused(self, declared: Subscription, key: Key, at: datetime, what: What) -> bool:
        """Keep a message that was refused; False after its last attempt, when it belongs into the dead letter."""
        with self._lock:
            self._attempts[key] += 1
            if (attempts := self._attempts[key]) == declared.attempts:
                return False
            shortest, longest = declared.back_off
            pause = timedelta(seconds=min(longest, shortest * 2 ** (attempts - 1)))
            self._waiting[key] = (at + pause, what)
            return True

    def waits(self, key: Key, now: datetime) -> bool:
        """Return whether a message waits for a later time."""
        until, _ = self._waiting.get(key, (now, None))
        return until > now

    def per_subscription(self) -> dict[str, int]:
        """Return how many messages of each subscription wait."""
        return dict(Counter(subscription for subscription, _ in list(self._waiting)))

    def first(self) -> datetime | None:
        """Return when the first message gets its next attempt."""
        return min((until for until, _ in list(self._waiting.values())), default=None)

    def due(self, now: datetime) -> list[tuple[Key, What]]:
        """Return what has waited long enough, and keep it no longer."""
        with self._lock:
            found = [(key, what) for key, (until, what) in self._waiting.items() if until <= now]
            for key, _ in found:
                del self._waiting[key]
            return found

    def clear(self) -> None:
        """Forget everything."""
        self._attempts.clear()
        self._waiting.clear()
