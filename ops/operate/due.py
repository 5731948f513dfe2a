"""Whether a date has work at all, and by when: what the schedule says, and what the deadlines say.

The schedule is the pipeline's: the question `due` counts what a date's work is for. A pipeline that does not answer
it has work on every day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from blueprint.boundaries import Boundary
from blueprint.manifest import Manifest
from blueprint.operations import answer, file_of
from ops.operate.cloud import DataPlane, DataPlaneError
from ops.operate.target import Target
from ops.terminal import count


@dataclass(frozen=True)
class Due:
    """What a date's work is for: `number` of `thing`; the number is None where that is not known, and `unseen` why."""

    number: int | None
    thing: str = ""
    unseen: str = ""

    def __str__(self) -> str:
        """Return it as the subject of a sentence."""
        if self.number is None:
            return "what is scheduled is not known"
        return f"{count(self.number, self.thing)} scheduled" if self.thing else "every day has work"


def due(target: Target, cloud: DataPlane, date: str) -> Due:
    """Return what the schedule says of a date."""
    if not (target.root / file_of("due")).is_file():
        return Due(1)
    try:
        rows = cloud.rows(answer(target.root, "due"), date=target.parameter(date))
    except DataPlaneError as error:
        return Due(None, unseen=str(error))
    if not rows or not rows[0]["is_known"]:
        return Due(None, unseen=f"The schedule that {file_of('due')} asks is empty, so it says nothing of the date.")
    return Due(int(rows[0]["number"]), str(rows[0]["thing"]))


def due_at(manifest: Manifest, boundary: Boundary, date: str) -> datetime:
    """Return when a boundary's date is late although nothing was ever recorded of it.

    A deadline runs from the first completion. Where there is none it runs from the end of the date, and a later boundary's
    from where the deadline before it ends.
    """
    zone = ZoneInfo(manifest.time_zone)
    end = manifest.keys.end(date, zone)
    if end is None:  # nobody can know when a batch that was never heard of should have come
        return datetime.max.replace(tzinfo=UTC)
    allowed, current, seen = boundary.deadline, boundary, {boundary.name}
    while (before := predecessor(manifest, current)) and before.name not in seen:
        allowed, current = allowed + before.deadline, before
        seen.add(before.name)
    return end + timedelta(seconds=allowed)


def predecessor(manifest: Manifest, boundary: Boundary) -> Boundary | None:
    """Return the boundary whose trigger starts the phase that this one waits for."""
    return next((each for each in manifest.boundaries.values() if each.downstream == boundary.upstream), None)
