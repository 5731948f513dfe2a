"""Publishing a trigger again, for a date that was triggered before and shows no effect.

Never the first publication: that is `protocol`'s, after the rules and the gates. A repetition carries the same
`trigger_id` and the attribute `attempt` above 1, so that a consumer can tell a wanted repetition from a repeat.
"""

from __future__ import annotations

from shared import document as doc
from shared import triggers
from shared.effects import Snapshot
from shared.plan import plan_of
from shared.rules import Verdict, counted, decided, mode_of, recorded
from shared.view import Boundary
from shared.world import World


def attempts(document: doc.Document) -> int:
    """Return how often the date's trigger was published again."""
    count = doc.record(document.get(doc.REPUBLISHED)).get("count", 0)
    return count if isinstance(count, int) else 0


def publish_again(world: World, boundary: Boundary, snapshot: Snapshot) -> int | None:
    """Count the attempt, publish the date's trigger again, and return the attempt's number.

    Returns None where the document changed since or is not triggered; raises `Unavailable`. The attempt is counted
    first: a crash costs one attempt and never a limit.
    """
    document = snapshot.document or {}
    if not document.get(doc.TRIGGERED):
        return None
    number = attempts(document) + 1
    if not world.store.write(snapshot, {(doc.REPUBLISHED,): {"count": number, "at": snapshot.time}}):
        return None
    plan = plan_of(boundary, snapshot.key, document, _verdict(world, boundary, snapshot, document))
    messages = triggers.messages(boundary, plan, world.view.function, snapshot.time, attempt=number + 1)
    world.publisher.publish(boundary.trigger.topic, messages)
    return number


def _verdict(world: World, boundary: Boundary, snapshot: Snapshot, document: doc.Document) -> Verdict:
    """Return the verdict on which the date was triggered; of an old document, what its mode says today."""
    before = decided(boundary, document)
    if before is not None:
        return before
    today = mode_of(boundary, snapshot.key, snapshot.time, world.view.time_zone)
    mode = next((mode for mode in boundary.modes if mode.name == document.get(doc.MODE)), today)
    counting, known = counted(boundary, document), recorded(boundary, document)
    return Verdict(
        mode,
        completed=tuple(name for name in mode.expected if name in counting),
        missing=tuple(name for name in mode.expected if name not in known),
        rule=None,
        reason=None,
    )
