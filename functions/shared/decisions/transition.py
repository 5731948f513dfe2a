"""The decision core: document, message and time in, changes and the next step out. No input or output happens here.

A decision is made on one version of the document and only takes effect if that version is still the current one, so
every function here may be called again on a newer version. Once a rule held, the document says so, and every later
attempt carries that decision out: it is not made again, whatever the day, the rules or the gates have become. What the
steps guarantee together is in docs/guarantee.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from shared.decisions import document as doc
from shared.decisions import records
from shared.decisions.completion import Completion
from shared.decisions.publication import Publication, publication_of
from shared.decisions.rules import Verdict, decided, decision, judge
from shared.declaration.view import Boundary, Expiry

Step = Literal["done", "publish", "busy"]


@dataclass(frozen=True, slots=True)
class Context:
    """Where and when a decision is made: `owner` is unique to one attempt of one delivery or timer tick."""

    boundary: Boundary
    zone: ZoneInfo
    lease: int
    expiry: Expiry | None
    date: str
    owner: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows from a message or a tick: `changes` to write, then `step`.

    done: nothing more to do, acknowledge. publish: the changes take the lease, go on with `publication`. busy: another
    attempt holds the lease, so this one must come back later.
    """

    step: Step
    note: str
    changes: doc.Changes = field(default_factory=dict)
    publication: Publication | None = None


def decide(context: Context, document: doc.Document | None, completion: Completion | None, now: datetime) -> Decision:
    """Return what follows from a completion, or from the passing of time where `completion` is None."""
    if completion is None and document is None:
        return Decision("done", "nothing recorded")
    made = _recorded(context, document or {}, completion, now) if completion else {}
    after = doc.applied(document, made)
    before = decided(context.boundary, after)
    verdict = before or judge(context.boundary, after, context.date, now, context.zone)
    if made or completion is None:
        made = doc.changed(document, made | _summary(context, after, verdict, now, bool(made)))
    if after.get(doc.TRIGGERED):
        return Decision("done", "triggered before", made)
    if completion is not None and completion.skip_downstream:
        return Decision("done", "backfill recorded", made)
    if verdict.reason is None or verdict.rule is None:
        return Decision("done", "open", made)
    if lease_of_other(after, context.owner, now):
        return Decision("busy", "another attempt is publishing", made)
    lease = {
        "owner": context.owner,
        "until": now + timedelta(seconds=context.lease),
        "reason": verdict.reason,
        "mode": verdict.mode.name,
    }
    made |= {(doc.PENDING,): lease}
    if doc.DECISION not in after:
        made[doc.DECISION,] = decision(context.boundary, after, verdict, now)
    publication = publication_of(context.boundary, context.date, after, verdict)
    return Decision("publish", verdict.reason, made, publication)


def published(context: Context, document: doc.Document | None, publication: Publication, now: datetime) -> doc.Changes:
    """Return the changes after the publication was acknowledged: only now is the date triggered."""
    current = document or {}
    made = release(context, document)
    if current.get(doc.TRIGGERED):
        return made
    return (
        made
        | {
            (doc.TRIGGERED,): True,
            (doc.TRIGGERED_AT,): now,
            (doc.TRIGGER_REASON,): publication.reason,
            (doc.TRIGGER_PARTIAL,): publication.partial,
            (doc.TRIGGER_ID,): context.boundary.trigger_id(context.date),
            (doc.MODE,): publication.mode,
            (doc.LAST_UPDATE,): now,
        }
        | ({(doc.BLOCKED, "passed_at"): now} if current.get(doc.BLOCKED) else {})
    )


def blocked(context: Context, document: doc.Document | None, blocks: list[Any], now: datetime) -> doc.Changes:
    """Return the changes after a gate blocked: the lease goes, the date stays open, what blocked is on record."""
    current = document or {}
    made = release(context, document)
    if current.get(doc.TRIGGERED):
        return made
    before = doc.record(current.get(doc.BLOCKED))
    return made | {
        (doc.BLOCKED,): {
            "gates": blocks,
            "since": before.get("since", now),
            "at": now,
            "count": before.get("count", 0) + 1,
        },
        (doc.LAST_UPDATE,): now,
    }


def renewed(context: Context, document: doc.Document | None, now: datetime) -> doc.Changes:
    """Return the changes that lengthen this attempt's lease; none where it holds none any more."""
    held = doc.record((document or {}).get(doc.PENDING)).get("owner") == context.owner
    return {(doc.PENDING, "until"): now + timedelta(seconds=context.lease)} if held else {}


def release(context: Context, document: doc.Document | None) -> doc.Changes:
    """Return the changes that give up this attempt's lease; none where another attempt took it over."""
    held = doc.record((document or {}).get(doc.PENDING)).get("owner") == context.owner
    return {(doc.PENDING,): None} if held else {}


def lease_of_other(document: doc.Document, owner: str, now: datetime) -> bool:
    """Return whether an attempt other than `owner` holds a lease that has not expired."""
    pending = doc.record(document.get(doc.PENDING))
    until = doc.time_of(pending.get("until"))
    return until is not None and now < until and pending.get("owner") != owner


def overdue(boundary: Boundary, document: doc.Document, now: datetime) -> bool:
    """Return whether the date is open for longer than the boundary's deadline, since anything but a backfill ended."""
    first = doc.time_of(document.get(doc.FIRST_COMPLETION_AT)) or _first_failure(document)
    late = first is not None and (now - first).total_seconds() >= boundary.deadline
    return late and not document.get(doc.TRIGGERED)


def closable(document: doc.Document) -> str | None:
    """Return as what an open date may be closed on which nothing that counts has happened, or None for any other date.

    Time makes none of its rules true and nobody waits for it; a message that counts opens it again.
    """
    idle = document.get(doc.TRIGGERED) is False and document.get(doc.FIRST_COMPLETION_AT) is None
    if not idle or doc.counted(document) or any(doc.record(document.get(field)) for field in (doc.FAILED, doc.NO_DATA)):
        return None
    return "backfill" if doc.completed(document) else "unknown"


def _first_failure(document: doc.Document) -> datetime | None:
    ended = [record for field in (doc.FAILED, doc.NO_DATA) for record in doc.record(document.get(field)).values()]
    times = (doc.time_of(doc.record(record).get("completed_at")) for record in ended)
    return min((time for time in times if time), default=None)


def _recorded(context: Context, document: doc.Document, completion: Completion, now: datetime) -> doc.Changes:
    made = doc.changed(document, records.changes(context.boundary, document, completion))
    first = document.get(doc.FIRST_COMPLETION_AT)
    if completion.counts and not completion.skip_downstream and not isinstance(first, datetime):
        made[doc.FIRST_COMPLETION_AT,] = doc.time_of(first) or now  # the timer finds no time that is text
    decided_before = document.get(doc.TRIGGERED) or doc.DECISION in document
    lent = None if decided_before else records.correlation(context.boundary, doc.applied(document, made))
    if lent is not None and lent != document.get(doc.CORRELATION_ID):
        made[doc.CORRELATION_ID,] = lent
    return made


def _summary(context: Context, document: doc.Document, verdict: Verdict, now: datetime, new: bool) -> doc.Changes:
    made: doc.Changes = {
        (doc.COMPLETED_COUNT,): len(doc.completed(document)),
        (doc.MISSING,): list(verdict.missing),
        (doc.MODE,): verdict.mode.name,
    }
    if document.get(doc.TRIGGERED):
        del made[doc.MODE,]
    starts: dict[str, Any] = {doc.TRIGGERED: False, doc.FIRST_COMPLETION_AT: None}
    if context.expiry:
        starts[context.expiry.field] = now + timedelta(seconds=context.expiry.seconds)
    made.update({(field,): start for field, start in starts.items() if field not in document})
    if document.get(doc.CLOSED_AS) and closable({**document, doc.TRIGGERED: False}) is None:
        made |= {(doc.TRIGGERED,): bool(document.get(doc.TRIGGERED)), (doc.CLOSED_AS,): None}
    if new:
        made[doc.LAST_UPDATE,] = now
    return made
