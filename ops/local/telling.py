"""A played day in lines: its figures, the alerts that fire, and how it differs from what must come of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from ops.local.days import Day
from ops.local.judgement import Came, came, differences
from ops.local.replay import Played
from ops.local.system import System
from ops.local.watching import minutes_after
from ops.terminal import Style, columns, count


@dataclass
class ToldDay:
    """A played day in lines: figures, what reports its fault, and how it differs from what it must be."""

    system: System
    day: Day
    played: Played
    style: Style = field(default_factory=Style)

    @cached_property
    def found(self) -> Came:
        """Return what came of it."""
        return came(self.system, self.day, self.played)

    @cached_property
    def wrong(self) -> list[str]:
        """Return a sentence for each thing that is otherwise."""
        return differences(self.day, self.found, self._zone)

    @property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.system.model.manifest.time_zone)

    @property
    def verdict(self) -> str:
        """Return the last sentence."""
        return " ".join(self.wrong) or f"As it must be: {_sums(self.found)}."

    def lines(self) -> Iterator[str]:
        """Yield everything."""
        yield from _figures(self.played, self.found)
        yield ""
        yield from self._alerts()
        yield from (f"{self.style.cross} {sentence}" for sentence in self.wrong)
        if not self.wrong:
            yield f"{self.style.tick} {self.verdict}"

    def _alerts(self) -> Iterator[str]:
        """Yield each alert that fires, with how long after the fault that is."""
        fault, alerts = self.day.fault, self.found.alerts
        judged = len(self.system.model.alerts) - len(alerts.unjudged)
        yield f"{len(alerts.fired)} of {count(judged, 'alert')} {'fires' if len(alerts.fired) == 1 else 'fire'}; {len(alerts.unjudged)} cannot be judged here."
        for name, at in sorted(alerts.fired.items(), key=lambda each: each[1]):
            after = f", {count(minutes_after(fault, at), 'minute')} after the fault" if fault and at >= fault else ""
            yield f"  {at.astimezone(self._zone):%H:%M}  {name}{after}"


def _sums(found: Came) -> str:
    waiting = sum(sum(reasons.values()) for reasons in found.letters.values())
    rows = sum(found.rows.values())
    return f"{count(len(found.triggers), 'trigger')}, {count(rows, 'row')}, {count(waiting, 'dead letter')}"


def _figures(played: Played, found: Came) -> Iterator[str]:
    rate = played.messages / played.seconds if played.seconds else 0
    yield f"{played.messages} messages and {len(played.calls)} calls in {timedelta(seconds=round(played.seconds))} ({rate:.0f} messages a second)."
    yield from columns([("Rows", "Table"), *((str(count), table) for table, count in found.rows.items())], right=(0,))
