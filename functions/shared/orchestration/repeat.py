"""Publishing a trigger again, for a date that was triggered before and shows no effect.

Never the first publication: that is `protocol`'s, after the rules and the gates. A repetition carries the same
`trigger_id` and the attribute `attempt` above 1, so that a consumer can tell a wanted repetition from a repeat.
"""

from __future__ import annotations

from shared.decisions import document as doc
from shared.decisions import triggers
from shared.decisions.effects import Snapshot
from shared.decisions.publication import publication_of
from shared.decisions.rules import Verdict, counted, decided, mode_of, recorded
from shared.declaration.view import Boundary
from shared.orchestration.dependencies import Dependencies


def attempts(document: doc.Document) -> int:
    """Return how often the date's trigger was published again."""
    count = doc.record(document.get(doc.REPUBLISHED)).get("count", 0)
    return count if isinstance(count, int) else 0


def publish_again(dependencies: Dependencies, boundary: Boundary, snapshot: Snapshot) -> int | None:
    """Count the attempt, publish the date's trigger again, and return the attempt's number.

    Returns None where the document changed since or is not triggered; raises `Unavailable`. The attempt is counted
    first: a crash costs one attempt and never a limit.
    """
    document = snapshot.document or {}
    if not document.get(doc.TRIGGERED):
        return None
    number = attempts(document) + 1
    if not dependencies.store.write(snapshot, {(doc.REPUBLISHED,): {"count": number, "at": snapshot.time}}):
        return None
    publication = publication_of(boundary, snapshot.key, document, _verdict(dependencies, boundary, snapshot, document))
    messages = triggers.messages(boundary, publication, dependencies.view.function, snapshot.time, attempt=number + 1)
    dependencies.publisher.publish(boundary.trigger.topic, messages)
    return number


def _verdict(dependencies: Dependencies, boundary: Boundary, snapshot: Snapshot, document: doc.Document) -> Verdict:
    """Return the verdict on which the date was triggered; of an old document, what its mode says today."""
    before = decided(boundary, document)
    if before is not None:
        return before
    today = mode_of(boundary, snapshot.key, snapshot.time, dependencies.view.zone)
    mode = next((mode for mode in boundary.modes if mode.name == document.get(doc.MODE)), today)
    counting, known = counted(boundary, document), recorded(boundary, document)
    return Verdict(
        mode,
        completed=tuple(name for name in mode.expected if name in counting),
        missing=tuple(name for name in mode.expected if name not in known),
        rule=None,
        reason=None,
    )
