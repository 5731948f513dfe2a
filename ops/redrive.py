"""Redrive a dead letter: look at what waits, and publish what was merely undelivered to its topic again.

A message that a function kept because it is unusable (poison) stays, unless its reason is named. What Pub/Sub forwarded
carries marks that no publisher can take off and no kept message has, so nobody can pose as one or the other.
Nothing is done without `--yes`; nothing is removed before its new publication is acknowledged, so an interruption
costs at most a repeat, which the engine counts once.
That nothing waits is only said after the time for which another puller may hold messages.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from blueprint.findings import Finding, Refused
from ops.answers import Answer
from ops.arguments import add_format_argument, add_project_arguments, declared
from ops.findings import FindingsReport, write
from ops.operate.cloud import DataPlane, DataPlaneError, Waiting
from ops.operate.leases import Leases
from ops.operate.target import Target, load_target
from ops.progress import stage
from ops.terminal import Style, clip, columns, count, style_for

UNDELIVERED = "undelivered"
FOREIGN = "unknown_origin"
"""Neither forwarded by Pub/Sub nor kept by a function: somebody with rights of a person put it there."""
COUNT = "redrive_count"
MOST = 3
"""Times one message is redriven before it needs a person's `--force`: what fails thrice will fail again."""
LEASES = Path(".cache", "redrive.json")
_PLATFORM = "CloudPubSubDeadLetter"
_KEPT = frozenset({"reason", "function", "detail", "boundary", "severity", "message_id", "publish_time", "part"})
"""What a function adds to the poison it keeps."""
_SECRET = re.compile(
    r"""(?ix)(https://hooks\.[^\s"']+|bearer\s+[\w.~+/-]+|\beyJ[\w-]{10,}\.[\w.-]+
    |"[^"]*(?:password|secret|token|api_?key)[^"]*"\s*:\s*"[^"]*")"""
)
Json = dict[str, Any]


@dataclass
class Group:
    """Messages that wait for the same reason; `moves` says whether they would be published again."""

    reason: str
    moves: bool
    messages: list[Waiting] = field(default_factory=list)
    redriven: int = 0

    @property
    def oldest(self) -> datetime:
        """Return when the first of them was published."""
        return min(each.published for each in self.messages)

    def as_json(self) -> Json:
        """Return it as `--json` prints it; samples have secrets masked."""
        return {
            "reason": self.reason,
            "moves": self.moves,
            "count": len(self.messages),
            "redriven": self.redriven,
            "oldest": self.oldest.astimezone(UTC).isoformat(),
            "samples": [masked(each.data) for each in self.messages[:3]],
        }


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    subscription: Any = parser.add_argument(
        "subscription", metavar="SUBSCRIPTION", help="a subscription, its dead letter's hold, or a function"
    )
    subscription.completer = declared("functions")
    parser.add_argument("--yes", action="store_true", help="publish again; without, only show what waits")
    parser.add_argument(
        "--reason", action="append", default=[], metavar="REASON", help="also publish poison of this reason"
    )
    parser.add_argument("--force", action="store_true", help=f"also what was redriven {MOST} times")
    parser.add_argument(
        "--limit", type=int, default=10_000, metavar="N", help="look at this many at most (default: 10000)"
    )
    parser.add_argument(
        "--no-wait", action="store_true", help="do not wait for what another holds; say until when it may"
    )
    add_format_argument(parser)
    add_project_arguments(parser, "whose project is meant")


@dataclass
class Seen:
    """What could be had of a dead letter, and what could not.

    Attributes:
        groups: what waits, by reason.
        leased: messages that an earlier redrive here pulled and did not give back, as it noted.
        until: when every lease that was held as this began is over; None once that is past.
        failure: why looking or publishing ended early.
    """

    groups: list[Group] = field(default_factory=list)
    leased: int = 0
    until: datetime | None = None
    failure: str = ""

    @property
    def left(self) -> int:
        """Return how many messages still wait."""
        return sum(len(each.messages) - each.redriven for each in self.groups)

    @property
    def answer(self) -> Answer:
        """Return the answer: messages that wait, nothing, or not known because another may hold some."""
        if self.failure:
            return Answer.NOT_KNOWN
        if self.left:
            return Answer.WARNING
        return Answer.NOT_KNOWN if self.until else Answer.HEALTHY


def run(args: argparse.Namespace) -> int:
    """Show or do it: 0 nothing waits or all was redriven, 3 something waits, 4 another may hold messages."""
    target = load_target(args.root, args.stack)
    topic, hold = _hold(target, args.subscription)
    cloud = DataPlane(target.stack.project, target.stack.dataset_location, target.manifest.store.database)
    leases = Leases(target.root / LEASES, hold)
    seen = Seen()
    try:
        _look(cloud, leases, topic, hold, seen, args)
    except DataPlaneError as error:
        seen.failure = str(error)
    finally:
        seen.failure = _released(cloud) or seen.failure
    if not seen.failure:
        leases.over()
    content = {
        "hold": hold,
        "topic": topic,
        "applied": args.yes,
        "failure": seen.failure,
        "answer": seen.answer.value,
        "leased": seen.leased,
        "leased_until": seen.until.isoformat() if seen.until else None,
        "groups": [each.as_json() for each in seen.groups],
    }
    findings = [Finding("dead-letter", _sentence(each, hold), target.manifest.at, "warning") for each in seen.groups]
    lines = _render(hold, topic, seen, applied=args.yes, style=style_for())
    write(args.format, FindingsReport("redrive", args.root, findings), content, lines)
    return seen.answer.exit


def _look(cloud: DataPlane, leases: Leases, topic: str, hold: str, seen: Seen, args: argparse.Namespace) -> None:
    """Pull what can be had, and redrive it; where nothing is left to be had, wait until no lease can be left."""
    lease = cloud.lease_seconds(hold)
    seen.leased, noted = leases.noted()
    seen.until = max(datetime.now(UTC) + timedelta(seconds=lease), noted or datetime.now(UTC))
    found: list[Waiting] = []
    with stage(f"Looking at {hold}; another may hold messages until {seen.until:%H:%M:%S} UTC"):
        found += _pulled(cloud, leases, hold, lease, args.limit)
        if args.yes:
            seen.groups = _done(cloud, topic, hold, found, args)
        while len(found) < args.limit and not args.no_wait and (args.yes or not found):
            if datetime.now(UTC) > seen.until:
                seen.until = None
                break
            time.sleep(1.0)
            known = {each.message_id for each in found}
            more = [each for each in _pulled(cloud, leases, hold, lease, args.limit) if each.message_id not in known]
            found += more
            if args.yes:
                seen.groups += _done(cloud, topic, hold, more, args)
    if not args.yes:
        seen.groups = _grouped(found, args)
    seen.groups = _joined(seen.groups)
    if found and not args.yes:
        seen.leased = max(0, seen.leased - len(found))


def _pulled(cloud: DataPlane, leases: Leases, hold: str, lease: int, limit: int) -> list[Waiting]:
    found = []
    for each in cloud.waiting(hold, limit, wait=3.0):
        found.append(each)
        if len(found) % 100 == 1:
            leases.note(len(found), lease)
    if found:
        leases.note(len(found), lease)
    return sorted(found, key=lambda each: each.published)


def _done(cloud: DataPlane, topic: str, hold: str, found: list[Waiting], args: argparse.Namespace) -> list[Group]:
    groups = _grouped(found, args)
    for group in groups:
        _redrive(cloud, topic, hold, group)
    return groups


def _joined(groups: list[Group]) -> list[Group]:
    """Return the groups with those of one reason made one."""
    found: dict[str, Group] = {}
    for each in groups:
        if each.reason in found:
            found[each.reason].messages += each.messages
            found[each.reason].redriven += each.redriven
        else:
            found[each.reason] = each
    return sorted(found.values(), key=lambda group: group.oldest)


def masked(data: bytes) -> str:
    """Return the start of a message's text with what looks like a secret masked."""
    text = data[:2000].decode("utf-8", "backslashreplace")
    printable = "".join(char if char.isprintable() else "·" for char in _SECRET.sub("[masked]", text))
    return printable[:400]


def _hold(target: Target, name: str) -> tuple[str, str]:
    """Return the source topic and the hold meant by `name`; raises `Refused` where nothing is meant."""
    found: dict[str, tuple[str, str]] = {}
    for consumer, topic, hold in target.holds():
        subscription = hold.removesuffix("--dead-letter-hold")
        for alias in {subscription, hold, *(() if consumer.startswith("stream ") else (consumer,))}:
            found[alias] = (topic, hold)
    if name not in found:
        known = ", ".join(sorted({hold.removesuffix("--dead-letter-hold") for _, _, hold in target.holds()}))
        message = f"No subscription with a dead letter is called '{name}'; there are: {known}."
        raise Refused([Finding("subscription", message, target.manifest.at)])
    return found[name]


def _grouped(waiting: list[Waiting], args: argparse.Namespace) -> list[Group]:
    groups: dict[str, Group] = {}
    for each in waiting:
        reason = reason_of(each)
        exhausted = _times(each) >= MOST and not args.force
        moves = (reason == UNDELIVERED or reason in args.reason) and not exhausted
        label = f"{reason}, redriven {MOST} times" if exhausted else reason
        groups.setdefault(label, Group(label, moves)).messages.append(each)
    return sorted(groups.values(), key=lambda group: group.oldest)


def reason_of(message: Waiting) -> str:
    """Return why a message is in the dead letter, by what its publisher cannot set.

    Only Pub/Sub and the functions may publish to a dead letter. Pub/Sub marks what it forwards, and a function takes those
    marks off what it keeps.
    """
    if any(name.startswith(_PLATFORM) for name in message.attributes):
        return UNDELIVERED
    return message.attributes.get("reason", FOREIGN) if "function" in message.attributes else FOREIGN


def _times(message: Waiting) -> int:
    text = message.attributes.get(COUNT, "0")
    return int(text) if text.isdigit() and len(text) < 6 else MOST


def _redrive(cloud: DataPlane, topic: str, hold: str, group: Group) -> None:
    for each in group.messages if group.moves else ():
        added = frozenset() if reason_of(each) == UNDELIVERED else _KEPT
        attributes = {
            key: value for key, value in each.attributes.items() if not key.startswith(_PLATFORM) and key not in added
        }
        cloud.publish(topic, each.data, attributes | {COUNT: str(_times(each) + 1)})
        cloud.acknowledge(hold, [each.ack_id])
        group.redriven += 1


def _released(cloud: DataPlane) -> str:
    try:
        cloud.release()
    except DataPlaneError as error:
        return f"{error} What was looked at comes back by itself within a minute."
    return ""


def _sentence(group: Group, hold: str) -> str:
    return f"{count(len(group.messages), 'message')} in {hold}: {group.reason}."


def _render(hold: str, topic: str, seen: Seen, *, applied: bool, style: Style) -> Iterator[str]:
    total = sum(len(each.messages) for each in seen.groups)
    yield style.heading(f"{count(total, 'message')} in {hold}", f"from {topic}")
    yield ""
    verb = "redriven" if applied else "would be redriven"
    rows = [
        (
            each.reason,
            str(len(each.messages)),
            f"{each.oldest:%Y-%m-%d %H:%M}",
            f"{each.redriven} {verb}" if applied and each.moves else verb if each.moves else "stays",
        )
        for each in seen.groups
    ]
    if rows:
        yield from (f"  {line}" for line in columns([("Reason", "Messages", "Oldest (UTC)", ""), *rows], right=(1,)))
        yield ""
    for each in seen.groups:
        for sample in each.messages[:2]:
            yield clip(f"  {each.reason}: {masked(sample.data)}", style.width, head=0.9)
    if seen.failure:
        yield f"{style.cross} {seen.failure}"
    yield from _held(seen)
    if not seen.groups and seen.answer is Answer.HEALTHY:
        yield f"{style.tick} Nothing waits: nothing came for as long as anybody can hold a message."
    elif not applied and any(each.moves for each in seen.groups):
        yield ""
        yield "Nothing was published or removed. Run the same command with --yes to do it."
    stays = [each.reason for each in seen.groups if not each.moves]
    if stays:
        yield f"What stays is unusable as it is; after a repair of its reader name its reason: --reason {stays[0].split(',')[0]}"


def _held(seen: Seen) -> Iterator[str]:
    if seen.until is None or seen.failure:
        return
    until = f"{seen.until:%H:%M:%S} UTC"
    if seen.leased:
        yield f"{count(seen.leased, 'message')} more were pulled by a redrive that was interrupted; they come back by {until}."
    elif seen.groups:
        yield f"What another holds is not counted; it comes back by {until}."
    else:
        yield f"NOT KNOWN  Nothing can be had now, and another may hold messages until {until}; ask again then."
